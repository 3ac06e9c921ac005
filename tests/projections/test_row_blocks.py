"""Far pages start from counted blocks, and hold what follows the pages before, whatever happens."""

import random
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.log.port import Batch
from domain.recognitions import EventDeleted, EventRecorded
from projections import events as listing
from projections import paging
from projections.database import Reader
from projections.events import EVENTS, EventFilter, list_events
from projections.history import PostgresLog
from projections.paging import Paged
from projections.rebuild import rebuild
from projections.row_blocks import ALL_ACCOUNTS, count_blocks, forget_blocks
from tests.support.events import EventPool, recorded
from tests.support.log import MASTER, open_log, prepare
from tests.support.postgres import Databases

ACCOUNTS = [uuid4(), uuid4()]
START = datetime(2026, 3, 1, 22, tzinfo=UTC)
SIZE = 16
_WRONG = """SELECT b.* FROM counted_blocks b
    WHERE of_table = 'events'::regclass AND rows IS NOT NULL
    AND NOT EXISTS (SELECT FROM row_block_marks m WHERE m.of_table = b.of_table
        AND m.scope = b.scope AND m.start_time = b.start_time)
    AND rows <> (SELECT count(*) FROM events e WHERE b.scope IN (e.account_id, %s)
        AND e.create_time >= b.start_time AND e.create_time < b.stop_time)"""


class Life:
    """Events of two accounts that come and go, and what is counted of them."""

    def __init__(self, dsn: str) -> None:
        self.dsn = dsn
        self.pool = EventPool(3)
        self.random = random.Random(4)
        self.log: PostgresLog = open_log(dsn)
        self.reader = Reader(dsn)
        self.reader.open()
        self.there: dict[UUID, EventRecorded] = {}
        self.minutes = 0

    def close(self) -> None:
        self.log.close()
        self.reader.close()

    def add(self, count: int, *, late: bool = False) -> None:
        """Events one after another, or some that are from any time before."""
        self.log.commit(Batch(recognitions=[(self.one(late), "") for _ in range(count)]))

    def one(self, late: bool) -> EventRecorded:
        self.minutes += 1
        at = self.random.randrange(self.minutes) if late else self.minutes
        event = self.pool.one(account_id := self.random.choice(ACCOUNTS))
        event = recorded(
            account_id,
            event.generated,
            handler_id=event.handler_id,
            create_time=START + timedelta(minutes=at // 2),  # some at the same time
        )
        self.there[event.originator_id] = event
        return event

    def delete(self, count: int) -> None:
        chosen = self.random.sample(sorted(self.there), min(count, len(self.there)))
        now = datetime.now(UTC)
        gone = [EventDeleted(i, 2, now, self.there.pop(i).account_id) for i in chosen]
        self.log.commit(Batch(recognitions=[(event, "") for event in gone]))

    def count(self) -> None:
        with psycopg.connect(self.dsn, autocommit=True) as connection:
            while count_blocks(connection, 10, SIZE):
                pass

    def live(self, step: str) -> None:
        match step:
            case "count":
                self.count()
            case "add" | "late":
                self.add(25, late=step == "late")
            case "delete":
                self.delete(20)
            case _:
                rebuild(self.dsn, EVENTS, MASTER)

    def blocks(self, scope: UUID) -> list[int | None]:
        """The numbers of rows of blocks, None where it is not known."""
        rows = self.reader.fetch_all(
            "SELECT rows FROM counted_blocks WHERE of_table = 'events'::regclass AND scope = %s "
            "ORDER BY start_time",
            [scope],
        )
        return [row["rows"] for row in rows]

    def wrong(self) -> list[Any]:
        """Blocks that count otherwise than they hold."""
        return self.reader.fetch_all(_WRONG, [ALL_ACCOUNTS])


@pytest.fixture(scope="module")
def life(databases: Databases) -> Iterator[Life]:
    with databases.fresh(prepare) as dsn:
        made = Life(dsn)
        yield made
        made.close()


moments = st.integers(0, 200).map(lambda minutes: START + timedelta(minutes=minutes, seconds=7))
bounds = st.none() | moments


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.sampled_from(["count", "count", "add", "late", "delete", "rebuild"]), max_size=4),
    st.builds(
        EventFilter,
        page=st.integers(1, 40),
        page_size=st.integers(1, 40),
        order=st.sampled_from(["asc", "desc"]),
        create_time__gte=bounds,
        create_time__lt=bounds,
    ),
    st.sampled_from([*ACCOUNTS, None]),
)
def test_a_far_page_holds_what_follows_the_pages_before(
    life: Life, done: list[str], wanted: EventFilter, account_id: UUID | None
) -> None:
    for step in done:
        life.live(step)
    now = START + timedelta(days=20)
    with pytest.MonkeyPatch.context() as patch:
        plain = list_events(life.reader, account_id, wanted, now)
        patch.setattr(listing, "FAR", 0)
        patch.setattr(paging, "FAR", 0)
        scope = account_id or ALL_ACCOUNTS
        patch.setattr(Paged, "_is_counted", lambda *_: bool(life.blocks(scope)))
        assert list_events(life.reader, account_id, wanted, now) == plain
    assert life.wrong() == []


