"""Streams as they are read: by clients, by workers and by the supervisor."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Annotated, Any, Final, Literal
from uuid import UUID

from psycopg.sql import SQL

from domain.shared.fields import Id, Time, UserData
from domain.stream_groups import StreamGroup
from domain.stream_statuses import FATAL_ERRORS, StreamNotFound
from domain.streams import Stream
from domain.streams_content.parts import Reference
from projections.database import Reader, Row, owned_by
from projections.filtering import CommaList, Conditions, Page, Where
from projections.stream_groups import LongPageSize
from projections.table import Append, Delete, Insert, Remove, RemoveEverywhere, Table, Update


def _text(name: str) -> Any:
    def read(event: Any) -> str:
        return getattr(event, name) or ""

    return read


def _reference(event: Any) -> str | None:
    return None if event.content is None else event.content["reference"]


_CONTENT: Final[dict[str, Any]] = {
    "name": _text("name"),
    "description": _text("description"),
    "reference": _reference,
    "status_time": "timestamp",
}

STREAMS = Table(
    "streams",
    key="stream_id",
    columns={
        "stream_id": "uuid PRIMARY KEY",
        "account_id": "uuid NOT NULL",
        "name": "text NOT NULL",
        "description": "text NOT NULL",
        "reference": "text",
        "content": "jsonb",
        "of_v1": "jsonb",
        "location": "jsonb",
        "autorestart": "jsonb NOT NULL",
        "group_ids": "uuid[] NOT NULL",
        "stream_version": "bigint NOT NULL",
        "status": "text NOT NULL",
        "status_time": "timestamptz NOT NULL",
        "error": "text",
        "video_info": "jsonb",
        "attempt": "bigint NOT NULL",
        "attempt_time": "timestamptz",
        "create_time": "timestamptz NOT NULL",
    },
    defaults={"stream_version": 1, "attempt": 0},
    indexes=(
        "(account_id, create_time, stream_id)",  # pages of one account, oldest first
        "(status, status_time, stream_id)",  # the queue, and what the supervisor looks after
        "USING gin (group_ids)",  # streams of a group
    ),
    rules=[
        Insert(
            Stream.Created,
            *("account_id", "content", "of_v1", "location", "autorestart", "group_ids", "status"),
            **_CONTENT,
            create_time="timestamp",
        ),
        Update(
            Stream.Replaced,
            *("content", "of_v1", "location", "autorestart", "status", "stream_version"),
            **_CONTENT,
            error=lambda _: None,
            video_info=lambda _: None,
            attempt=lambda _: 0,
            attempt_time=lambda _: None,
        ),
        Update(Stream.Described, description=_text("description")),
        Update(
            Stream.StatusChanged,
            *("status", "error", "video_info", "attempt", "attempt_time"),
            status_time="timestamp",
        ),
        Append(Stream.Attached, group_ids="group_id"),
        Remove(Stream.Detached, group_ids="group_id"),
        RemoveEverywhere(StreamGroup.Deleted, "group_ids"),
        Delete(Stream.Deleted),
    ],
)

StoredStatus = Literal["pending", "in_progress", "done", "pause", "cancel", "failure"]
_IN_GROUP = "EXISTS (SELECT FROM stream_groups g WHERE g.group_id = ANY(s.group_ids) AND {})"


class StreamConditions(Conditions):
    """Which streams are meant; the query parameters of `GET /1/streams/count`."""

    stream_ids: Annotated[list[UUID] | None, CommaList, Where("s.stream_id = ANY(%s)")] = None
    names: Annotated[list[UserData] | None, CommaList, Where("s.name = ANY(%s)")] = None
    reference: Annotated[Reference | None, Where("s.reference = %s")] = None
    statuses: Annotated[list[StoredStatus] | None, CommaList, Where("s.status = ANY(%s)")] = None
    create_time__gte: Annotated[Time | None, Where("s.create_time >= %s")] = None
    create_time__lt: Annotated[Time | None, Where("s.create_time < %s")] = None
    account_id: Id | None = None


class StreamFilter(StreamConditions, Page):
    """Which page of streams to show; the query parameters of `GET /2/streams`."""

    group_name: Annotated[str | None, Where(_IN_GROUP.format("g.group_name = %s"))] = None
    page_size: LongPageSize = 10


class StreamFilterV1(StreamFilter):
    """The same of `GET /1/streams`, which knows a range of ids and an order, too."""

    stream_id__gte: Annotated[UUID | None, Where("s.stream_id >= %s")] = None
    stream_id__lt: Annotated[UUID | None, Where("s.stream_id < %s")] = None
    order: Literal["asc", "desc"] = "asc"

    @property
    def by_id(self) -> bool:
        """Whether the page is in the order of ids."""
        return self.stream_id__gte is not None or self.stream_id__lt is not None


class QueueConditions(Conditions):
    """Which waiting streams are meant."""

    stream_ids: Annotated[list[UUID] | None, CommaList, Where("s.stream_id = ANY(%s)")] = None
    names: Annotated[list[UserData] | None, CommaList, Where("s.name = ANY(%s)")] = None
    group_ids: Annotated[list[UUID] | None, CommaList, Where("s.group_ids && %s::uuid[]")] = None
    group_names: Annotated[
        list[str] | None, CommaList, Where(_IN_GROUP.format("g.group_name = ANY(%s)"))
    ] = None


_SHOWN: Final = (
    "SELECT s.*, CASE WHEN s.video_info IS NULL OR s.status IN ('done', 'failure') "
    "THEN s.video_info ELSE coalesce(p.video_info, s.video_info) END AS shown_video_info, "
    "p.preview, "
    "ARRAY(SELECT g.group_name FROM stream_groups g WHERE g.group_id = ANY(s.group_ids) "
    "ORDER BY g.group_name) AS groups FROM streams s LEFT JOIN stream_progress p "
    "ON p.stream_id = s.stream_id AND p.stream_version = s.stream_version "
)
_ORDERS: Final = {
    "asc": SQL("s.create_time, s.stream_id"),
    "desc": SQL("s.create_time DESC, s.stream_id DESC"),
}


def list_streams(db: Reader, account_id: UUID | None, wanted: StreamFilter) -> list[Row]:
    """One page, oldest first unless asked otherwise."""
    owner, of_owner = _owned_by(account_id)
    where, values = wanted.where()
    order = _ORDERS["asc"]
    if isinstance(wanted, StreamFilterV1):
        order = SQL("s.stream_id") if wanted.by_id else _ORDERS[wanted.order]
    query = SQL(_SHOWN + "WHERE {} AND {} ORDER BY {} LIMIT %s OFFSET %s")
    return db.fetch_all(
        query.format(owner, where, order), [*of_owner, *values, wanted.page_size, wanted.offset]
    )


def count_streams(db: Reader, account_id: UUID | None, wanted: StreamConditions) -> int:
    """How many streams pass all conditions."""
    owner, of_owner = _owned_by(account_id)
    where, values = wanted.where()
    query = SQL("SELECT count(*) FROM streams s WHERE {} AND {}").format(owner, where)
    return int(db.fetch_value(query, [*of_owner, *values]))


def get_stream(db: Reader, account_id: UUID | None, stream_id: UUID) -> Row:
    """One stream; refuses an unknown or foreign one."""
    owner, of_owner = _owned_by(account_id)
    row = db.fetch_one(SQL(_SHOWN + "WHERE s.stream_id = %s AND {}").format(owner),
                       [stream_id, *of_owner])  # fmt: skip
    if row is None:
        raise StreamNotFound(stream_id)
    return row


def get_streams(db: Reader, stream_ids: Sequence[UUID]) -> list[Row]:
    """Several streams of any account, in the order asked."""
    found = db.fetch_all(SQL(_SHOWN + "WHERE s.stream_id = ANY(%s)"), [list(stream_ids)])
    by_id = {row["stream_id"]: row for row in found}
    return [by_id[i] for i in stream_ids if i in by_id]


def queue(db: Reader, account_id: UUID | None, wanted: QueueConditions, limit: int) -> list[Row]:
    """Waiting streams, those that wait longest first."""
    owner, of_owner = _owned_by(account_id)
    where, values = wanted.where()
    query = SQL(_SHOWN + "WHERE s.status = 'pending' AND {} AND {} "
                "ORDER BY s.status_time, s.stream_id LIMIT %s")  # fmt: skip
    return db.fetch_all(query.format(owner, where), [*of_owner, *values, limit])


def find_streams(
    db: Reader, account_id: UUID | None, ids: Sequence[UUID], names: Sequence[str]
) -> list[Row]:
    """Ids and accounts of the streams that have one of the ids or one of the names."""
    owner, of_owner = _owned_by(account_id)
    query = SQL("SELECT s.stream_id, s.account_id FROM streams s "
                "WHERE (s.stream_id = ANY(%s) OR s.name = ANY(%s)) AND {}")  # fmt: skip
    return db.fetch_all(query.format(owner), [list(ids), list(names), *of_owner])


def silent_streams(db: Reader, now: datetime, silence: timedelta) -> list[Row]:
    """Streams whose worker has said nothing for longer than `silence`."""
    return db.fetch_all(
        "SELECT s.stream_id, s.account_id FROM streams s LEFT JOIN stream_progress p "
        "ON p.stream_id = s.stream_id WHERE s.status = 'in_progress' "
        "AND greatest(s.status_time, p.feedback_time) < %s ORDER BY s.status_time LIMIT 1000",
        [now - silence],
    )


def failed_streams(db: Reader, now: datetime) -> list[Row]:
    """Failed streams that may have to be tried again by now."""
    return db.fetch_all(
        "SELECT stream_id, account_id FROM streams WHERE status = 'failure' "
        "AND (autorestart ->> 'restart')::int = 1 AND NOT coalesce(error = ANY(%s), false) "
        "AND (attempt < (autorestart ->> 'attempt_count')::int OR attempt_time + "
        "make_interval(secs => (autorestart ->> 'delay')::int) < status_time) "
        "AND status_time + make_interval(secs => (autorestart ->> 'delay')::int) <= %s "
        "ORDER BY status_time LIMIT 1000",
        [sorted(FATAL_ERRORS), now],
    )


def _owned_by(account_id: UUID | None) -> tuple[SQL, list[Any]]:
    if account_id is None:
        return owned_by(None)
    return SQL("s.account_id = %s"), [account_id]
