"""The match index is what the log says, whoever wrote it and whatever went wrong meanwhile."""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np
import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from api.workers.index_feeder import IndexFeeder
from api.workers.index_snapshots import IndexSnapshots
from commands.command import Command
from commands.faces import (
    AttachFaces,
    CreateFace,
    DeleteFaces,
    DetachFaces,
    PutFaceAttributes,
    RemoveFaceAttributes,
)
from commands.lists import CreateList, DeleteLists, DissolveLists, RetireLists
from commands.router import COMMANDS
from commands.writer import GroupCommitWriter
from domain.attributes import AttributeContent, DescriptorData
from domain.shared.biometrics import Descriptor, DescriptorKind
from domain.shared.model_features import DescriptorFeature
from domain.shared.refusal import Refusal
from domain.shared.similarity import Calibration
from inference.matching.snapshots import Snapshots
from ray_cluster.local_matching import LocalMatching
from ray_cluster.matching import MatchFilters, MatchQuery, Origin
from tests.support.log import MASTER, open_log, prepare
from tests.support.postgres import Databases
from tests.support.writing import ACCOUNT

DIMENSION = 8
FEATURE = DescriptorFeature(DescriptorKind.FACE, 1, DIMENSION, Calibration(12.0, -5.0))
_PATIENCE_S = 10.0

Found = dict[UUID, float]
"""What a search finds: similarity by face."""


@pytest.fixture
def dsn(databases: Databases) -> Iterator[str]:
    """A database of the test's own, with the product's schema."""
    with databases.fresh(prepare) as made:
        yield made


@dataclass(frozen=True, slots=True)
class Fed:
    """An index with the feeder that follows the log for it."""

    feeder: IndexFeeder
    matching: LocalMatching

    async def find(self, list_id: UUID | None = None) -> Found:
        """All faces of the account, or of one of its lists."""
        reference = Descriptor(DescriptorKind.FACE, 1, vector(0))
        filters = MatchFilters(account_id=ACCOUNT, list_id=list_id)
        query = MatchQuery(
            references=(reference,), origin=Origin.FACES, filters=filters, limit=1000
        )
        ((answer,),) = await self.matching.search([query])
        return {hit.candidate_id: round(hit.similarity, 6) for hit in answer.candidates}


def vector(seed: int) -> bytes:
    numbers = np.random.default_rng(seed).standard_normal(DIMENSION).astype("<f4")
    return bytes((numbers / np.linalg.norm(numbers)).astype("<f4"))


def content(seed: int) -> AttributeContent:
    return AttributeContent((DescriptorData(1, vector(seed)),))


@asynccontextmanager
async def fed(dsn: str, directory: Path | None = None) -> AsyncIterator[Fed]:
    snapshots = None if directory is None else Snapshots(directory, b"key")
    matching = LocalMatching([FEATURE], threads=1, snapshots=snapshots)
    feeder = IndexFeeder(dsn, MASTER, matching)
    try:
        feeder.start()
        yield Fed(feeder, matching)
    finally:
        feeder.stop()
        await matching.close()


@asynccontextmanager
async def writing(dsn: str, feeder: IndexFeeder | None = None) -> AsyncIterator[GroupCommitWriter]:
    """A writer that tells the feeder of its commits, or one of another process that does not."""
    log = open_log(dsn)
    observers = [] if feeder is None else [feeder.committed]
    writer = GroupCommitWriter(log, COMMANDS, observers=observers, attempts=100)
    writer.start()
    try:
        yield writer
    finally:
        await asyncio.to_thread(writer.stop)
        log.close()


async def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + _PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline, "the index does not reach the end of the log"
        await asyncio.sleep(0.01)


