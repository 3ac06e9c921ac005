"""The port to matching: what the API asks of it, in process or on a cluster."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Protocol

from domain.shared.biometrics import Descriptor
from inference.matching.values import (
    MAX_LIMIT,
    AttachCandidate,
    CollectionSize,
    DetachCandidate,
    Difference,
    DropList,
    IndexChange,
    IndexSnapshot,
    MatchAnswer,
    MatchCandidate,
    MatchFilters,
    MatchOrder,
    MatchQuery,
    Origin,
    PutCandidate,
    RemoveCandidate,
    SnapshotRefused,
)

__all__ = [
    "MAX_LIMIT",
    "AttachCandidate",
    "ChangeSource",
    "CollectionSize",
    "DetachCandidate",
    "Difference",
    "DropList",
    "IndexChange",
    "IndexSnapshot",
    "MatchAnswer",
    "MatchCandidate",
    "MatchFilters",
    "MatchOrder",
    "MatchQuery",
    "Matching",
    "Origin",
    "PutCandidate",
    "RemoveCandidate",
    "SnapshotRefused",
]


class ChangeSource(Protocol):
    """Where an index that lost something gets it again: the log and the read models."""

    def head(self) -> int:
        """The end of the log."""
        ...

    def mark(self, position: int) -> str:
        """What this log has at a position, and a log that went another way has not."""
        ...

    def changes(self, after: int, upto: int) -> Iterator[tuple[Sequence[IndexChange], int]]:
        """All changes between two places, in parts, each with the place that it leads to."""
        ...

    def everything(
        self,
    ) -> AbstractContextManager[tuple[int, Iterator[Sequence[PutCandidate]]]]:
        """The candidates of one moment, in parts, and its place in the log."""
        ...


class Matching(Protocol):
    """The candidates that can be found, and comparisons of descriptors."""

    def apply(self, changes: Sequence[IndexChange], position: int | None) -> None:
        """Apply changes in order, from any thread; searches that begin afterwards see them.

        `position` is the place in the log that the changes lead to; changes that lead to an
        earlier place than was reached are skipped. Changes that are in no log (temporary
        attributes) have none, and are always applied. A refused descriptor (`BadDescriptor`)
        refuses them all.
        """
        ...

    async def search(self, queries: Sequence[MatchQuery]) -> list[list[MatchAnswer]]:
        """The answers of each query, one per reference.

        Only descriptors of the reference's own kind and version are compared with it; where
        there are none, nothing is found. A reference of a wrong dimension is refused
        (`BadDescriptor`). So is a search when too many wait already (`TooManySearches`).
        """
        ...

    async def similarities(
        self, reference: Descriptor, candidates: Sequence[Descriptor]
    ) -> list[float]:
        """The similarity of a reference with each of some candidates in no index.

        All are of one kind and version, one that the system can calibrate, or they are refused
        (`BadDescriptor`).
        """
        ...

    async def similarity(self, first: Descriptor, second: Descriptor) -> float:
        """The similarity of two descriptors, under the same rules."""
        ...

    def sizes(self) -> list[CollectionSize]:
        """What is held, by origin, kind and version."""
        ...

    @property
    def position(self) -> int:
        """The place in the log up to which changes are applied."""
        ...

    def differences(self, candidates: Sequence[PutCandidate]) -> list[Difference]:
        """How what is held differs from candidates as they should be; one of a kind and version
        that the system cannot calibrate does not."""
        ...

    def begin(self, source: ChangeSource) -> int | None:
        """Bring what outlives this process to the end of the log, which is returned.

        None where there is no such thing: the index is loaded by whoever applies changes.
        """
        ...

    def mend(self, source: ChangeSource) -> bool:
        """Give parts that were lost what they miss; says whether everything is whole.

        It may take long, and is called by one thread again and again.
        """
        ...

    def snapshot(self) -> IndexSnapshot | None:
        """The saved index to begin with; None without one, `SnapshotRefused` where it is of no use.

        What it says has to be compared with the log before it is restored.
        """
        ...

    def restore(self) -> None:
        """Begin with the saved index: `SnapshotRefused`, and still empty, where it is damaged."""
        ...

    def save(self, mark: Callable[[int], str]) -> int | None:
        """Save the index, in a thread of the caller's; what is removed leaves what is saved.

        `mark` is asked for the log's mark at the position, which is returned; None when nothing
        is saved here.
        """
        ...

    async def close(self) -> None:
        """Let running searches end and take no more."""
        ...
