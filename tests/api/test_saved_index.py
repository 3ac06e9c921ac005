"""A saved index goes on where it was saved, if it is whole and of this log, and is verified."""

from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import psycopg
import pytest

from api.workers.index_snapshots import IndexSnapshots
from api.workers.index_verification import IndexVerdict, verify_index
from commands.faces import (
    CreateFace,
)
from commands.lists import CreateList
from inference.matching.snapshots import Snapshots
from ray_cluster.local_matching import LocalMatching
from tests.api.fed_index import (
    FEATURE,
    Fed,
    content,
    fed,
    life,
    vector,
    writing,
)
from tests.support.log import MASTER, prepare
from tests.support.postgres import Databases
from tests.support.writing import ACCOUNT


@pytest.fixture
def dsn(databases: Databases) -> Iterator[str]:
    """A database of the test's own, with the product's schema."""
    with databases.fresh(prepare) as made:
        yield made


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


async def verdict(dsn: str, directory: Path | None) -> IndexVerdict:
    snapshots = None if directory is None else Snapshots(directory, b"key", only_read=True)
    matching = LocalMatching([FEATURE], threads=1, snapshots=snapshots)
    try:
        return verify_index(dsn, MASTER, matching, [FEATURE])
    finally:
        await matching.close()


@pytest.mark.parametrize("kept", [True, False])
async def test_an_index_that_is_as_the_log_says_is_verified(
    dsn: str, tmp_path: Path, kept: bool
) -> None:
    faces: list[UUID] = []
    async with fed(dsn, tmp_path) as index, writing(dsn, index.feeder) as writer:
        lists = [await writer.send(CreateList(account_id=ACCOUNT)) for _ in range(4)]
        await life(writer, 5000, lists, faces)
        save(dsn, index)
        await life(writer, 6000, lists, faces)
        found = await verdict(dsn, tmp_path if kept else None)
        assert (found.saved, found.position) == (kept, writer.position)
        assert found.descriptors == len(await index.find()) > 20
        assert found.differences == 0


async def test_every_difference_is_found(dsn: str, tmp_path: Path) -> None:
    async with writing(dsn) as writer:
        listed = await writer.send(CreateList(account_id=ACCOUNT))
        made = [
            await writer.send(CreateFace(account_id=ACCOUNT, attribute=content(seed)))
            for seed in range(7)
        ]
    async with fed(dsn, tmp_path) as index:
        save(dsn, index)
    with psycopg.connect(dsn, autocommit=True) as admin:
        for change, face_id in (
            (f"UPDATE descriptors SET data = '\\x{vector(9).hex()}' WHERE owner_id = %s", made[0]),
            ("UPDATE faces SET age = 30 WHERE face_id = %s", made[1]),
            ("UPDATE faces SET create_time = now() WHERE face_id = %s", made[2]),
            (f"UPDATE faces SET list_ids = '{{{listed}}}' WHERE face_id = %s", made[3]),
            ("DELETE FROM descriptors WHERE owner_id = %s", made[4]),
            (f"UPDATE faces SET gender = 1, account_id = '{listed}' WHERE face_id = %s", made[5]),
            ("UPDATE descriptors SET owner_id = face_id FROM (SELECT gen_random_uuid() AS face_id)"
             " AS other WHERE owner_id = %s", made[6]),
        ):  # fmt: skip
            admin.execute(change, [face_id])  # type: ignore[call-overload]

    found = await verdict(dsn, tmp_path)

    assert {each.candidate_id: each.what for each in found.examples} == {
        made[0]: "vector, code",
        made[1]: "age",
        made[2]: "create time",
        made[3]: "lists",
        made[5]: "account, gender",
    }
    assert found.differences == 7  # two are held that are not stored