async def life(writer: GroupCommitWriter, seed: int, lists: list[UUID], faces: list[UUID]) -> None:
    """Faces with vectors come, change, move between lists and go; refusals are part of it."""
    chance = random.Random(seed)
    said: dict[str, Any] = {"account_id": ACCOUNT}
    for number in range(120):
        some = tuple(chance.choices(faces, k=3)) if faces else ()
        one = chance.choice(lists)
        command: Command[Any]
        match chance.randrange(10):
            case 0 | 1 | 2 | 3:
                attribute = content(seed + number) if chance.random() < 0.8 else None
                command = CreateFace(**said, attribute=attribute, list_ids=(one,))
                faces.append(command.face_id)
            case 4 | 5 if some:
                command = AttachFaces(**said, list_id=one, face_ids=some)
            case 6 if some:
                command = DetachFaces(**said, list_id=one, face_ids=some[:1])
            case 7 if some:
                command = PutFaceAttributes(
                    **said, face_id=some[0], attribute=content(seed - number)
                )
            case 8 if some:
                command = RemoveFaceAttributes(**said, face_id=some[0])
            case _ if some and chance.random() < 0.7:
                command = DeleteFaces(**said, face_ids=some[:1], ignore_missing=True)
            case _:
                kind = chance.choice([DeleteLists, DissolveLists, RetireLists])
                command = kind(**said, list_ids=(lists[-1],))
        try:
            await writer.send(command)
        except Refusal:
            continue


async def test_what_is_fed_fact_by_fact_is_what_is_loaded(dsn: str) -> None:
    faces: list[UUID] = []
    async with fed(dsn) as index, writing(dsn, index.feeder) as own, writing(dsn) as other:
        lists = [await own.send(CreateList(account_id=ACCOUNT)) for _ in range(4)]

        await asyncio.gather(life(own, 1000, lists, faces), life(other, 2000, lists, faces))
        end = max(own.position, other.position)
        await until(lambda: index.feeder.position >= end)

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

        await until(lambda: index.feeder.position >= other.position)

        assert (await index.find()).keys() == set(made)


def save(dsn: str, index: Fed) -> None:
    """As the service does when it stops."""
    snapshots = IndexSnapshots(dsn, index.matching, every_s=3600)
    snapshots.start()
    snapshots.stop()


async def test_a_saved_index_goes_on_where_it_was_saved(dsn: str, tmp_path: Path) -> None:
    faces: list[UUID] = []
    async with writing(dsn) as writer:
        lists = [await writer.send(CreateList(account_id=ACCOUNT)) for _ in range(4)]
        await life(writer, 3000, lists, faces)
        async with fed(dsn, tmp_path) as index:
            save(dsn, index)
        await life(writer, 4000, lists, faces)
        with psycopg.connect(dsn, autocommit=True) as admin:  # so that nothing else is read
            admin.execute("ALTER TABLE faces RENAME COLUMN gender TO hidden")
            with pytest.raises(psycopg.errors.UndefinedColumn):
                async with fed(dsn):
                    pass
            async with fed(dsn, tmp_path) as restored:
                assert restored.feeder.position == writer.position
                found = [await restored.find(list_id) for list_id in (None, *lists)]
            admin.execute("ALTER TABLE faces RENAME COLUMN hidden TO gender")
        async with fed(dsn) as loaded:
            assert len(found[0]) > 20
            assert found == [await loaded.find(list_id) for list_id in (None, *lists)]


async def test_an_index_saved_with_another_log_is_not_used(
    dsn: str, databases: Databases, tmp_path: Path
) -> None:
    with databases.fresh(prepare) as other:
        for each, seeds in ((dsn, range(3)), (other, range(7, 14))):
            async with writing(each) as writer:
                for seed in seeds:
                    made = CreateFace(account_id=ACCOUNT, attribute=content(seed))
                    await writer.send(made)
        async with fed(dsn, tmp_path) as index:
            save(dsn, index)
        async with fed(other, tmp_path) as index, fed(other) as loaded:
            assert await index.find() == await loaded.find()


async def test_a_damaged_saved_index_is_loaded_anew(dsn: str, tmp_path: Path) -> None:
    async with writing(dsn) as writer:
        for seed in range(3):
            await writer.send(CreateFace(account_id=ACCOUNT, attribute=content(seed)))
    async with fed(dsn, tmp_path) as index:
        save(dsn, index)
        expected = await index.find()
    (path,) = tmp_path.glob("rows-*")
    path.write_bytes(bytes(path.stat().st_size))
    async with fed(dsn, tmp_path) as index:
        assert await index.find() == expected
        save(dsn, index)
    async with fed(dsn, tmp_path) as index:
        assert await index.find() == expected
    assert path.name not in {each.name for each in tmp_path.iterdir()}
