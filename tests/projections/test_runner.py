"""Read models that follow the log: soon, once, by one leader at a time."""

import threading
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from domain.log.port import Batch
from domain.recognitions import EventRecorded
from projections.database import Reader
from projections.event_counts import EVENT_COUNTS, events_by_hour
from projections.history import PostgresLog
from projections.rebuild import rebuild
from projections.runner import Runner
from projections.verify import verify
from tests.support.life import rows_of
from tests.support.log import MASTER
from tests.support.waiting import until

ACCOUNT, HANDLER = uuid4(), uuid4()
NOON = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)


def recorded(minute: int, handler_id: UUID | None = HANDLER) -> tuple[Any, str]:
    at = NOON + timedelta(minutes=minute)
    event = EventRecorded(
        originator_id=uuid4(), originator_version=1, timestamp=at, account_id=ACCOUNT,
        handler_id=handler_id, create_time=at, end_time=at, generated={}, descriptor_ids={},
        notify=False,
    )  # fmt: skip
    return event, ""


def counted(dsn: str) -> int:
    return sum(row[-1] for row in rows_of(dsn, "event_counts"))


@pytest.fixture
def runner(dsn: str) -> Any:
    made = Runner(dsn, MASTER, [EVENT_COUNTS])
    yield made
    made.stop()


def test_events_are_counted_by_account_handler_and_hour(
    dsn: str, log: PostgresLog, runner: Runner
) -> None:
    log.commit(Batch(recognitions=[recorded(m) for m in (0, 10, 59, 60)]))
    runner.start()
    until(lambda: runner.position == 4)
    log.commit(Batch(recognitions=[recorded(61), recorded(5, None)]))
    until(lambda: runner.position == 6)

    reader = Reader(dsn)
    reader.open()
    rows = events_by_hour(reader, ACCOUNT, NOON, NOON + timedelta(hours=2))
    assert events_by_hour(reader, uuid4(), NOON, NOON + timedelta(hours=2)) == []
    reader.close()
    assert rows == [
        {"handler_id": HANDLER, "hour": NOON, "events": 3},
        {"handler_id": None, "hour": NOON, "events": 1},
        {"handler_id": HANDLER, "hour": NOON + timedelta(hours=1), "events": 2},
    ]


def test_one_leads_and_another_goes_on_where_it_was(dsn: str, log: PostgresLog) -> None:
    first, second = (Runner(dsn, MASTER, [EVENT_COUNTS]) for _ in range(2))
    first.start()
    until(lambda: first.leads)
    second.start()
    log.commit(Batch(recognitions=[recorded(m) for m in range(50)]))
    until(lambda: first.position == 50)
    assert not second.leads
    first.stop()
    log.commit(Batch(recognitions=[recorded(m) for m in range(50)]))
    until(lambda: second.position == 100)
    second.stop()

    assert counted(dsn) == 100


def test_nothing_is_counted_twice_or_missed_whatever_is_cut(dsn: str, log: PostgresLog) -> None:
    """Leaders change, sessions are ended, and the table is rebuilt, all at once."""
    runners = [Runner(dsn, MASTER, [EVENT_COUNTS]) for _ in range(2)]
    for runner in runners:
        runner.start()
    stop = threading.Event()

    def cut() -> None:
        with psycopg.connect(dsn, autocommit=True) as admin:
            while not stop.wait(0.15):
                admin.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE "
                    "datname = current_database() AND pid <> pg_backend_pid() "
                    "AND query ~ 'read_models|event_counts|LISTEN|advisory' "
                    "AND application_name <> 'kept'"
                )

    kept = make_conninfo(dsn, application_name="kept")
    cutter = threading.Thread(target=cut)
    cutter.start()
    for number in range(150):
        log.commit(Batch(recognitions=[recorded(number % 60) for _ in range(3)]))
        if number % 50 == 25:
            rebuild(kept, EVENT_COUNTS, MASTER)
    stop.set()
    cutter.join()
    until(lambda: max(r.position for r in runners) == 450)
    for runner in runners:
        runner.stop()

    assert counted(dsn) == 450
    assert verify(dsn, EVENT_COUNTS, MASTER, behind=True).differences == 0
