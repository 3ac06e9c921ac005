"""Streams as they are read: by clients, by workers and by the supervisor."""

from collections.abc import Sequence
from typing import Annotated, Any, Final, Literal
from uuid import UUID

from psycopg.sql import SQL, Composable

from domain.human_tracking import OWN_NAMES
from domain.shared.fields import Id, Time, UserData
from domain.stream_groups import StreamGroup
from domain.stream_statuses import StreamNotFound
from domain.streams import Stream
from domain.streams_content.parts import Reference
from projections.database import Reader, Row, owned_by
from projections.filtering import CommaList, Conditions, Page, Where
from projections.stream_columns import CONTENT, NOBODYS, Passed, text_of
from projections.stream_groups import LongPageSize
from projections.table import Append, Delete, Insert, Remove, RemoveEverywhere, Table, Update

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
        "of_v6": "jsonb",
        "source": "text",
        "analytics": "text[] NOT NULL",
        "schedules": "jsonb NOT NULL",
        "older_words": "boolean NOT NULL",
        "agent_id": "uuid",
        "handed": "jsonb",
        "until": "timestamptz",
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
        "(agent_id) WHERE agent_id IS NOT NULL",  # what an agent has
        "(until) WHERE until IS NOT NULL",  # whose analytics stop or begin to work
    ),
    rules=[
        Insert(
            Stream.Created,
            *("account_id", "content", "of_v1", "of_v6", "location", "autorestart", "group_ids"),
            "status",
            **CONTENT,
            create_time="timestamp",
        ),
        Update(
            Stream.Replaced,
            *("content", "of_v1", "of_v6", "location", "autorestart", "status", "stream_version"),
            **CONTENT,
            **{name: lambda _: None for name in NOBODYS},
            error=lambda _: None,
            video_info=lambda _: None,
            attempt=lambda _: 0,
            attempt_time=lambda _: None,
        ),
        Update(Stream.Described, description=text_of("description")),
        Update(Stream.Handed, "agent_id", "until", handed="analytics"),
        Update(Stream.Scheduled, "schedules"),
        Passed(
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
    """Which streams are meant; the query parameters of `GET /1/streams/count`.

    Only those are that the older generations have words for.
    """

    stream_ids: Annotated[list[UUID] | None, CommaList, Where("s.stream_id = ANY(%s)")] = None
    names: Annotated[list[UserData] | None, CommaList, Where("s.name = ANY(%s)")] = None
    reference: Annotated[Reference | None, Where("s.reference = %s")] = None
    statuses: Annotated[list[StoredStatus] | None, CommaList, Where("s.status = ANY(%s)")] = None
    create_time__gte: Annotated[Time | None, Where("s.create_time >= %s")] = None
    create_time__lt: Annotated[Time | None, Where("s.create_time < %s")] = None
    account_id: Id | None = None

    def conditions(self) -> tuple[list[Composable], list[Any]]:
        """The conditions that are on, and their values in the same order."""
        clauses, values = super().conditions()
        return [*clauses, SQL("s.older_words")], values


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


AT_WORK: Final = (
    "(s.schedules = '[]' OR EXISTS (SELECT FROM jsonb_array_elements(s.schedules) a "
    "WHERE a.value = '{{}}' OR EXISTS (SELECT FROM jsonb_each(a.value) e, "
    "jsonb_array_elements(e.value) w WHERE (w.value ->> 'start_time')::timestamptz <= now() "
    "AND now() < (w.value ->> 'end_time')::timestamptz)))"
)
"""That one of the analytics works now; braces are doubled, as `SQL.format` wants them."""

SHOWN: Final = (
    "SELECT s.*, CASE WHEN s.video_info IS NULL OR s.status IN ('done', 'failure') "
    "THEN s.video_info ELSE coalesce(p.video_info, s.video_info) END AS shown_video_info, "
    "p.preview, "
    "ARRAY(SELECT g.group_name FROM stream_groups g WHERE g.group_id = ANY(s.group_ids) "
    "ORDER BY g.group_name) AS groups FROM streams s LEFT JOIN stream_progress p "
    "ON p.stream_id = s.stream_id AND p.stream_version = s.stream_version "
)
ORDERS: Final = {
    "asc": SQL("s.create_time, s.stream_id"),
    "desc": SQL("s.create_time DESC, s.stream_id DESC"),
}


def list_streams(db: Reader, account_id: UUID | None, wanted: StreamFilter) -> list[Row]:
    """One page, oldest first unless asked otherwise."""
    owner, of_owner = of_account(account_id)
    where, values = wanted.where()
    order = ORDERS["asc"]
    if isinstance(wanted, StreamFilterV1):
        order = SQL("s.stream_id") if wanted.by_id else ORDERS[wanted.order]
    query = SQL(SHOWN + "WHERE {} AND {} ORDER BY {} LIMIT %s OFFSET %s")
    return db.fetch_all(
        query.format(owner, where, order), [*of_owner, *values, wanted.page_size, wanted.offset]
    )


def count_streams(db: Reader, account_id: UUID | None, wanted: StreamConditions) -> int:
    """How many streams pass all conditions."""
    owner, of_owner = of_account(account_id)
    where, values = wanted.where()
    query = SQL("SELECT count(*) FROM streams s WHERE {} AND {}").format(owner, where)
    return int(db.fetch_value(query, [*of_owner, *values]))


def get_stream(db: Reader, account_id: UUID | None, stream_id: UUID) -> Row:
    """One stream; refuses an unknown or foreign one."""
    owner, of_owner = of_account(account_id)
    row = db.fetch_one(SQL(SHOWN + "WHERE s.stream_id = %s AND {}").format(owner),
                       [stream_id, *of_owner])  # fmt: skip
    if row is None:
        raise StreamNotFound(stream_id)
    return row


def get_streams(db: Reader, stream_ids: Sequence[UUID]) -> list[Row]:
    """Several streams of any account, in the order asked."""
    found = db.fetch_all(SQL(SHOWN + "WHERE s.stream_id = ANY(%s)"), [list(stream_ids)])
    by_id = {row["stream_id"]: row for row in found}
    return [by_id[i] for i in stream_ids if i in by_id]


def queue(db: Reader, account_id: UUID | None, wanted: QueueConditions, limit: int) -> list[Row]:
    """Waiting streams that our own analytics can process now, those that wait longest first."""
    owner, of_owner = of_account(account_id)
    where, values = wanted.where()
    query = SQL(SHOWN + "WHERE s.status = 'pending' AND s.analytics <@ %s AND " + AT_WORK +
                " AND {} AND {} ORDER BY s.status_time, s.stream_id LIMIT %s")  # fmt: skip
    own = sorted(OWN_NAMES)
    return db.fetch_all(query.format(owner, where), [own, *of_owner, *values, limit])


def find_streams(
    db: Reader, account_id: UUID | None, ids: Sequence[UUID], names: Sequence[str]
) -> list[Row]:
    """Ids and accounts of the streams that have one of the ids or one of the names."""
    owner, of_owner = of_account(account_id)
    query = SQL("SELECT s.stream_id, s.account_id FROM streams s "
                "WHERE (s.stream_id = ANY(%s) OR s.name = ANY(%s)) AND {}")  # fmt: skip
    return db.fetch_all(query.format(owner), [list(ids), list(names), *of_owner])


def of_account(account_id: UUID | None) -> tuple[SQL, list[Any]]:
    """The condition on the owner, and its values."""
    if account_id is None:
        return owned_by(None)
    return SQL("s.account_id = %s"), [account_id]
