"""Searches of many callers, answered together: scanned in one go they take little longer."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from itertools import accumulate, islice
from typing import Final, NamedTuple

from domain.shared.matching_refusals import TooManySearches
from ray_cluster.matching import MatchAnswer, MatchQuery

# How long a search waits for others to be scanned with it, when others are about.
_WINDOW_S: Final = 0.0015
# References in one go: more are no faster together, and would keep others waiting.
_FULL_BATCH: Final = 32
_MAX_BATCH: Final = 128
MOST_WAITING: Final = 1024
"""Calls that may wait for the running batch to end."""

Answers = list[list[MatchAnswer]]


class _Call(NamedTuple):
    """The queries of one call, and who waits for their answers."""

    queries: Sequence[MatchQuery]
    answers: "asyncio.Future[Answers]"

    @property
    def size(self) -> int:
        """How many references it looks for."""
        return sum(len(query.references) for query in self.queries)


class SearchBatches:
    """Gathers searches while `at_once` batches run; one event loop calls it.

    A search of an idle index starts at once. While batches run, searches gather, and they wait
    a moment for more.
    """

    def __init__(
        self,
        answer: Callable[[list[MatchQuery]], Awaitable[Answers]],
        *,
        most_waiting: int = MOST_WAITING,
        at_once: int = 1,
    ) -> None:
        self._ask, self._most_waiting, self._at_once = answer, most_waiting, at_once
        self._calls: list[_Call] = []
        self._running: set[asyncio.Task[None]] = set()

    async def search(self, queries: Sequence[MatchQuery]) -> Answers:
        """The answers of each query; refused when too many wait."""
        if len(self._calls) >= self._most_waiting:
            self._calls = [call for call in self._calls if not call.answers.done()]
            if (waiting := len(self._calls)) >= self._most_waiting:
                raise TooManySearches(waiting)
        answers: asyncio.Future[Answers] = asyncio.get_running_loop().create_future()
        self._calls.append(_Call(queries, answers))
        if len(self._running) < self._at_once:
            task = asyncio.create_task(self._search_all())
            self._running.add(task)
            task.add_done_callback(self._running.discard)
        return await answers

    async def close(self) -> None:
        """Let running searches end."""
        while self._running:
            await asyncio.wait(self._running)

    async def _search_all(self) -> None:
        """Answer calls, batch after batch, until there are none."""
        await asyncio.sleep(0)  # calls of the same moment come along
        while batch := self._next_batch():
            await self._answer(batch)
            if self._calls and sum(call.size for call in self._calls) < _FULL_BATCH:
                await asyncio.sleep(_WINDOW_S)
        if (task := asyncio.current_task()) is not None:
            self._running.discard(task)  # at once: whoever calls next needs another

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
        try:
            answers = iter(await self._ask(queries))
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
