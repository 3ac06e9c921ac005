"""The match stage as handlers see it: descriptors in, candidates by match policy out."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from domain.event_matches import Candidate
from domain.handlers import MatchingUnavailable
from domain.policies.match import MatchPolicy
from domain.shared.biometrics import Descriptor


@dataclass(frozen=True, slots=True)
class Comparison:
    """A descriptor of somebody, and the match policy that says with whom it is compared."""

    policy: MatchPolicy
    descriptor: Descriptor


class MatchStage(Protocol):
    """Finds those who are similar."""

    def check(self, policies: Sequence[MatchPolicy]) -> None:
        """Refuse, before any work is done, policies that cannot be run."""
        ...

    async def match(
        self, account_id: UUID, wanted: Sequence[Comparison]
    ) -> list[Sequence[Candidate]]:
        """The candidates of each comparison, best first, in the order asked."""
        ...


class NoMatching:
    """The match stage of a process without an index: it refuses every match policy."""

    def check(self, policies: Sequence[MatchPolicy]) -> None:
        """Refuse any policy."""
        if policies:
            raise MatchingUnavailable

    async def match(
        self, account_id: UUID, wanted: Sequence[Comparison]
    ) -> list[Sequence[Candidate]]:
        """Nothing can be asked that was checked before."""
        if wanted:
            raise MatchingUnavailable
        return []
