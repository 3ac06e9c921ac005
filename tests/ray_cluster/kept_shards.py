"""Shards on a cluster that are fed from a log, looked after, and searched all the time."""

import asyncio
import os
import signal
import threading
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

from ray_cluster.matching import MatchFilters, Origin
from tests.inference.matching.galleries import FEATURES, LISTS, put
from tests.ray_cluster.matching_adapters import found, ids, query
from tests.ray_cluster.memory_log import MemoryLog
from tests.support.waiting import in_time

_BACK_WITHIN_S = 150.0  # of the one machine that all nodes of the tests share


class Kept:
    """Matching on the cluster and the log behind it, with a thread that mends it."""

    def __init__(self, shards: int, replicas: int, **wanted: Any) -> None:
        from ray_cluster.ray_matching import RayMatching
        from ray_cluster.shard_fleet import ClusterIndex

        index = ClusterIndex(uuid4().hex, shards, replicas, key=b"key", **wanted)
        self.log = MemoryLog(FEATURES)
        self.matching = RayMatching(FEATURES, index)
        self.add([put(number, lists=[LISTS[number % 2]]) for number in range(1, 120)], fed=False)
        self.matching.begin(self.log)
        self.stop = threading.Event()
        self.whole = threading.Event()
        self.thread = threading.Thread(target=self._mend, daemon=True)
        self.thread.start()

    def add(self, changes: list[Any], *, fed: bool = True) -> None:
        position = self.log.add(changes)
        if fed:
            self.matching.apply(changes, position)

    async def back(self) -> float:
        """Wait until all replicas are whole again; how many seconds that took."""
        began = time.monotonic()
        self.whole.clear()
        await until(self.whole.is_set)
        return time.monotonic() - began

    def _mend(self) -> None:
        while not self.stop.wait(0.05):
            if self.matching.mend(self.log):
                self.whole.set()


@asynccontextmanager
async def kept(
    shards: int, replicas: int, directory: Path | None = None, *, patience_s: float = 60.0,
    settled_s: float = 60.0,
) -> AsyncIterator[Kept]:  # fmt: skip
    """An index of the test's own, filled and whole; the actors end with the block."""
    wanted = {"directory": directory, "patience_s": patience_s, "settled_s": settled_s}
    made = await asyncio.to_thread(Kept, shards, replicas, **wanted)
    try:
        await made.back()
        yield made
    finally:
        made.stop.set()
        await asyncio.to_thread(made.thread.join)
        await made.matching.close()
        made.matching.end()


async def until(condition: Callable[[], bool]) -> None:
    await in_time(condition, _BACK_WITHIN_S)


class Load:
    """Searches and changes one after the other, each compared with the truth."""

    def __init__(self, on: Kept) -> None:
        self._on = on
        self._expected = [
            [one for one, _ in ranked]
            for number in range(1, 40)
            for ranked in on.log.truth.search(self._query(number))
        ]
        self.answered = 0
        self.slowest_s = 0.0

    async def __aenter__(self) -> "Load":
        self._ended = False
        clients = [self._search(1), self._search(20), self._change()]
        self._clients = [asyncio.create_task(client) for client in clients]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._ended = True
        await asyncio.gather(*self._clients)  # raises what any of them was refused

    def _query(self, number: int):  # type: ignore[no-untyped-def]
        return query(number, limit=9, filters=MatchFilters(list_id=LISTS[number % 2]))

    async def _search(self, first: int) -> None:
        number = first
        while not self._ended:
            began = time.monotonic()
            assert await found(self._on.matching, self._query(number)) == [
                self._expected[number - 1]
            ]
            self.slowest_s = max(self.slowest_s, time.monotonic() - began)
            self.answered += 1
            number = number % 39 + 1

    async def _change(self) -> None:
        number = 1000
        while not self._ended:
            number += 1
            await asyncio.to_thread(self._on.add, [put(number, origin=Origin.EVENTS)])
            ((answer,),) = await self._on.matching.search(
                [query(number, origin=Origin.EVENTS, limit=1)]
            )
            assert ids(answer) == [put(number).candidate_id]
            assert answer.exact
            assert answer.position >= self._on.log.head() - 1
            await asyncio.sleep(0.02)


def kill(life: str) -> None:
    os.kill(int(life.split(":")[0]), signal.SIGKILL)
