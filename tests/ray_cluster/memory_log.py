"""A log of changes in memory, which knows what they lead to."""

import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

from domain.shared.model_features import DescriptorFeature
from ray_cluster.matching import IndexChange, PutCandidate
from tests.inference.matching.truth import Truth

_PART = 500


class MemoryLog:
    """What shards that were lost are filled from, and how often that was done."""

    def __init__(self, features: Iterable[DescriptorFeature]) -> None:
        self.truth = Truth(features)
        self.filled = self.replayed = 0
        self._changes: list[Sequence[IndexChange]] = []
        self._lock = threading.Lock()

    def add(self, changes: Sequence[IndexChange]) -> int:
        """One more place in the log."""
        with self._lock:
            self._changes.append(changes)
            self.truth.apply(changes)
            return len(self._changes)

    def head(self) -> int:
        return len(self._changes)

    def mark(self, position: int) -> str:
        return f"{id(self)}:{position}"

    def changes(self, after: int, upto: int) -> Iterator[tuple[Sequence[IndexChange], int]]:
        for position in range(after, upto):
            self.replayed += 1
            yield self._changes[position], position + 1

    @contextmanager
    def everything(self) -> Iterator[tuple[int, Iterator[Sequence[PutCandidate]]]]:
        with self._lock:
            position, puts = self.head(), [*self.truth.candidates.values()]
        self.filled += 1
        yield position, (puts[start : start + _PART] for start in range(0, len(puts), _PART))
