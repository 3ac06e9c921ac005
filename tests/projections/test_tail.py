"""The tail gives every fact once, in order, soon, whatever happens to its connection."""

import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from domain.faces import Face
from domain.lists import FaceList
from domain.log.port import Announcement, Batch
from domain.recognitions import EventDeleted
from projections.log_reader import LogReader, Span
from projections.tail import Tail, TailThread
from tests.support.log import MASTER, open_log
from tests.support.waiting import until

ACCOUNT = uuid4()


def faces(count: int, request_id: str = "r") -> Batch:
    made = [Face(account_id=ACCOUNT, user_data="Ann") for _ in range(count)]
    return Batch(events=[(e, request_id) for face in made for e in face.collect_events()])


def recognition() -> tuple[Any, str]:
    now = datetime.now(UTC)
    return EventDeleted(uuid4(), 2, now, account_id=ACCOUNT), "r"


@pytest.fixture
def tail(dsn: str) -> Iterator[Tail]:
    opened = Tail(dsn, MASTER, 0)
    yield opened
    opened.close()


def test_both_logs_are_read_as_one_in_order(dsn: str) -> None:
    log = open_log(dsn)
    committed = []
    for number in range(6):
        batch = faces(number % 3, f"r{number}")
        batch.recognitions = [recognition() for _ in range(2)]
        batch.announcements = [Announcement(ACCOUNT, b"m")] * (number % 2)
        committed += log.commit(batch).facts
    log.close()
    reader = LogReader(MASTER)

    with psycopg.connect(dsn, autocommit=True) as connection:
        head = reader.head(connection)
        whole = reader.read(connection, 0)
        pieces = [reader.read(connection, after, 4) for after in range(0, head, 4)]
        announced = reader.announcements(connection, 0, head)

    assert whole == Span(committed, head)
    assert [fact for piece in pieces for fact in piece.facts] == committed
    assert head == len(committed) + len(announced) == 6 + 12 + 3


def test_only_the_wanted_classes_are_read(dsn: str) -> None:
    log = open_log(dsn)
    staff = FaceList(account_id=ACCOUNT)
    log.commit(Batch(events=[(e, "") for e in staff.collect_events()]))
    log.commit(faces(3))
    log.close()
    reader = LogReader(MASTER, of=[FaceList.Created])

    with psycopg.connect(dsn, autocommit=True) as connection:
        span = reader.read(connection, 0)
        facts = [fact for span in reader.read_all(connection) for fact in span.facts]
        history = LogReader(MASTER).history_of(connection, staff.id)

    assert [type(fact.event) for fact in span.facts] == [FaceList.Created]
    assert facts == span.facts == history
    assert span.position == 4


def test_personal_fields_are_open_until_they_are_erased(dsn: str) -> None:
    log = open_log(dsn)
    [fact] = log.commit(faces(1)).facts
    log.commit(Batch(erased_subjects=[fact.originator_id]))
    log.close()

    with psycopg.connect(dsn, autocommit=True) as connection:
        [read] = LogReader(MASTER).read(connection, 0).facts

    assert (fact.event.user_data, read.event.user_data) == ("Ann", None)


def test_a_commit_wakes_the_tail(dsn: str, tail: Tail, monkeypatch: pytest.MonkeyPatch) -> None:
    """It does not look by itself, so whatever arrives was announced."""
    monkeypatch.setattr("projections.tail._POLL_S", 3600.0)
    log = open_log(dsn)
    log.commit(faces(1))
    assert len(tail.next().facts) == 1
    for _ in range(30):
        arrived: list[Span] = []
        waiting = threading.Thread(
            target=lambda arrived=arrived: arrived.append(tail.next(3600)), daemon=True
        )
        waiting.start()
        time.sleep(0.01)
        log.commit(faces(1))
        waiting.join(60)
        assert [len(span.facts) for span in arrived] == [1]
    log.close()


def test_a_quiet_log_gives_an_empty_span(dsn: str, tail: Tail) -> None:
    assert tail.next(0.05) == Span((), 0)


def test_announcements_come_at_their_place(dsn: str) -> None:
    tail = Tail(dsn, MASTER, 0, announcements=True, of=[])
    log = open_log(dsn)
    batch = faces(2)
    batch.announcements = [Announcement(ACCOUNT, b"hello")]
    log.commit(batch)
    log.close()

    assert tail.next() == Span([], 3, [(3, Announcement(ACCOUNT, b"hello"))])
    tail.close()


@pytest.mark.parametrize("cut", [False, True], ids=["quiet", "cut"])
def test_six_writers_and_nothing_is_missed_or_repeated(dsn: str, cut: bool) -> None:
    """With `cut`, the sessions of all readers are ended again and again."""
    seen: list[int] = []
    sender = TailThread("sender", Tail(dsn, MASTER, 0, limit=50), lambda span: take(span, seen))
    late: list[int] = []
    index = TailThread("index", Tail(dsn, MASTER, 0), lambda span: take(span, late))
    stop = threading.Event()

    def write() -> None:
        log = open_log(dsn)
        for number in range(150):
            batch = faces(1 + number % 4)
            if number % 3 == 0:
                batch.recognitions = [recognition()]
            log.commit(batch)
        log.close()

    writers = [threading.Thread(target=write) for _ in range(6)]
    cutter = threading.Thread(target=cut_listeners, args=(dsn, stop))
    sender.start()
    if cut:
        cutter.start()
    for number, writer in enumerate(writers):
        if number == 3:
            index.start()
        writer.start()
    for writer in writers:
        writer.join()
    stop.set()
    if cut:
        cutter.join()
    with psycopg.connect(dsn) as connection:
        [written] = [
            {row[0] for row in connection.execute(
                "SELECT notification_id FROM history UNION ALL "
                "SELECT notification_id FROM recognitions"
            )}
        ]  # fmt: skip
    until(lambda: min(len(seen), len(late)) >= len(written))
    sender.stop()
    index.stop()

    for positions in (seen, late):
        assert all(a < b for a, b in pairwise(positions))
        assert set(positions) == written, f"missed {len(written - set(positions))}"


def take(span: Span, into: list[int]) -> None:
    into += [fact.position for fact in span.facts]


def cut_listeners(dsn: str, stop: threading.Event) -> None:
    with psycopg.connect(dsn, autocommit=True) as admin:
        while not stop.wait(0.02):
            admin.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE "
                "datname = current_database() AND pid <> pg_backend_pid() "
                "AND (query LIKE 'LISTEN%' OR query LIKE '%notification_id > %' "
                "OR query = 'SELECT position FROM log_head')"
            )


def test_a_span_that_was_not_taken_is_given_again(
    dsn: str, caplog: pytest.LogCaptureFixture
) -> None:
    log = open_log(dsn)
    log.commit(faces(3))
    log.close()
    spans: list[Span] = []
    done = threading.Event()

    def consume(span: Span) -> None:
        spans.append(span)
        if len(spans) == 1:
            raise ValueError("not now")
        done.set()

    thread = TailThread("sender", Tail(dsn, MASTER, 0), consume)
    thread.start()
    assert done.wait(60)
    thread.stop()

    assert spans[0] == spans[1]
    assert "a span of the log was not taken" in caplog.text
