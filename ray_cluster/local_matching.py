"""Matching in this process, on threads of its own."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor

from domain.shared.model_features import DescriptorFeature
from inference.matching.collection import IN_MEMORY, Storage
from inference.matching.match_index import MatchIndex
from inference.matching.sharded_index import ShardedIndex
from inference.matching.snapshots import Snapshots
from inference.matching.workers import Workers
from ray_cluster.comparing import Comparing
from ray_cluster.keeping_up import KeepingUp
from ray_cluster.matching import (
    ChangeSource,
    CollectionSize,
    Difference,
    IndexChange,
    IndexSnapshot,
    MatchQuery,
    PutCandidate,
    SnapshotRefused,
)
from ray_cluster.search_batches import MOST_WAITING, Answers, SearchBatches

__all__ = ["MOST_WAITING", "LocalMatching"]


class LocalMatching(Comparing):
    """An index whose searches run one batch at a time, each on all threads.

    One event loop calls `search`; `apply` may be called from any thread. Lists of at least
    `approximate_from` faces are searched approximately.
    """

    def __init__(
        self,
        features: Iterable[DescriptorFeature],
        *,
        threads: int | None = None,
        shards: int = 1,
        storage: Storage = IN_MEMORY,
        snapshots: Snapshots | None = None,
        most_waiting: int = MOST_WAITING,
        approximate_from: int | None = None,
    ) -> None:
        if shards > 1 and (snapshots is not None or approximate_from is not None):
            raise ValueError("an index in several shards is not saved, and always exact")
        self._snapshots = snapshots
        thread = ThreadPoolExecutor(1, thread_name_prefix="match")
        super().__init__(features, thread)
        workers = Workers(threads)
        self._whole = MatchIndex(
            self.features, workers=workers, storage=storage, approximate_from=approximate_from
        )
        self._keeping_up = KeepingUp(self._whole)
        self._index: MatchIndex | ShardedIndex = self._whole
        if shards > 1:
            self._index = ShardedIndex(self.features, shards, workers=workers, storage=storage)
        self._thread = thread
        self._batches = SearchBatches(self._search, most_waiting=most_waiting)

    @property
    def position(self) -> int:
        """The place in the log up to which changes are applied."""
        return self._index.position

    def apply(self, changes: Sequence[IndexChange], position: int | None) -> None:
        """Apply changes in order; searches that begin afterwards see them."""
        self._index.apply(changes, position)

    async def search(self, queries: Sequence[MatchQuery]) -> Answers:
        """The answers of each query, one per reference."""
        return await self._batches.search(queries)

    def sizes(self) -> list[CollectionSize]:
        """What is held, by origin, kind and version."""
        return self._index.sizes()

    def differences(self, candidates: Sequence[PutCandidate]) -> list[Difference]:
        """How what is held differs from candidates as they should be."""
        return self._index.differences(candidates)

    def begin(self, source: ChangeSource) -> int | None:
        """None: the index is this process's, which has to load it."""
        return None

    def mend(self, source: ChangeSource) -> bool:
        """Nothing is lost here but with the process."""
        return True

    def snapshot(self) -> IndexSnapshot | None:
        """The saved index to begin with, if there is one; refused where it is of no use."""
        return None if self._snapshots is None else self._snapshots.find(self._whole)

    def restore(self) -> None:
        """Begin with the saved index; refused where it is damaged."""
        if self._snapshots is None:
            raise SnapshotRefused("there is none")
        self._snapshots.restore(self._whole)

    def save(self, mark: Callable[[int], str]) -> int | None:
        """Save the index as it is now; returns its position."""
        return None if self._snapshots is None else self._snapshots.save(self._whole, mark)

    async def close(self) -> None:
        """Let running searches end and take no more."""
        await self._batches.close()
        await asyncio.to_thread(self._keeping_up.stop)
        await asyncio.to_thread(self._thread.shutdown)
        self._index.close()
        if self._snapshots is not None:
            self._snapshots.close()

    async def _search(self, queries: list[MatchQuery]) -> Answers:
        work = asyncio.get_running_loop().run_in_executor
        return await work(self._thread, self._index.search, queries)
