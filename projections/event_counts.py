"""How many events each handler recorded, by the hour: a statistic kept behind the log."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid5

from domain.recognitions import EventRecorded
from projections.database import Reader, Row
from projections.table import Add, Table

_NAMESPACE = UUID("6d0f7ad1-6c3a-4b8e-9a55-3a4a1e1a2c01")


def _hour(event: EventRecorded) -> datetime:
    return event.create_time.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


def _row_of(event: EventRecorded) -> UUID:
    return uuid5(_NAMESPACE, f"{event.account_id} {event.handler_id} {_hour(event).timestamp()}")


def _one(event: Any) -> int:
    return 1


EVENT_COUNTS = Table(
    "event_counts",
    key="row_id",
    columns={
        "row_id": "uuid PRIMARY KEY",
        "account_id": "uuid NOT NULL",
        "handler_id": "uuid",
        "hour": "timestamptz NOT NULL",
        "events": "bigint NOT NULL",
    },
    indexes=("(account_id, hour, handler_id)",),  # counts of one account in a period
    rules=[
        Add(
            EventRecorded,
            "account_id",
            "handler_id",
            key=_row_of,
            hour=_hour,
            counts={"events": _one},
        ),
    ],
)
"""Counts what was recorded, also what was deleted later: how busy handlers were."""


def events_by_hour(db: Reader, account_id: UUID, begin: datetime, end: datetime) -> list[Row]:
    """Handler, hour and number of recorded events, for the hours in [begin, end)."""
    return db.fetch_all(
        "SELECT handler_id, hour, events FROM event_counts "
        "WHERE account_id = %s AND hour >= %s AND hour < %s ORDER BY hour, handler_id",
        [account_id, begin, end],
    )
