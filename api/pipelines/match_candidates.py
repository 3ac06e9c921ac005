"""The match stage over the match index: match policies to searches, hits to candidates."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from api.http.refusals import BadBody
from api.pipelines.candidates import CandidateSearch, CandidateSet
from api.pipelines.match import Comparison, MatchStage
from api.services import Services
from domain.event_matches import Candidate
from domain.policies.match import MatchPolicy
from domain.shared.biometrics import Descriptor
from domain.shared.fields import written

_NEEDED: Final = ("external_id", "similarity")
"""What is asked of every candidate beside what is shown."""


class IndexMatching:
    """Runs match policies as searches of the index, those of one policy as one."""

    def __init__(self, search: CandidateSearch) -> None:
        self._search = search

    def check(self, account_id: UUID, policies: Sequence[MatchPolicy]) -> None:
        """Refuse policies whose candidates belong to another account."""
        for place, policy in enumerate(policies):
            if policy.candidates.account_id not in (None, account_id):
                path = f"policies.match_policy.{place}.candidates.account_id"
                raise BadBody(path, "it is not the account of the request")

    async def match(
        self, account_id: UUID, wanted: Sequence[Comparison]
    ) -> list[Sequence[Candidate]]:
        """The candidates of each comparison, best first, in the order asked."""
        by_policy: dict[int, list[int]] = {}
        for place, comparison in enumerate(wanted):
            by_policy.setdefault(id(comparison.policy), []).append(place)
        groups = list(by_policy.values())
        answers = await asyncio.gather(
            *(
                self._of_policy(
                    account_id,
                    wanted[places[0]].policy,
                    [wanted[place].descriptor for place in places],
                )
                for places in groups
            )
        )
        found: dict[int, Sequence[Candidate]] = {}
        for places, lists in zip(groups, answers, strict=True):
            found.update(zip(places, lists, strict=True))
        return [found[place] for place in range(len(wanted))]

    async def _of_policy(
        self,
        account_id: UUID,
        policy: MatchPolicy,
        references: Sequence[Descriptor],
    ) -> list[list[Candidate]]:
        kind = "face" if policy.candidates.origin == "faces" else "event"
        asked = dict.fromkeys((f"{kind}_id", *policy.shown, *_NEEDED))
        candidates = CandidateSet(
            filters=policy.candidates,
            limit=policy.best,
            threshold=policy.least,
            shown=tuple(asked),
        )
        hits = await self._search.search(references, candidates, account_id)
        return [[_candidate(kind, hit, policy.shown) for hit in found] for found in hits]


def _candidate(kind: Any, hit: Mapping[str, Any], shown: Sequence[str]) -> Candidate:
    fields = hit[kind]
    return Candidate(
        kind=kind,
        object_id=_uuid(fields[f"{kind}_id"]),
        similarity=hit["similarity"],
        external_id=fields["external_id"],
        shown={name: _plain(fields[name]) for name in shown if name in fields},
    )


def _uuid(value: UUID | str) -> UUID:
    return value if isinstance(value, UUID) else UUID(value)


def _plain(value: Any) -> Any:
    """The value as JSON holds it."""
    if isinstance(value, datetime):
        return written(value)
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value


def match_stage(services: Services) -> MatchStage:
    """The stage over the index of this process."""
    return IndexMatching(CandidateSearch(services.reader, services.matching))
