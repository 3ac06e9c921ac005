"""Virtual shards move between actors while it is searched and changed, and nothing is missed."""

import asyncio
from dataclasses import replace

import pytest

from tests.inference.matching.galleries import FEATURES, put
from tests.ray_cluster.kept_shards import Kept, Load, kept, kill, until
from tests.ray_cluster.matching_adapters import found, query
from tests.support.ray_cluster import RayCluster

pytestmark = pytest.mark.slow


def held(on: Kept) -> set[int]:
    """The shards that own something."""
    return set(on.matching.layout.places)


def machines_of(on: Kept) -> dict[int, set[str]]:
    """The machines of each shard's replicas."""
    found: dict[int, set[str]] = {}
    for replica in on.matching.replicas:
        found.setdefault(replica.shard, set()).add(replica.node)
    return found


async def settled(on: Kept) -> None:
    """Wait until all is whole and nothing is to be moved."""
    await until(lambda: on.matching.settled and all(r.whole for r in on.matching.replicas))


async def test_no_search_fails_or_errs_while_virtual_shards_move_to_new_shards_and_back(
    cluster: RayCluster,
) -> None:
    from ray_cluster.ray_matching import RayMatching

    async with kept(2, 1, settled_s=0.0) as on, Load(on) as load:
        for shards in (3, 1):
            on.matching.resize(shards)
            await until(lambda: held(on) == set(range(shards)))  # noqa: B023
            await settled(on)
        other = RayMatching(FEATURES, replace(on.matching.wanted, shards=2))
        begun = await asyncio.to_thread(other.begin, on.log)
        assert begun == other.position
        await until(lambda: held(on) == {0, 1})
        await settled(on)
        assert load.answered > 0
        await other.close()
    assert on.log.filled <= 3  # at the beginning, not for what is moved


async def test_shards_that_move_survive_the_death_of_an_actor(cluster: RayCluster) -> None:
    async with kept(1, 2, settled_s=0.0) as on, Load(on):
        on.matching.resize(3)
        await until(lambda: bool(on.matching.layout.also))
        for replica in on.matching.replicas[:1]:
            kill(replica.life)
        await until(lambda: held(on) == {0, 1, 2})
        await settled(on)


async def test_a_machine_that_joins_gets_its_share_and_the_shards_go_when_it_leaves(
    cluster: RayCluster,
) -> None:
    async with kept(0, 2, settled_s=0.0) as on, Load(on) as load:
        await settled(on)
        assert held(on) == {0, 1}
        await asyncio.to_thread(cluster.add)
        await until(lambda: held(on) == {0, 1, 2})
        await settled(on)
        there = machines_of(on)
        assert {len(nodes) for nodes in there.values()} == {2}
        assert len(set().union(*there.values())) == 3
        cluster.lose(cluster.members[-1])
        await until(lambda: held(on) == {0, 1})
        await settled(on)
        assert {len(nodes) for nodes in machines_of(on).values()} == {2}
    assert load.answered > 0


async def test_what_arrived_before_a_process_began_is_found_by_it(cluster: RayCluster) -> None:
    from ray_cluster.ray_matching import RayMatching

    async with kept(2, 1, settled_s=0.0) as on:
        on.matching.resize(3)
        await until(lambda: held(on) == {0, 1, 2})
        await settled(on)
        other = RayMatching(FEATURES, replace(on.matching.wanted, shards=3))
        await asyncio.to_thread(other.begin, on.log)
        on.add([put(700, looks=700)])
        for process in (on.matching, other):
            process.apply([], on.log.head())
            expected = [[one for one, _ in on.log.truth.search(query(700))[0]]]
            assert await found(process, query(700)) == expected
        assert other.differences([*on.log.truth.candidates.values()]) == []
        await other.close()
