"""Logs of streams as they are read: one record for each status a stream passed into."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Final, Literal
from uuid import UUID, uuid5

from psycopg.sql import SQL, Composable

from domain.shared.fields import Id, Time
from domain.stream_logs import EVERYBODY, StreamLogs
from domain.stream_statuses import StreamStatus
from domain.streams import Stream
from projections.database import Reader, Row
from projections.filtering import CommaList, Conditions, Page, Where
from projections.stream_groups import LongPageSize
from projections.table import Insert, Table


def _record_id(event: Any) -> UUID:
    return uuid5(event.originator_id, str(event.originator_version))


_RECORD: Final[dict[str, Any]] = {
    "stream_id": "originator_id",
    "number": "originator_version",
    "log_time": "timestamp",
}

STREAM_LOGS = Table(
    "stream_logs",
    key="record_id",
    columns={
        "record_id": "uuid PRIMARY KEY",
        "stream_id": "uuid NOT NULL",
        "account_id": "uuid",
        "number": "bigint NOT NULL",
        "log_time": "timestamptz NOT NULL",
        "status": "text NOT NULL",
        "error": "text",
        "video_info": "jsonb",
        "stream_version": "bigint NOT NULL",
    },
    defaults={"stream_version": 1},
    indexes=(
        "(stream_id, number)",  # the record that follows another
        "(log_time)",  # pages of all, newest first
        "(account_id) WHERE account_id IS NOT NULL",  # whose streams they are: first records
    ),
    rules=[
        Insert(Stream.Created, "account_id", "status", key=_record_id, **_RECORD),
        Insert(Stream.Replaced, "status", "stream_version", key=_record_id, **_RECORD),
        Insert(
            Stream.StatusChanged,
            *("status", "error", "video_info", "stream_version"),
            key=_record_id,
            **_RECORD,
        ),
        Insert(
            Stream.Deleted,
            "stream_version",
            key=_record_id,
            status=lambda _: StreamStatus.DELETED.value,
            **_RECORD,
        ),
    ],
)

LOG_CLEARINGS = Table(
    "log_clearings",
    key="clearing_id",
    columns={
        "clearing_id": "uuid PRIMARY KEY",
        "account_id": "uuid NOT NULL",
        "before": "timestamptz NOT NULL",
        "clear_time": "timestamptz NOT NULL",
    },
    rules=[
        Insert(StreamLogs.Cleared, "account_id", "before", key=_record_id, clear_time="timestamp")
    ],
)

LogTarget = Literal["stream_id", "status", "error", "video_info", "log_time", "version", "preview"]
LoggedStatus = Literal[
    "pending", "in_progress", "done", "pause", "restart", "cancel", "failure", "handler_lost",
    "deleted",
]  # fmt: skip


class LogConditions(Conditions):
    """Which records are meant."""

    stream_ids: Annotated[list[UUID] | None, CommaList, Where("l.stream_id = ANY(%s)")] = None
    statuses: Annotated[list[LoggedStatus] | None, CommaList, Where("l.status = ANY(%s)")] = None
    log_time__gte: Annotated[Time | None, Where("l.log_time >= %s")] = None
    log_time__lt: Annotated[Time | None, Where("l.log_time < %s")] = None


class LogFilter(LogConditions, Page):
    """Which page of records to show, and what of them; the query parameters of `GET .../logs`."""

    account_id: Id | None = None
    targets: Annotated[list[LogTarget] | None, CommaList] = None
    page_size: LongPageSize = 10


_OF_ACCOUNT: Final = (
    "l.stream_id IN (SELECT f.stream_id FROM stream_logs f WHERE f.account_id = %s)"
)
# A record is kept by a clearing that found none after it; the clearing counts for its owner.
_CLEARED: Final = (
    "EXISTS (SELECT FROM log_clearings c WHERE l.log_time < c.before AND (c.account_id = "
    f"'{EVERYBODY}' OR c.account_id = (SELECT f.account_id FROM stream_logs f "
    "WHERE f.stream_id = l.stream_id AND f.account_id IS NOT NULL)) "
    "AND EXISTS (SELECT FROM stream_logs n WHERE n.stream_id = l.stream_id "
    "AND n.number > l.number AND n.log_time <= c.clear_time))"
)


def list_logs(
    db: Reader, account_id: UUID | None, wanted: LogFilter, *, later: bool = False
) -> list[Row]:
    """One page, newest first; with `later` only of what happened after a stream was made."""
    where, values = wanted.where()
    clauses: list[Composable] = [where]
    if later:
        clauses.append(SQL("l.number > 1"))
    if account_id is not None:
        clauses.append(SQL(_OF_ACCOUNT))
        values.append(account_id)
    query = SQL(
        "SELECT * FROM stream_logs l WHERE {} AND NOT " + _CLEARED + " "
        "ORDER BY l.log_time DESC, l.stream_id, l.number DESC LIMIT %s OFFSET %s"
    ).format(SQL(" AND ").join(clauses))
    return db.fetch_all(query, [*values, wanted.page_size, wanted.offset])


def count_clearable(db: Reader, account_id: UUID, before: datetime) -> int:
    """How many records a clearing would take."""
    mine: Sequence[UUID] = () if account_id == EVERYBODY else (account_id,)
    owner = SQL(" AND " + _OF_ACCOUNT if mine else "")
    query = SQL(
        "SELECT count(*) FROM stream_logs l WHERE l.log_time < %s AND NOT " + _CLEARED + " "
        "AND EXISTS (SELECT FROM stream_logs n WHERE n.stream_id = l.stream_id "
        "AND n.number > l.number){}"
    ).format(owner)
    return int(db.fetch_value(query, [before, *mine]))
