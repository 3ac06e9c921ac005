"""An index in several shards: candidates by 256 virtual shards, which can be moved."""

import threading
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from domain.shared.model_features import DescriptorFeature
from inference.matching.collection import IN_MEMORY, Storage
from inference.matching.id_table import id_pairs, virtual_shards
from inference.matching.match_index import MatchIndex
from inference.matching.ranking import Hits, answers
from inference.matching.values import (
    CollectionSize,
    Difference,
    DropList,
    IndexChange,
    MatchAnswer,
    MatchQuery,
    PutCandidate,
    RemoveCandidate,
)
from inference.matching.workers import Workers

VIRTUAL_SHARDS: Final = 256
_MOVED_AT_ONCE: Final = 1000

Places = NDArray[np.uint8]


class ShardedIndex:
    """What a `MatchIndex` is, over several of them.

    Each candidate lies in the shard that its virtual shard is mapped to. While a virtual shard
    is moved its candidates go over in parts; changes and the beginnings of searches wait for a
    part, so every search finds each candidate once.
    """

    def __init__(
        self,
        features: Iterable[DescriptorFeature],
        shards: int,
        *,
        workers: Workers | None = None,
        storage: Storage = IN_MEMORY,
    ) -> None:
        workers, known = workers or Workers(), tuple(features)
        self.shards = [MatchIndex(known, workers=workers, storage=storage) for _ in range(shards)]
        self._map: Places = np.arange(VIRTUAL_SHARDS).astype(np.uint8) % shards
        self._moving: dict[int, int] = {}
        self._version = 0  # of the map
        self._position = 0
        self._lock, self._move_lock = threading.Lock(), threading.Lock()

    @property
    def position(self) -> int:
        """The place in the log up to which changes are applied."""
        return self._position

    def shard_of(self, virtual: int) -> int:
        """The shard that a virtual shard is mapped to."""
        return int(self._map[virtual])

    def sizes(self) -> list[CollectionSize]:
        """What is held, by origin, kind and version."""
        with self._lock:
            return summed(size for shard in self.shards for size in shard.sizes())

    def close(self) -> None:
        """End the threads."""
        for shard in self.shards:
            shard.close()

    def apply(self, changes: Sequence[IndexChange], position: int | None) -> None:
        """Apply changes in order, as `MatchIndex.apply` does: all of them or none."""
        virtual = virtual_of(changes)
        while True:
            with self._lock:
                version, parts = self._version, self._split(changes, virtual)
            prepared = [shard.prepare(part) for shard, part in zip(self.shards, parts, strict=True)]
            with self._lock:
                if version != self._version:  # a move began meanwhile
                    continue
                if position is not None:
                    if position < self._position:
                        return
                    self._position = position
                for shard, runs in zip(self.shards, prepared, strict=True):
                    shard.apply_prepared(runs, position)
                return

    def search(self, queries: Sequence[MatchQuery]) -> list[list[MatchAnswer]]:
        """The answers of each query, one per reference, as one index would give them."""
        with self._lock:
            position = self._position
            begun = [shard.begin(queries) for shard in self.shards]
        found: list[Hits] = []
        problem: Exception | None = None
        for shard, each in zip(self.shards, begun, strict=True):
            try:
                found += shard.finish(each)
            except Exception as error:  # told when the searches of the other shards have ended too
                problem = error
        if problem is not None:
            raise problem
        return answers(queries, found, position)

    def differences(self, candidates: Sequence[PutCandidate]) -> list[Difference]:
        """How what is held of candidates differs from them, for those of which it does."""
        with self._move_lock, self._lock:
            parts = self._split(candidates, virtual_of(candidates))
            return [
                difference
                for shard, part in zip(self.shards, parts, strict=True)
                for difference in shard.differences(
                    [each for each in part if isinstance(each, PutCandidate)]
                )
            ]

    def move(self, virtual: int, shard: int) -> None:
        """Move a virtual shard to a shard, while searches and changes go on."""
        with self._move_lock:
            source = self.shard_of(virtual)
            if source == shard:
                return
            with self._lock:
                self._map[virtual] = shard
                self._moving[virtual] = source
                self._version += 1
            while True:
                with self._lock:
                    taken = self.shards[source].release(virtual, _MOVED_AT_ONCE)
                    self.shards[shard].adopt(taken)
                    if not taken:
                        del self._moving[virtual]
                        self._version += 1
                        return

    def _split(self, changes: Sequence[IndexChange], virtual: Places) -> list[list[IndexChange]]:
        """The changes of each shard, in order."""
        parts: list[list[IndexChange]] = [[] for _ in self.shards]
        for change, number in zip(changes, virtual.tolist(), strict=True):
            if isinstance(change, DropList):
                for part in parts:
                    part.append(change)
                continue
            parts[self._map[number]].append(change)
            if number in self._moving:
                parts[self._moving[number]] += _at_source(change)
        return parts


def _at_source(change: IndexChange) -> Iterator[IndexChange]:
    """What a change is where its candidate may still lie."""
    if not isinstance(change, PutCandidate):
        yield change
        return
    yield RemoveCandidate(
        origin=change.origin,
        candidate_id=change.candidate_id,
        kind=change.descriptor.kind,
        version=change.descriptor.version,
    )


def summed(sizes: Iterable[CollectionSize]) -> list[CollectionSize]:
    """What several shards hold together."""
    whole: dict[tuple[object, ...], CollectionSize] = {}
    for size in sizes:
        known = whole.get(size[:3], CollectionSize(*size[:3], 0, 0))
        count, held = known.candidates + size.candidates, known.bytes + size.bytes
        whole[size[:3]] = CollectionSize(*size[:3], count, held)
    return list(whole.values())


def virtual_of(changes: Sequence[IndexChange]) -> Places:
    """The virtual shards of what changes; those of lists mean nothing."""
    ids = [c.list_id if isinstance(c, DropList) else c.candidate_id for c in changes]
    return virtual_shards(id_pairs(ids))
