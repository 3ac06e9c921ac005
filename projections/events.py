"""Events as they are read: what handlers saw, flat, one row each."""

from collections.abc import Sequence
from datetime import UTC, datetime
from operator import itemgetter
from typing import Annotated, Any, Final, Literal, get_args
from uuid import UUID

from psycopg.sql import SQL, Composable, Identifier
from pydantic import Field

from domain.events import EventNotFound
from domain.recognitions import EventDeleted, EventRecorded
from domain.shared.fields import Time, written
from projections.database import Reader, Row, owned_by
from projections.event_columns import ASKED, SHOWN, event_row
from projections.event_filters import EventConditions
from projections.event_hours import MARKING
from projections.filtering import CommaList, Conditions, Page, Where
from projections.paging import FAR, Paged, Span, span_of
from projections.row_blocks import IN_BLOCKS
from projections.table import Delete, Insert, Table


class _InsertEvent(Insert):
    """A new event's row, made in one go."""

    def __call__(self, row: Row | None, event: Any, table: Table) -> Row | None:
        """The whole row."""
        return event_row(event)

    def columns(self, events: Sequence[Any], table: Table) -> list[Sequence[Any]]:
        """The same of many events: all values of each of the table's columns."""
        in_order = itemgetter(*table.columns)
        return list(zip(*(in_order(event_row(event)) for event in events), strict=True))


EVENTS = Table(
    "events",
    key="event_id",
    columns={
        "event_id": "uuid PRIMARY KEY",
        "account_id": "uuid NOT NULL",
        "handler_id": "uuid",
        "create_time": "timestamptz NOT NULL",
        "end_time": "timestamptz NOT NULL",
        "insert_time": "timestamptz NOT NULL",
        "descriptor_ids": "jsonb NOT NULL",
        **SHOWN,
        **ASKED,
    },
    indexes=(
        "(account_id, create_time, event_id)",  # pages of one account, in either order
        "(create_time, event_id)",  # the same over all accounts
        "(handler_id, create_time)",  # events of one handler
        "USING gin (tags)",  # events with all of some tags
        "(external_id) WHERE external_id <> ''",  # events of one external id
    ),
    grouped={"create_time": 5000},  # statistics by hours, days of the week, ...
    marking=(*MARKING, *IN_BLOCKS),
    rules=[_InsertEvent(EventRecorded), Delete(EventDeleted)],
)


def table_of_deleted(name: str, deletion: type[Any]) -> Table:
    """The read model of which events were deleted, and when."""
    return Table(
        name,
        key="event_id",
        columns={
            "event_id": "uuid PRIMARY KEY",
            "account_id": "uuid NOT NULL",
            "deletion_time": "timestamptz NOT NULL",
        },
        indexes=("(account_id, deletion_time, event_id)",),  # pages of one account
        rules=[Insert(deletion, "account_id", deletion_time="timestamp")],
    )


DELETED_EVENTS = table_of_deleted("deleted_events", EventDeleted)

EventTarget = Literal[
    "account_id", "create_time", "end_time", "event_id", "handler_id", "external_id", "source",
    "stream_id", "top_match", "match_result", "face_detections", "face_id", "attach_result",
    "gender", "age", "emotion", "ethnic_group", "liveness", "deepfake", "body_detections",
    "body_basic_attributes", "upper_body", "lower_body", "accessories", "tags", "user_data",
    "location", "mask", "track_id", "meta",
]  # fmt: skip
"""A field of an event that may be asked for."""

Order = Literal["asc", "desc"]


class EventFilter(EventConditions, Page):
    """Which events to list and what of them; the query parameters of `GET /6/events`.

    Where neither ids nor creation times are limited, only the last month is searched.
    """

    target: Annotated[list[EventTarget] | None, CommaList] = None
    order: Order = "desc"
    page_size: Annotated[int, Field(ge=1, le=1000, description="Items on a page.")] = 10

    @property
    def unlimited(self) -> bool:
        """Whether neither ids nor creation times are limited."""
        limits = ("event_ids", "event_id__gte", "event_id__lt")
        times = ("create_time__gte", "create_time__lt")
        return all(getattr(self, name) is None for name in (*limits, *times))


_MONTH_BEFORE: Final = (
    "(%s::timestamptz AT TIME ZONE 'UTC' - interval '1 month') AT TIME ZONE 'UTC'"
)
_LAST_MONTH: Final = SQL(f"create_time >= {_MONTH_BEFORE} AND create_time < %s")
_PAGES: Final = Paged(
    "events",
    "event_id",
    {"asc": SQL("create_time, event_id"), "desc": SQL("create_time DESC, event_id DESC")},
)
_PLACES: Final = ("city", "area", "district", "street", "house_number")
_FIELDS: Final[dict[EventTarget, tuple[str, ...]]] = {
    **{name: (name,) for name in get_args(EventTarget)},
    "location": (*_PLACES, "longitude", "latitude"),
}
_TIMES: Final = frozenset({"create_time", "end_time"})


