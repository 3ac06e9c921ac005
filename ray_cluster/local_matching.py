"""Matching in this process, on threads of its own."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import accumulate, islice
from typing import Final, NamedTuple

from domain.shared.biometrics import Descriptor
from domain.shared.matching_refusals import TooManySearches
from domain.shared.model_features import DescriptorFeature
from inference.matching.collection import IN_MEMORY, Storage
from inference.matching.match_index import MatchIndex
from inference.matching.pairwise import compare
from inference.matching.sharded_index import ShardedIndex
from inference.matching.snapshots import Snapshots
from inference.matching.workers import Workers
from ray_cluster.matching import (
    CollectionSize,
    Difference,
    IndexChange,
    IndexSnapshot,
    MatchAnswer,
    MatchQuery,
    PutCandidate,
    SnapshotRefused,
)

# How long a search waits for others to be scanned with it, when others are about.
_WINDOW_S: Final = 0.0015
# References in one go: more are no faster together, and would keep others waiting.
_FULL_BATCH: Final = 32
_MAX_BATCH: Final = 128
MOST_WAITING: Final = 1024
"""Calls that may wait for the running batch to end."""
# So few comparisons take less time than a change of threads.
_COMPARED_AT_ONCE: Final = 32

_Answers = list[list[MatchAnswer]]


class _Call(NamedTuple):
    """The queries of one call, and who waits for their answers."""

    queries: Sequence[MatchQuery]
    answers: "asyncio.Future[_Answers]"

    @property
    def size(self) -> int:
        """How many references it looks for."""
        return sum(len(query.references) for query in self.queries)


class LocalMatching:
    """An index whose searches run one batch at a time, each on all threads.

    A search of an idle index starts at once. While a batch runs, searches gather, and they wait
    a moment for more: scanned together they take little longer than one. One event loop calls
    `search`; `apply` may be called from any thread.
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
    ) -> None:
        if shards > 1 and snapshots is not None:
            raise ValueError("an index in several shards is not saved")
        self._snapshots, self._most_waiting = snapshots, most_waiting
        self._features = tuple(features)
        workers = Workers(threads)
        self._whole = MatchIndex(self._features, workers=workers, storage=storage)
        self._index: MatchIndex | ShardedIndex = self._whole
        if shards > 1:
            self._index = ShardedIndex(self._features, shards, workers=workers, storage=storage)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="match")
        self._calls: list[_Call] = []
        self._searching: asyncio.Task[None] | None = None

    @property
    def position(self) -> int:
        """The place in the log up to which changes are applied."""
        return self._index.position

    def apply(self, changes: Sequence[IndexChange], position: int | None) -> None:
        """Apply changes in order; searches that begin afterwards see them."""
        self._index.apply(changes, position)

    async def search(self, queries: Sequence[MatchQuery]) -> _Answers:
        """The answers of each query, one per reference."""
        if len(self._calls) >= self._most_waiting:
            self._calls = [call for call in self._calls if not call.answers.done()]
            if (waiting := len(self._calls)) >= self._most_waiting:
                raise TooManySearches(waiting)
        answers: asyncio.Future[_Answers] = asyncio.get_running_loop().create_future()
        self._calls.append(_Call(queries, answers))
        if self._searching is None:
            self._searching = asyncio.create_task(self._search_all())
        return await answers

    async def similarities(
        self, reference: Descriptor, candidates: Sequence[Descriptor]
    ) -> list[float]:
        """The similarity of a reference with each of some candidates in no index."""
        work = partial(compare, reference, candidates, self._features)
        if len(candidates) <= _COMPARED_AT_ONCE:
            return work()
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    async def similarity(self, first: Descriptor, second: Descriptor) -> float:
        """The similarity of two descriptors."""
        (similarity,) = await self.similarities(first, [second])
        return similarity

    def sizes(self) -> list[CollectionSize]:
        """What is held, by origin, kind and version."""
        return self._index.sizes()

    def differences(self, candidates: Sequence[PutCandidate]) -> list[Difference]:
        """How what is held differs from candidates as they should be."""
        return self._index.differences(candidates)

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
        if self._searching is not None:
            await self._searching
        await asyncio.to_thread(self._thread.shutdown)
        self._index.close()
        if self._snapshots is not None:
            self._snapshots.close()

    async def _search_all(self) -> None:
        """Answer calls, batch after batch, until there are none."""
        try:
            await asyncio.sleep(0)  # calls of the same moment come along
            while batch := self._next_batch():
                await self._answer(batch)
                if self._calls and sum(call.size for call in self._calls) < _FULL_BATCH:
                    await asyncio.sleep(_WINDOW_S)
        finally:
            self._searching = None

    def _next_batch(self) -> list[_Call]:
        """The calls that waited longest: at least one, and what still fits beside it."""
        self._calls = [call for call in self._calls if not call.answers.done()]
        sizes = accumulate(call.size for call in self._calls)
        fitting = sum(size <= _MAX_BATCH for size in sizes)
        taken = max(fitting, 1)
        batch, self._calls = self._calls[:taken], self._calls[taken:]
        return batch

    async def _answer(self, batch: list[_Call]) -> None:
        """Search for a batch; when it is refused each call is searched for, and refused, alone."""
        queries = [query for call in batch for query in call.queries]
        work = asyncio.get_running_loop().run_in_executor
        try:
            answers = iter(await work(self._thread, self._index.search, queries))
        except Exception as problem:
            if len(batch) == 1:
                _refuse(batch[0], problem)
                return
            for call in batch:
                await self._answer([call])
            return
        for call in batch:
            own = list(islice(answers, len(call.queries)))
            if not call.answers.done():
                call.answers.set_result(own)


def _refuse(call: _Call, problem: Exception) -> None:
    if not call.answers.done():
        call.answers.set_exception(problem)
