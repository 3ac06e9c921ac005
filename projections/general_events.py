"""General events as they are read: what clients said, one row each."""

from collections.abc import Sequence
from typing import Annotated, Any, ClassVar, Final
from uuid import UUID

from psycopg.sql import SQL
from pydantic import Field

from domain.general_events import GeneralEventNotFound, general_event
from domain.recognitions import GeneralEventDeleted, GeneralEventRecorded
from projections.database import Reader, Row, owned_by
from projections.event_columns import (
    PLACE,
    as_text,
    as_uuid,
    ids_by_kind,
    place_columns,
)
from projections.event_common import CommonConditions
from projections.events import Order, table_of_deleted
from projections.filtering import CommaList, Conditions, Page, Where
from projections.paging import Paged, span_of
from projections.row_blocks import IN_BLOCKS
from projections.table import Delete, Insert, Table


def _said(name: str, event: GeneralEventRecorded) -> Any:
    return None if event.content is None else event.content.get(name)


def _place(name: str, event: GeneralEventRecorded) -> Any:
    return place_columns(_said("location", event))[name]


def _place_sources() -> dict[str, Any]:
    return {name: lambda event, name=name: _place(name, event) for name in PLACE}


GENERAL_EVENTS = Table(
    "general_events",
    key="event_id",
    columns={
        "event_id": "uuid PRIMARY KEY",
        "account_id": "uuid NOT NULL",
        "event_type": "text NOT NULL",
        "create_time": "timestamptz NOT NULL",
        "end_time": "timestamptz NOT NULL",
        "insert_time": "timestamptz NOT NULL",
        "content": "jsonb",
        "descriptor_ids": "jsonb NOT NULL",
        "source": "text",
        "stream_id": "uuid",
        "track_id": "text",
        **PLACE,
    },
    indexes=(
        "(account_id, create_time, event_id)",  # pages of one account, in either order
        "(create_time, event_id)",  # the same over all accounts
        "(account_id, event_type, create_time)",  # events of one type
    ),
    grouped={"create_time": 5000},  # statistics by hours, days of the week, ...
    marking=IN_BLOCKS,
    rules=[
        Insert(
            GeneralEventRecorded,
            "account_id",
            "event_type",
            "create_time",
            "end_time",
            "content",
            insert_time="timestamp",
            descriptor_ids=lambda event: ids_by_kind(event.descriptor_ids),
            source=lambda event: as_text(_said("source", event)),
            stream_id=lambda event: as_uuid(_said("stream_id", event)),
            track_id=lambda event: as_text(_said("track_id", event)),
            **_place_sources(),
        ),
        Delete(GeneralEventDeleted),
    ],
)

DELETED_GENERAL_EVENTS = table_of_deleted("deleted_general_events", GeneralEventDeleted)


class GeneralEventConditions(CommonConditions):
    """Conditions on general events; parameters `event.*` are conditions on their content."""

    _prefix: ClassVar[str] = "event"
    _column: ClassVar[str] = "content"

    event_type: Annotated[list[str] | None, CommaList, Where("event_type = ANY(%s)")] = None


class GeneralEventFilter(GeneralEventConditions, Page):
    """Which general events to list; the query parameters of `GET /6/general_events`."""

    order: Order = "desc"
    page_size: Annotated[int, Field(ge=1, le=1000, description="Items on a page.")] = 10


_SHOWN: Final = SQL("event_id, account_id, event_type, create_time, end_time, content")
_PAGES: Final = Paged(
    "general_events",
    "event_id",
    {"asc": SQL("create_time, event_id"), "desc": SQL("create_time DESC, event_id DESC")},
)


def list_general_events(
    db: Reader, account_id: UUID | None, wanted: GeneralEventFilter
) -> list[Row]:
    """One page, by creation time."""
    owner, values = owned_by(account_id)
    where, of_where = wanted.where()
    condition = SQL("{} AND {}").format(owner, where), [*values, *of_where]
    span = span_of(account_id, wanted)
    rows = _PAGES.rows(db, _SHOWN, condition, wanted, wanted.order, span)
    return [_shown(row) for row in rows]


def get_general_event(db: Reader, account_id: UUID | None, event_id: UUID) -> Row:
    """One general event; refuses an unknown, foreign or deleted one."""
    owner, of_owner = owned_by(account_id)
    query = SQL("SELECT {} FROM general_events WHERE event_id = %s AND {}").format(_SHOWN, owner)
    row = db.fetch_one(query, [event_id, *of_owner])
    if row is None:
        raise GeneralEventNotFound(event_id)
    return _shown(row)


def get_general_events(db: Reader, event_ids: Sequence[UUID]) -> dict[UUID, Row]:
    """Those of the general events that exist, by id, whatever their account."""
    query = SQL("SELECT {} FROM general_events WHERE event_id = ANY(%s)").format(_SHOWN)
    return {row["event_id"]: _shown(row) for row in db.fetch_all(query, [list(event_ids)])}


class GeneralEventDescriptorFilter(Conditions, Page):
    """Of which general events to list descriptors."""

    event_ids: Annotated[list[UUID] | None, CommaList, Where("event_id = ANY(%s)")] = None
    order: Order = "desc"


def list_general_event_descriptors(
    db: Reader, account_id: UUID | None, wanted: GeneralEventDescriptorFilter
) -> list[Row]:
    """One page of the events that have descriptors, by creation time, vectors as raw bytes."""
    owner, of_owner = owned_by(account_id)
    where, values = wanted.where()
    condition = SQL("descriptor_ids <> '{{}}' AND {} AND {}").format(owner, where)
    columns = SQL("event_id, account_id, event_type")
    where_all = condition, [*of_owner, *values]
    rows = _PAGES.rows(db, columns, where_all, wanted, wanted.order)
    found = db.fetch_all(
        "SELECT owner_id, kind, version, data FROM descriptors WHERE owner_id = ANY(%s) "
        "ORDER BY kind DESC, version",
        [[row["event_id"] for row in rows]],
    )
    by_owner: dict[UUID, list[Row]] = {}
    for one in found:
        by_owner.setdefault(one.pop("owner_id"), []).append(one)
    return [{**row, "descriptors": by_owner.get(row["event_id"], [])} for row in rows]


def _shown(row: Row) -> Row:
    times = row["create_time"], row["end_time"]
    told = general_event(row["account_id"], row["event_type"], *times, row["content"])
    return {"event_id": row["event_id"], **told}
