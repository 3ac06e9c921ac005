"""Background work that finishes what requests began."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from uuid import UUID, uuid4

import pytest

from api.pipelines.delete_lists import deletion
from api.workers.list_sweeper import ListSweeper
from api.workers.periodic import Periodic
from commands.command import Command
from commands.faces import AttachFaces, CreateFace, DeleteFaces
from commands.lists import CreateList, DissolveLists, RetireLists
from commands.router import COMMANDS
from commands.writer import GroupCommitWriter, Observer
from domain.attributes import AttributeContent
from domain.faces import Face
from domain.log.port import Batch
from projections.database import Reader
from projections.faces import (
    FACES,
    FaceConditions,
    FaceFilter,
    count_faces,
    list_faces,
    members,
)
from projections.lists import LISTS, ListConditions, count_lists, retired_lists
from projections.temporary_attributes import PostgresAttributes
from projections.verify import verify
from tests.support.log import MASTER, open_log, prepare
from tests.support.postgres import Databases

ACCOUNT = uuid4()


@dataclass(frozen=True, slots=True)
class Place:
    """A database with a writer, and a sweeper that the writer tells of its facts."""

    dsn: str
    reader: Reader
    writer: GroupCommitWriter
    sweeper: ListSweeper

    async def send(self, command: Command[object]) -> object:
        """Run a command."""
        return await self.writer.send(command)

    async def filled_list(self, faces: int, *others: UUID) -> UUID:
        """A list with so many new faces, which are in the others too."""
        list_id = await self.writer.send(CreateList(account_id=ACCOUNT))
        wanted = CreateFace(account_id=ACCOUNT, list_ids=(list_id, *others))
        makes = (
            self.writer.send(CreateFace(account_id=ACCOUNT, list_ids=wanted.list_ids))
            for _ in range(faces)
        )
        await asyncio.gather(*makes)
        return list_id

    def faces(self) -> int:
        """How many faces there are."""
        return count_faces(self.reader, ACCOUNT, FaceConditions())

    def left(self) -> tuple[int, int]:
        """How many faces there are, and how many lists that are still to be deleted."""
        return self.faces(), len(retired_lists(self.reader))

    async def until_swept(self) -> None:
        """Wait until no retired list is left."""
        async with asyncio.timeout(60):
            while retired_lists(self.reader):
                await asyncio.sleep(0.01)


@pytest.fixture
def place(databases: Databases) -> Iterator[Place]:
    with databases.fresh(prepare) as dsn:
        reader, log = Reader(dsn), open_log(dsn)
        reader.open()
        observers: list[Observer] = []
        writer = GroupCommitWriter(log, COMMANDS, observers=observers)
        sweeper = ListSweeper(reader, writer, interval_s=600, chunk=10)
        observers.append(sweeper.committed)
        writer.start()
        yield Place(dsn, reader, writer, sweeper)
        writer.stop()
        log.close()
        reader.close()


async def test_a_retired_list_goes_with_its_faces_at_once(place: Place) -> None:
    staying = await place.filled_list(2)
    going = await place.filled_list(25, staying)
    place.sweeper.work.start()
    await asyncio.sleep(0.05)

    await place.send(RetireLists(account_id=ACCOUNT, list_ids=(going,)))
    await place.until_swept()

    assert place.left() == (2, 0)
    assert len(members(place.reader, staying, 100)) == 2
    assert count_lists(place.reader, ACCOUNT, ListConditions()) == 1
    await place.sweeper.work.stop()


async def test_what_was_left_by_a_stop_is_done_at_the_next_start(place: Place) -> None:
    going = await place.filled_list(30)
    await place.send(RetireLists(account_id=ACCOUNT, list_ids=(going,)))
    some = tuple(members(place.reader, going, 10))
    await place.send(DeleteFaces(account_id=ACCOUNT, face_ids=some))
    assert place.left() == (20, 1)

    again = ListSweeper(place.reader, place.writer, interval_s=600, chunk=7)
    again.work.start()
    await place.until_swept()

    assert place.left() == (0, 0)
    await again.work.stop()


async def test_sweepers_of_two_processes_may_work_on_one_list(place: Place) -> None:
    lists = [await place.filled_list(15) for _ in range(2)]
    await place.send(RetireLists(account_id=ACCOUNT, list_ids=tuple(lists)))
    sweepers = [ListSweeper(place.reader, place.writer, interval_s=0.05, chunk=4) for _ in range(3)]

    for sweeper in sweepers:
        sweeper.work.start()
    await place.until_swept()

    assert place.left() == (0, 0)
    for sweeper in sweepers:
        await sweeper.work.stop()


async def test_a_face_in_two_retired_lists_is_deleted_once(place: Place) -> None:
    one = await place.filled_list(0)
    two = await place.filled_list(12, one)
    face_id = await place.writer.send(CreateFace(account_id=ACCOUNT))
    await place.send(AttachFaces(account_id=ACCOUNT, list_id=one, face_ids=(face_id,)))
    await place.send(RetireLists(account_id=ACCOUNT, list_ids=(one, two)))

    await place.sweeper.sweep()

    assert place.left() == (0, 0)


@pytest.mark.slow
async def test_a_large_list_leaves_its_faces_while_others_work_on(place: Place) -> None:
    """Nothing is seen of it from the first moment, and no command waits for all of it."""
    staying = await place.send(CreateList(account_id=ACCOUNT))
    going = await place.send(CreateList(account_id=ACCOUNT))
    assert isinstance(staying, UUID)
    assert isinstance(going, UUID)
    batch = Batch()
    for _ in range(20_000):
        face = Face(account_id=ACCOUNT)
        face.attach(going)
        face.attach(staying)
        batch.events += [(event, "") for event in face.collect_events()]
    log = open_log(place.dsn)
    log.commit(batch)
    log.close()

    delete = await asyncio.to_thread(deletion, place.reader, ACCOUNT, (going,))
    assert isinstance(delete, DissolveLists)
    await place.send(delete)
    in_it = FaceFilter(list_id=going)
    assert count_lists(place.reader, ACCOUNT, ListConditions()) == 1
    assert count_faces(place.reader, ACCOUNT, in_it) == 0
    assert list_faces(place.reader, ACCOUNT, in_it) == []
    page = list_faces(place.reader, ACCOUNT, FaceFilter(page_size=100))
    assert [face["lists"] for face in page] == [[staying]] * 100

    sweeper = ListSweeper(place.reader, place.writer, interval_s=600)
    sweeper.work.start()
    others = 0
    while retired_lists(place.reader):
        await place.send(CreateList(account_id=ACCOUNT))
        others += 1
        await asyncio.sleep(0.01)
    await sweeper.work.stop()

    assert others > 5
    assert count_faces(place.reader, ACCOUNT, FaceFilter(list_id=staying)) == 20_000
    assert members(place.reader, going, 1) == []
    for table in (FACES, LISTS):
        assert verify(place.dsn, table, MASTER).differences == 0


async def test_a_small_list_is_deleted_at_once(place: Place) -> None:
    going = await place.filled_list(3)

    await place.send(deletion(place.reader, ACCOUNT, (going,)))

    assert place.left() == (3, 0)
    assert members(place.reader, going, 1) == []


async def test_expired_attributes_give_their_room_back(place: Place) -> None:
    attributes = PostgresAttributes(place.reader)
    attributes.put(ACCOUNT, [AttributeContent()] * 3, 1)
    attributes.put(ACCOUNT, [AttributeContent()], 300)
    sweep = partial(asyncio.to_thread, attributes.sweep)
    sweeper = Periodic("attribute-sweeper", sweep, interval_s=0.05)
    sweeper.start()

    async with asyncio.timeout(60):
        while place.reader.fetch_value("SELECT count(*) FROM temporary_attributes") > 1:
            await asyncio.sleep(0.05)

    await sweeper.stop()
