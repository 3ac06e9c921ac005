"""Shards that follow a real log: filled, fed, killed and mended, they hold what one index does."""

import asyncio
import os
import signal
from collections.abc import Iterator
from uuid import UUID, uuid4

import pytest

from api.workers.index_feeder import IndexFeeder
from api.workers.index_mending import IndexMending
from commands.lists import CreateList
from tests.api.fed_index import FEATURE, Fed, fed, life, writing
from tests.support.log import MASTER, prepare
from tests.support.postgres import Databases
from tests.support.ray_cluster import RayCluster
from tests.support.waiting import in_time
from tests.support.writing import ACCOUNT

pytestmark = pytest.mark.slow


@pytest.fixture
def dsn(databases: Databases) -> Iterator[str]:
    """A database of the test's own, with the product's schema."""
    with databases.fresh(prepare) as made:
        yield made


async def test_shards_hold_what_one_index_does_whoever_writes_and_dies(
    dsn: str, cluster: RayCluster
) -> None:
    from ray_cluster.ray_matching import RayMatching
    from ray_cluster.shard_fleet import ClusterIndex

    faces: list[UUID] = []
    async with writing(dsn) as other:
        lists = [await other.send(CreateList(account_id=ACCOUNT)) for _ in range(4)]
        await life(other, 1000, lists, faces)
        matching = RayMatching([FEATURE], ClusterIndex(uuid4().hex, 2, patience_s=60.0))
        index = Fed(IndexFeeder(dsn, MASTER, matching), matching)
        mending = IndexMending(dsn, MASTER, matching)
        await asyncio.to_thread(index.feeder.start)
        mending.start()
        try:
            async with writing(dsn, index.feeder) as own:
                lives = asyncio.gather(life(own, 2000, lists, faces), life(other, 3000, lists, []))
                first = matching.replicas[0].life
                os.kill(int(first.split(":")[0]), signal.SIGKILL)
                await lives
                end = max(own.position, other.position)
            await in_time(lambda: index.feeder.position >= end)
            shard = matching.replicas[0]
            await in_time(lambda: shard.life != first and shard.whole, 150)
            async with fed(dsn) as loaded:
                assert len(await loaded.find()) > 20
                for list_id in (None, *lists[:-1]):
                    assert await index.find(list_id) == await loaded.find(list_id)
        finally:
            await asyncio.to_thread(mending.stop)
            await asyncio.to_thread(index.feeder.stop)
            await matching.close()
            matching.end()
