"""The match stage as handlers see it: descriptors in, candidates by match policy out."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from domain.event_matches import Candidate
from domain.policies.match import MatchPolicy
from domain.shared.biometrics import Descriptor


@dataclass(frozen=True, slots=True)
class Comparison:
    """A descriptor of somebody, and the match policy that says with whom it is compared."""

    policy: MatchPolicy
    descriptor: Descriptor


class MatchStage(Protocol):
    """Finds those who are similar."""

    def check(self, account_id: UUID, policies: Sequence[MatchPolicy]) -> None:
        """Refuse, before any work is done, policies that the account cannot run."""
        ...

    async def match(
        self, account_id: UUID, wanted: Sequence[Comparison]
    ) -> list[Sequence[Candidate]]:
        """The candidates of each comparison, best first, in the order asked."""
        ...
