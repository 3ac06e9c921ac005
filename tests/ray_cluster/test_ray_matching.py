"""Shards on a cluster when things die: no wrong match, no failed search, and all comes back."""

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

import pytest

from domain.shared.matching_refusals import MatchingAway
from ray_cluster.matching import MatchFilters, Origin
from tests.inference.matching.galleries import FEATURES, LISTS, put
from tests.ray_cluster.matching_adapters import found, ids, query
from tests.ray_cluster.memory_log import MemoryLog
from tests.support.ray_cluster import RayCluster

pytestmark = pytest.mark.slow

_BACK_WITHIN_S = 60.0  # of the one machine that all nodes of the tests share


class Kept:
    """Matching on the cluster and the log behind it, with a thread that mends it."""

    def __init__(self, shards: int, replicas: int, directory: Path | None, patience_s: float):  # type: ignore[no-untyped-def]
        from ray_cluster.ray_matching import ClusterIndex, RayMatching

        wanted = ClusterIndex(
            uuid4().hex, shards, replicas, directory=directory, key=b"key", patience_s=patience_s
        )
        self.log = MemoryLog(FEATURES)
        self.matching = RayMatching(FEATURES, wanted)
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
    shards: int, replicas: int, directory: Path | None = None, patience_s: float = 30.0
) -> AsyncIterator[Kept]:
    made = await asyncio.to_thread(Kept, shards, replicas, directory, patience_s)
    try:
        await made.back()
        yield made
    finally:
        made.stop.set()
        await asyncio.to_thread(made.thread.join)
        await made.matching.close()
        made.matching.end()


async def until(condition: Callable[[], bool]) -> None:
    last = time.monotonic() + _BACK_WITHIN_S
    while not condition():
        assert time.monotonic() < last, "the shards did not come back"
        await asyncio.sleep(0.02)


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


async def test_no_search_fails_or_errs_when_an_actor_is_killed_and_it_comes_back(
    cluster: RayCluster,
) -> None:
    async with kept(2, 2) as on, Load(on) as load:
        for number in (0, 3):
            life = on.matching.replicas[number].life
            kill(life)
            await until(lambda: not on.matching.replicas[number].whole)  # noqa: B023
            seconds = await on.back()
            assert on.matching.replicas[number].life != life
            print(f"killed, whole again after {seconds:.1f} s")
        print(f"{load.answered} answered, the slowest in {load.slowest_s:.2f} s")
    assert load.answered > 50


async def test_no_search_fails_or_errs_when_a_machine_is_lost(cluster: RayCluster) -> None:
    async with kept(2, 2) as on, Load(on) as load:
        cluster.lose(cluster.members[-1])
        await until(lambda: not all(replica.whole for replica in on.matching.replicas))
        seconds = await on.back()
        print(f"lost a machine, whole again after {seconds:.1f} s")
        print(f"{load.answered} answered, the slowest in {load.slowest_s:.2f} s")
    cluster.add()
    assert load.answered > 20


async def test_the_only_replica_begins_with_what_it_saved_and_searches_wait(
    cluster: RayCluster, tmp_path: Path
) -> None:
    async with kept(1, 1, tmp_path) as on:
        on.add([put(200, looks=200)])
        assert await asyncio.to_thread(on.matching.save, on.log.mark) == on.log.head()
        on.add([put(201, looks=200)])
        filled, replayed = on.log.filled, on.log.replayed
        for replica in on.matching.replicas:
            kill(replica.life)
        expected = [[one for one, _ in on.log.truth.search(query(200))[0]]]
        assert await found(on.matching, query(200)) == expected
        assert on.log.filled == filled
        assert on.log.replayed > replayed


async def test_a_search_that_cannot_be_answered_in_time_is_refused(cluster: RayCluster) -> None:
    async with kept(1, 1, patience_s=1.0) as on:
        (replica,) = on.matching.replicas
        life = replica.life
        kill(life)
        with pytest.raises(MatchingAway):
            await on.matching.search([query(3)])
        await until(lambda: replica.whole and replica.life != life)
        assert len((await found(on.matching, query(3)))[0]) == 10


async def test_several_processes_feed_and_search_the_same_shards(cluster: RayCluster) -> None:
    from ray_cluster.ray_matching import RayMatching

    async with kept(1, 2) as on:
        other = RayMatching(FEATURES, on.matching.wanted)
        filled = on.log.filled
        assert await asyncio.to_thread(other.begin, on.log) == on.log.head()
        assert on.log.filled == filled
        changes = [put(300, looks=300)]
        other.apply(changes, on.log.add(changes))
        expected = [[one for one, _ in on.log.truth.search(query(300))[0]]]
        assert await found(other, query(300)) == expected
        assert await found(on.matching, query(300)) == expected
        on.matching.apply(changes, on.log.head())  # as it is told of them later
        assert await found(on.matching, query(300)) == expected
        puts = [*on.log.truth.candidates.values()]
        assert on.matching.differences(puts) == other.differences(puts) == []
        await other.close()
