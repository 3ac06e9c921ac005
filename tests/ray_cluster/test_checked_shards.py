"""What shards on a cluster hold is compared with what is stored, as of an index in process."""

import asyncio
from collections.abc import Iterator
from uuid import UUID, uuid4

import pytest

from api.workers.index_feeder import IndexFeeder
from api.workers.index_running import check_running
from commands.lists import CreateList
from ray_cluster.matching import Origin, RemoveCandidate
from tests.api.fed_index import FEATURE, Fed, life, writing
from tests.support.log import MASTER, prepare
from tests.support.postgres import Databases
from tests.support.ray_cluster import RayCluster
from tests.support.writing import ACCOUNT

pytestmark = pytest.mark.slow


@pytest.fixture
def dsn(databases: Databases) -> Iterator[str]:
    """A database of the test's own, with the product's schema."""
    with databases.fresh(prepare) as made:
        yield made


async def test_shards_are_as_the_log_says_until_one_loses_a_face(
    dsn: str, cluster: RayCluster
) -> None:
    from ray_cluster.ray_matching import RayMatching
    from ray_cluster.shard_fleet import ClusterIndex

    faces: list[UUID] = []
    matching = RayMatching([FEATURE], ClusterIndex(uuid4().hex, 2, patience_s=60.0))
    index = Fed(IndexFeeder(dsn, MASTER, matching), matching)
    await asyncio.to_thread(index.feeder.start)
    try:
        async with writing(dsn, index.feeder) as writer:
            lists = [await writer.send(CreateList(account_id=ACCOUNT)) for _ in range(4)]
            await life(writer, 8000, lists, faces)
        gone = RemoveCandidate(origin=Origin.FACES, candidate_id=next(iter(await index.find())))
        for removed in (0, 1):
            found = await asyncio.to_thread(check_running, dsn, matching, [FEATURE])
            assert [each.what for each in found.examples] == ["missing"] * removed
            assert (found.differences, found.counted) == (2 * removed, True)
            await asyncio.to_thread(matching.apply, [gone], None)
    finally:
        await asyncio.to_thread(index.feeder.stop)
        await matching.close()
        matching.end()
