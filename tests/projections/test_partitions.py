"""Recognitions lie in the partition of their month, also when it was made too late."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from domain.log.port import Answer, AnswerKey, Batch
from domain.recognitions import EventDeleted
from projections.history import PostgresLog
from projections.housekeeping import keep_house
from projections.log_reader import LogReader
from projections.partitions import ensure_partitions
from tests.support.log import MASTER

ACCOUNT = uuid4()


def deleted() -> tuple[Any, str]:
    return EventDeleted(uuid4(), 2, datetime.now(UTC), account_id=ACCOUNT), ""


def counts(connection: psycopg.Connection[Any]) -> dict[str, int]:
    rows = connection.execute(
        "SELECT tableoid::regclass::text, count(*) FROM recognitions GROUP BY 1"
    )
    return dict(rows.fetchall())


def test_this_month_has_its_partition_from_the_start(dsn: str, log: PostgresLog) -> None:
    log.commit(Batch(recognitions=[deleted(), deleted()]))

    with psycopg.connect(dsn) as connection:
        row = connection.execute("SELECT max(recorded_at) FROM recognitions").fetchone()
        assert row is not None
        assert counts(connection) == {f"recognitions_{row[0].astimezone(UTC):%Y_%m}": 2}


@pytest.mark.parametrize(
    ("now", "months"),
    [
        (datetime(2031, 5, 31, 23, 59, tzinfo=UTC), ["2031_05", "2031_06"]),
        (datetime(2031, 12, 1, tzinfo=UTC), ["2031_12", "2032_01"]),
    ],
)
def test_a_month_and_the_next_are_made_once(dsn: str, now: datetime, months: list[str]) -> None:
    names = [f"recognitions_{month}" for month in months]
    with psycopg.connect(dsn, autocommit=True) as connection:
        assert ensure_partitions(connection, now) == names
        assert ensure_partitions(connection, now + timedelta(seconds=30)) == []


def test_rows_that_had_no_partition_move_to_theirs(dsn: str, log: PostgresLog) -> None:
    log.commit(Batch(recognitions=[deleted() for _ in range(3)]))
    with psycopg.connect(dsn, autocommit=True) as connection:
        for days, position in ((0, 1), (20, 2), (400, 3)):
            connection.execute(
                "UPDATE recognitions SET recorded_at = timestamptz '2031-05-02 00:00Z' "
                "+ %s * interval '1 day' WHERE notification_id = %s", [days, position]
            )  # fmt: skip
        assert counts(connection) == {"recognitions_rest": 3}

        ensure_partitions(connection, datetime(2031, 5, 30, tzinfo=UTC))

        assert counts(connection) == {"recognitions_2031_05": 2, "recognitions_rest": 1}
        facts = LogReader(MASTER).read(connection, 0).facts
        indexes = connection.execute(
            "SELECT count(*) FROM pg_index WHERE indrelid = 'recognitions_2031_05'::regclass"
        ).fetchone()
    assert [fact.position for fact in facts] == [1, 2, 3]
    assert [fact.event.originator_version for fact in facts] == [2, 2, 2]
    assert indexes == (2,)


def test_old_answers_are_forgotten(dsn: str, log: PostgresLog) -> None:
    keys = [AnswerKey(ACCOUNT, name, "CreateFace") for name in ("old", "new")]
    log.commit(Batch(answers={key: Answer("f", b"") for key in keys}))
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(
            "UPDATE answers SET create_time = create_time - interval '25 hours' WHERE key = 'old'"
        )
        keep_house(connection)

    assert list(log.answers(keys)) == keys[1:]