def list_events(
    db: Reader, account_id: UUID | None, wanted: EventFilter, now: datetime | None = None
) -> list[Row]:
    """One page of the contract's `Event`s, by creation time; only the targets, if any."""
    now = now or datetime.now(UTC)
    owner, values = owned_by(account_id)
    where, of_where = wanted.where()
    clauses: list[Composable] = [owner, where]
    values += of_where
    if wanted.unlimited:
        clauses.append(_LAST_MONTH)
        values += [now, now]
    fields = wanted.target or list(_FIELDS)
    span = span_of(account_id, wanted) if wanted.offset >= FAR else None
    if span is not None and wanted.unlimited:
        span = Span(account_id, db.fetch_value(SQL("SELECT " + _MONTH_BEFORE), [now]), now)
    condition = SQL(" AND ").join(clauses), values
    rows = _PAGES.rows(db, _columns(fields), condition, wanted, wanted.order, span)
    return [_shown(row, fields) for row in rows]


def get_event(
    db: Reader, account_id: UUID | None, event_id: UUID, target: list[EventTarget] | None = None
) -> Row:
    """One event; refuses an unknown, foreign or deleted one."""
    owner, of_owner = owned_by(account_id)
    fields = target or list(_FIELDS)
    query = SQL("SELECT {} FROM events WHERE event_id = %s AND {}").format(_columns(fields), owner)
    row = db.fetch_one(query, [event_id, *of_owner])
    if row is None:
        raise EventNotFound(event_id)
    return _shown(row, fields)


def event_descriptor_ids(db: Reader, account_id: UUID | None, event_id: UUID) -> list[UUID]:
    """The ids of the vectors an event has; refuses an unknown, foreign or deleted one."""
    owner, of_owner = owned_by(account_id)
    query = SQL("SELECT descriptor_ids FROM events WHERE event_id = %s AND {}").format(owner)
    row = db.fetch_one(query, [event_id, *of_owner])
    if row is None:
        raise EventNotFound(event_id)
    return [UUID(i) for by_version in row["descriptor_ids"].values() for i in by_version.values()]


class DeletedEventFilter(Conditions, Page):
    """Which deleted events to list."""

    deletion_time__gte: Annotated[Time | None, Where("deletion_time >= %s")] = None
    deletion_time__lt: Annotated[Time | None, Where("deletion_time < %s")] = None
    event_ids: Annotated[list[UUID] | None, CommaList, Where("event_id = ANY(%s)")] = None
    event_id__gte: Annotated[UUID | None, Where("event_id >= %s")] = None
    event_id__lt: Annotated[UUID | None, Where("event_id < %s")] = None
    order: Order = "desc"
    page_size: Annotated[int, Field(ge=1, le=1000, description="Items on a page.")] = 10


def list_deleted_events(
    db: Reader,
    account_id: UUID | None,
    wanted: DeletedEventFilter,
    table: Table = DELETED_EVENTS,
) -> list[Row]:
    """Which events were deleted, and when, by the time of their deletion."""
    owner, of_owner = owned_by(account_id)
    where, values = wanted.where()
    direction = SQL("" if wanted.order == "asc" else "DESC")
    query = SQL(
        "SELECT event_id, account_id, deletion_time FROM {} WHERE {} AND {} "
        "ORDER BY deletion_time {}, event_id {} LIMIT %s OFFSET %s"
    ).format(Identifier(table.name), owner, where, direction, direction)
    rows = db.fetch_all(query, [*of_owner, *values, wanted.page_size, wanted.offset])
    return [{**row, "deletion_time": written(row["deletion_time"])} for row in rows]


def _columns(fields: Sequence[EventTarget]) -> Composable:
    names = dict.fromkeys(column for field in fields for column in _FIELDS[field])
    return SQL(", ".join(names))


def _shown(row: Row, fields: Sequence[EventTarget]) -> Row:
    shown: Row = {}
    for field in fields:
        if field == "location":
            shown[field] = _location(row)
        elif field in _TIMES:
            shown[field] = written(row[field])
        else:
            shown[field] = row[field]
    return shown


def _location(row: Row) -> Row | None:
    place: Row = {name: row[name] for name in _PLACES}
    known = row["longitude"] is not None and row["latitude"] is not None
    place["geo_position"] = (
        {"longitude": row["longitude"], "latitude": row["latitude"]} if known else None
    )
    return place if any(value is not None for value in place.values()) else None