def test_blocks_are_split_as_they_grow_and_merged_as_they_shrink(databases: Databases) -> None:
    with databases.fresh(prepare) as dsn:
        life = Life(dsn)
        try:
            life.add(200)
            life.count()
            *closed, last = life.blocks(ALL_ACCOUNTS)
            assert last is None
            assert len(closed) >= 200 // (2 * SIZE)
            assert all(number is not None and number <= 2 * SIZE for number in closed)

            life.add(10, late=True)
            assert life.wrong() == []
            life.delete(200)
            life.count()

            assert len(life.blocks(ALL_ACCOUNTS)) < len(closed)
            assert life.wrong() == []
        finally:
            life.close()


def test_of_many_rows_there_are_larger_blocks_and_not_more_of_them(databases: Databases) -> None:
    with databases.fresh(prepare) as dsn:
        life = Life(dsn)
        try:
            with psycopg.connect(dsn, autocommit=True) as connection:
                connection.execute(
                    "INSERT INTO events (event_id, account_id, create_time, end_time,"
                    " insert_time, descriptor_ids) SELECT gen_random_uuid(), %s,"
                    " %s + n * interval '1 s', now(), now(), '{}' FROM generate_series(1, 2000) n",
                    [ACCOUNTS[0], START],
                )
                while count_blocks(connection, 10, SIZE, most=20):
                    pass
            *closed, last = life.blocks(ACCOUNTS[0])
            assert (closed, last) == ([100] * 19, None)
            assert life.wrong() == []
        finally:
            life.close()


def test_a_block_is_not_counted_while_somebody_who_saw_its_mark_may_still_change_it(
    databases: Databases,
) -> None:
    with databases.fresh(prepare) as dsn, psycopg.connect(dsn) as slow:
        life = Life(dsn)
        try:
            life.add(100)
            life.count()
            marked = life.blocks(ALL_ACCOUNTS)
            life.delete(1)
            columns = "account_id, create_time, end_time, insert_time, descriptor_ids"
            slow.execute(
                f"INSERT INTO events (event_id, {columns}) SELECT gen_random_uuid(), {columns} "
                "FROM events ORDER BY create_time LIMIT 30"
            )
            with psycopg.connect(dsn, autocommit=True) as connection:
                assert count_blocks(connection, 10, SIZE)
                assert count_blocks(connection, 10, SIZE)
            assert life.wrong() == []
            slow.commit()
            life.count()

            assert life.wrong() == []
            assert life.blocks(ALL_ACCOUNTS) != marked
            assert None not in life.blocks(ALL_ACCOUNTS)[:-1]
        finally:
            life.close()


def test_numbers_are_right_while_others_write(databases: Databases) -> None:
    with databases.fresh(prepare) as dsn:
        life, done = Life(dsn), threading.Event()

        def write(seed: int) -> None:
            chance = random.Random(seed)
            with psycopg.connect(dsn, autocommit=True) as connection:
                for _ in range(60):
                    connection.execute(
                        "INSERT INTO events (event_id, account_id, create_time, end_time,"
                        " insert_time, descriptor_ids) SELECT gen_random_uuid(), %s,"
                        " %s + n * interval '1 s', now(), now(), '{}'"
                        " FROM generate_series(1, %s) n",
                        [
                            chance.choice(ACCOUNTS),
                            START + timedelta(seconds=chance.randrange(3000)),
                            chance.randrange(1, 40),
                        ],
                    )
                    connection.execute(
                        "DELETE FROM events WHERE event_id IN"
                        " (SELECT event_id FROM events ORDER BY random() LIMIT %s"
                        " FOR UPDATE SKIP LOCKED)",  # writers that wait crosswise end one of them
                        [chance.randrange(15)],
                    )

        def count() -> None:
            while not done.is_set():
                with psycopg.connect(dsn, autocommit=True) as connection:
                    count_blocks(connection, 1, SIZE)

        try:
            writers = [threading.Thread(target=write, args=(seed,)) for seed in range(3)]
            counter = threading.Thread(target=count)
            for thread in (counter, *writers):
                thread.start()
            while any(writer.is_alive() for writer in writers):
                assert life.wrong() == []
            done.set()
            counter.join()
            life.count()
            assert life.wrong() == []
            assert len(life.blocks(ALL_ACCOUNTS)) > 10
        finally:
            done.set()
            life.close()


def test_what_is_counted_of_tables_that_are_no_more_is_forgotten(databases: Databases) -> None:
    with databases.fresh(prepare) as dsn:
        life = Life(dsn)
        try:
            life.add(50)
            life.count()
            rebuild(dsn, EVENTS, MASTER)
            with psycopg.connect(dsn, autocommit=True) as connection:
                forget_blocks(connection)
            life.count()
            tables = life.reader.fetch_all(
                "SELECT DISTINCT of_table = 'events'::regclass AS served FROM counted_blocks"
                " WHERE of_table NOT IN ('faces'::regclass, 'lists'::regclass,"
                " 'general_events'::regclass)"
            )
            assert tables == [{"served": True}]
        finally:
            life.close()
