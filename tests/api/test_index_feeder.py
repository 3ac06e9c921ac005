"""The match index is what the log says, whoever wrote it and whatever went wrong meanwhile."""

import asyncio
from collections.abc import Iterator
from uuid import UUID

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from commands.faces import (
    CreateFace,
)
from commands.lists import CreateList
from tests.api.fed_index import (
    content,
    fed,
    life,
    writing,
)
from tests.support.log import prepare
from tests.support.postgres import Databases
from tests.support.waiting import in_time
from tests.support.writing import ACCOUNT


@pytest.fixture
def dsn(databases: Databases) -> Iterator[str]:
    """A database of the test's own, with the product's schema."""
    with databases.fresh(prepare) as made:
        yield made


async def test_what_is_fed_fact_by_fact_is_what_is_loaded(dsn: str) -> None:
    faces: list[UUID] = []
    async with fed(dsn) as index, writing(dsn, index.feeder) as own, writing(dsn) as other:
        lists = [await own.send(CreateList(account_id=ACCOUNT)) for _ in range(4)]

        await asyncio.gather(life(own, 1000, lists, faces), life(other, 2000, lists, faces))
        end = max(own.position, other.position)
        await in_time(lambda: index.feeder.position >= end)

        async with fed(dsn) as loaded:
            assert loaded.feeder.position == index.feeder.position == end
            assert len(await loaded.find()) > 20
            for list_id in (None, *lists[:-1]):
                assert await index.find(list_id) == await loaded.find(list_id)


async def test_what_this_process_commits_is_found_once_it_is_answered(dsn: str) -> None:
    async with fed(dsn) as index, writing(dsn, index.feeder) as writer:
        for seed in range(20):
            made = CreateFace(account_id=ACCOUNT, attribute=content(seed))
            assert await writer.send(made) in await index.find()


async def test_a_feeder_that_failed_goes_on_where_it_was(dsn: str) -> None:
    # For the feeder alone, another table stands in the place of the vectors'.
    elsewhere = make_conninfo(dsn, options="-c search_path=damaged,public")
    async with fed(elsewhere) as index, writing(dsn) as other:
        with psycopg.connect(dsn, autocommit=True) as admin:
            admin.execute("CREATE SCHEMA damaged")
            admin.execute("CREATE TABLE damaged.descriptors ()")
            made = [
                await other.send(CreateFace(account_id=ACCOUNT, attribute=content(seed)))
                for seed in range(3)
            ]
            await asyncio.sleep(0.3)
            assert index.feeder.position < other.position
            admin.execute("DROP SCHEMA damaged CASCADE")

        await in_time(lambda: index.feeder.position >= other.position)

        assert (await index.find()).keys() == set(made)
