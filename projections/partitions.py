"""The monthly partitions of the log of recognitions."""

from datetime import UTC, datetime
from typing import Any

from psycopg import Connection
from psycopg.rows import tuple_row
from psycopg.sql import SQL, Identifier, Literal

_LOCK = 0x53656C656E650002


def ensure_partitions(connection: Connection[Any], now: datetime | None = None) -> list[str]:
    """Make the partitions of this month and the next; the names of those that were missing.

    Recognitions of a month that had none are in the partition for the rest, and move.
    """
    month = (
        (now or datetime.now(UTC))
        .astimezone(UTC)
        .replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    )
    following = _next(month)
    return [
        name
        for begin, end in ((month, following), (following, _next(following)))
        if (name := _ensure(connection, begin, end))
    ]


def _next(month: datetime) -> datetime:
    return month.replace(year=month.year + month.month // 12, month=month.month % 12 + 1)


def _ensure(connection: Connection[Any], begin: datetime, end: datetime) -> str | None:
    name = f"recognitions_{begin:%Y_%m}"
    cursor = connection.cursor(row_factory=tuple_row)
    if cursor.execute("SELECT to_regclass(%s)", [name]).fetchone() != (None,):
        return None
    parts = {
        "name": Identifier(name),
        "begin": Literal(begin.isoformat()),
        "end": Literal(end.isoformat()),
    }
    with connection.transaction():
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
        if cursor.execute("SELECT to_regclass(%s)", [name]).fetchone() != (None,):
            return None
        cursor.execute("SELECT 1 FROM log_head FOR UPDATE")  # nobody writes while rows move
        cursor.execute(SQL("CREATE TABLE {name} (LIKE recognitions INCLUDING ALL)").format(**parts))
        cursor.execute(
            SQL(
                "WITH moved AS (DELETE FROM recognitions_rest "
                "WHERE recorded_at >= {begin} AND recorded_at < {end} RETURNING *) "
                "INSERT INTO {name} SELECT * FROM moved"
            ).format(**parts)
        )
        cursor.execute(
            SQL(
                "ALTER TABLE recognitions ATTACH PARTITION {name} "
                "FOR VALUES FROM ({begin}) TO ({end})"
            ).format(**parts)
        )
    return name
