"""Shards on a cluster when things die: no wrong match, no failed search, and all comes back."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from domain.shared.matching_refusals import MatchingAway
from tests.inference.matching.galleries import FEATURES, put
from tests.ray_cluster.kept_shards import Kept, Load, kept, kill, until
from tests.ray_cluster.matching_adapters import found, query
from tests.support.ray_cluster import RayCluster

pytestmark = pytest.mark.slow


async def test_no_search_fails_or_errs_when_an_actor_is_killed_and_it_comes_back(
    cluster: RayCluster,
) -> None:
    async with kept(2, 2) as on, Load(on) as load:
        for number in (0, 3):
            life = on.matching.replicas[number].life
            kill(life)
            seconds = await on.back()
            replica = on.matching.replicas[number]
            await until(lambda: replica.whole and replica.life != life)  # noqa: B023
            print(f"killed, whole again after {seconds:.1f} s")
        print(f"{load.answered} answered, the slowest in {load.slowest_s:.2f} s")
    assert load.answered > 0


async def test_no_search_fails_or_errs_when_a_machine_is_lost(cluster: RayCluster) -> None:
    async with kept(2, 2) as on, Load(on) as load:
        cluster.lose(cluster.members[-1])
        await until(lambda: not all(replica.whole for replica in on.matching.replicas))
        seconds = await on.back()
        print(f"lost a machine, whole again after {seconds:.1f} s")
        print(f"{load.answered} answered, the slowest in {load.slowest_s:.2f} s")
    cluster.add()
    assert load.answered > 0


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


async def answered(on: Kept) -> list[Any] | None:
    """What a search finds, or that it was refused because it would take too long."""
    try:
        return (await found(on.matching, query(3)))[0]
    except MatchingAway:
        return None


async def test_a_search_that_cannot_be_answered_in_time_is_refused(cluster: RayCluster) -> None:
    async with kept(1, 1, patience_s=0.2) as on:
        (replica,) = on.matching.replicas
        life = replica.life
        kill(life)
        with pytest.raises(MatchingAway):
            await on.matching.search([query(3)])
        await until(lambda: replica.whole and replica.life != life)
        while (again := await answered(on)) is None:
            pass
        assert len(again) == 10


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
