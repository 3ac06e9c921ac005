"""Many lookups by key at the same time, made as one."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from typing import Generic, TypeVar
from weakref import WeakKeyDictionary

K = TypeVar("K")
V = TypeVar("V")


class BatchLoader(Generic[K, V]):
    """Coalesces the lookups of one event loop: while one runs on a thread, the next gather.

    `load` gets the keys, each once, and answers those values that there are. A lookup never
    joins a load that has begun before it, so it sees what was written before it was asked.
    """

    def __init__(
        self,
        load: Callable[[Sequence[K]], Mapping[K, V]],
        *,
        max_batch: int = 512,
        executor: Executor | None = None,
    ) -> None:
        self._load = load
        self._max_batch = max_batch
        self._executor = executor
        self._gatherings: WeakKeyDictionary[asyncio.AbstractEventLoop, _Gathering[K, V]]
        self._gatherings = WeakKeyDictionary()

    async def get(self, key: K) -> V | None:
        """The value of the key, if there is one; raises what the load raised."""
        loop = asyncio.get_running_loop()
        gathering = self._gatherings.get(loop)
        if gathering is None:
            gathering = _Gathering(self._load, self._max_batch, self._executor)
            self._gatherings[loop] = gathering
        return await gathering.get(key, loop)


class _Gathering(Generic[K, V]):
    """The lookups that wait on one event loop."""

    def __init__(
        self,
        load: Callable[[Sequence[K]], Mapping[K, V]],
        max_batch: int,
        executor: Executor | None,
    ) -> None:
        self._load = load
        self._max_batch = max_batch
        self._executor = executor
        self._waiting: dict[K, list[asyncio.Future[V | None]]] = {}
        self._task: asyncio.Task[None] | None = None

    def get(self, key: K, loop: asyncio.AbstractEventLoop) -> asyncio.Future[V | None]:
        """The future value of the key."""
        future: asyncio.Future[V | None] = loop.create_future()
        self._waiting.setdefault(key, []).append(future)
        if self._task is None:
            self._task = loop.create_task(self._run(loop))
        return future

    async def _run(self, loop: asyncio.AbstractEventLoop) -> None:
        try:
            while self._waiting:
                taken = self._take()
                try:
                    values = await loop.run_in_executor(self._executor, self._load, list(taken))
                except Exception as error:
                    _fail(taken, error)
                else:
                    _answer(taken, values)
        finally:
            self._task = None

    def _take(self) -> dict[K, list[asyncio.Future[V | None]]]:
        """At most a batch of those that wait, the longest waiting first."""
        if len(self._waiting) <= self._max_batch:
            taken, self._waiting = self._waiting, {}
            return taken
        keys = list(self._waiting)[: self._max_batch]
        return {key: self._waiting.pop(key) for key in keys}


def _answer(taken: Mapping[K, list[asyncio.Future[V | None]]], values: Mapping[K, V]) -> None:
    for key, futures in taken.items():
        value = values.get(key)
        for future in futures:
            if not future.done():  # who asked may have gone away
                future.set_result(value)


def _fail(taken: Mapping[K, list[asyncio.Future[V | None]]], error: Exception) -> None:
    for futures in taken.values():
        for future in futures:
            if not future.done():
                future.set_exception(error)
