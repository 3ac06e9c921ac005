"""A rebuild makes the same rows again while everybody goes on, and verification would notice."""

import asyncio
import threading
import time
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from commands.faces import CreateFace, EditFace
from domain.faces import Face
from domain.log.port import Batch
from domain.recognitions import EventRecorded
from projections.database import Reader
from projections.event_counts import EVENT_COUNTS
from projections.faces import FACES, get_face
from projections.lists import LISTS
from projections.rebuild import rebuild
from projections.verify import verify
from tests.support.life import live, objects_like, opened, rows_of, some_life
from tests.support.log import MASTER
from tests.support.writing import ACCOUNT, running


def test_a_rebuilt_table_is_the_same_with_its_indexes_and_nothing_left_over(dsn: str) -> None:
    live(dsn, 100)
    before = {table.name: rows_of(dsn, table.name) for table in (FACES, LISTS)}
    named = objects_like(dsn, "faces%") | objects_like(dsn, "lists%")
    said: list[tuple[str, int, int]] = []

    for _ in range(2):
        for table in (FACES, LISTS):
            done = rebuild(dsn, table, MASTER, lambda *progress: said.append(progress))
            assert done.name == table.name

    assert {table.name: rows_of(dsn, table.name) for table in (FACES, LISTS)} == before
    assert len(before["faces"]) > 50
    assert objects_like(dsn, "faces%") | objects_like(dsn, "lists%") == named
    assert said[-1] == ("lists", done.position, done.position)


@pytest.mark.slow
def test_a_rebuild_under_32_writers_loses_nothing(
    dsn: str, capsys: pytest.CaptureFixture[str]
) -> None:
    live(dsn, 250)
    stop, failures, reads = threading.Event(), [], [0]

    def write(number: int) -> None:
        async def run() -> None:
            with opened(dsn) as log:
                async with running(log, attempts=200) as writer:
                    seed = number * 1000
                    while not stop.is_set():
                        await asyncio.gather(*(some_life(writer, seed + n, 15) for n in range(16)))
                        seed += 16

        try:
            asyncio.run(run())
        except Exception as error:
            failures.append(error)

    def read() -> None:
        reader = Reader(dsn)
        reader.open()
        try:
            while not stop.is_set():
                found = reader.fetch_one("SELECT face_id FROM faces ORDER BY random() LIMIT 1")
                assert found is not None
                reads[0] += 1
        except Exception as error:
            failures.append(error)
        finally:
            reader.close()

    threads = [threading.Thread(target=write, args=[n]) for n in range(2)]
    threads.append(threading.Thread(target=read))
    for thread in threads:
        thread.start()
    time.sleep(0.3)
    try:
        pauses = [rebuild(dsn, table, MASTER).pause_s for table in (FACES, LISTS) * 3]
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    found = [verify(dsn, table, MASTER) for table in (FACES, LISTS)]
    with capsys.disabled():
        shown = ", ".join(f"{pause * 1000:.1f}" for pause in pauses)
        print(f"\nthe log stood still for {shown} ms; {found[0].rows} faces, {reads[0]} reads")

    assert not failures
    assert [verified.differences for verified in found] == [0, 0]


def test_a_long_read_only_delays_the_end_of_a_rebuild(dsn: str) -> None:
    live(dsn, 20, clients=1)
    with psycopg.connect(dsn) as reader:
        count = reader.execute("SELECT count(*) FROM faces").fetchone()  # and stays in its snapshot
        rebuilding = threading.Thread(target=rebuild, args=(dsn, FACES, MASTER))
        rebuilding.start()
        with opened(dsn) as log:
            face = Face(account_id=ACCOUNT)
            # The reader stays in its snapshot meanwhile: what waits for it would wait for ever.
            log.commit(Batch(events=[(e, "") for e in face.collect_events()]))
        assert rebuilding.is_alive()
        assert reader.execute("SELECT count(*) FROM faces").fetchone() != count
    rebuilding.join(120)

    assert not rebuilding.is_alive()
    assert verify(dsn, FACES, MASTER).differences == 0


def test_an_interrupted_rebuild_leaves_the_served_table_and_may_be_repeated(dsn: str) -> None:
    live(dsn, 40, clients=1)
    before = rows_of(dsn, "faces")

    class Stop(Exception):
        pass

    def interrupt(*progress: Any) -> None:
        raise Stop

    with pytest.raises(Stop):
        rebuild(dsn, FACES, MASTER, interrupt)
    assert rows_of(dsn, "faces") == before
    assert rebuild(dsn, FACES, MASTER).position
    assert rows_of(dsn, "faces") == before
    assert objects_like(dsn, "faces\\_next%") == set()


def test_counts_survive_a_rebuild(dsn: str) -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    with opened(dsn) as log:
        for number in range(30):
            time_of = now + timedelta(minutes=7 * number)
            event = EventRecorded(
                originator_id=uuid4(), originator_version=1, timestamp=time_of, account_id=ACCOUNT,
                handler_id=None, create_time=time_of, end_time=time_of, generated={},
                descriptor_ids={}, notify=False,
            )  # fmt: skip
            log.commit(Batch(recognitions=[(event, "")]))

    rebuild(dsn, EVENT_COUNTS, MASTER)

    assert [row[-1] for row in rows_of(dsn, "event_counts")] != []
    assert sum(row[-1] for row in rows_of(dsn, "event_counts")) == 30
    assert verify(dsn, EVENT_COUNTS, MASTER, behind=True).differences == 0


async def test_readers_with_prepared_statements_go_on(dsn: str) -> None:
    reader = Reader(dsn, max_size=1)
    reader.open()
    with opened(dsn) as log:
        async with running(log) as writer:
            face_id = await writer.send(CreateFace(account_id=ACCOUNT, user_data="Ann"))
            for _ in range(5):
                assert get_face(reader, ACCOUNT, face_id)["user_data"] == "Ann"
            rebuild(dsn, FACES, MASTER)
            assert get_face(reader, ACCOUNT, face_id)["user_data"] == "Ann"
            await writer.send(
                EditFace(account_id=ACCOUNT, face_id=face_id, changes={"avatar": "a"})
            )
            assert get_face(reader, ACCOUNT, face_id)["avatar"] == "a"
    reader.close()
