"""Lists as they are read."""

from typing import Annotated, Any, NamedTuple
from uuid import UUID

from psycopg.sql import SQL

from domain.faces import Face
from domain.lists import FaceList, ListNotFound
from domain.shared.fields import Time
from projections.database import Reader, Row, owned_by
from projections.filtering import CommaList, Conditions, Filter, Where
from projections.paging import FAR, Paged, span_of
from projections.row_blocks import IN_BLOCKS
from projections.row_counts import COUNTED, counted
from projections.table import Delete, Insert, Table, Update


def _user_data(event: Any) -> str:
    return event.user_data or ""


LISTS = Table(
    "lists",
    key="list_id",
    columns={
        "list_id": "uuid PRIMARY KEY",
        "account_id": "uuid NOT NULL",
        "user_data": "text NOT NULL",
        "create_time": "timestamptz NOT NULL",
        "last_update_time": "timestamptz NOT NULL",
        "retired": "boolean NOT NULL",
        "faces_stay": "boolean NOT NULL",
    },
    defaults={"retired": False, "faces_stay": False},
    indexes=(
        "(account_id, create_time DESC, list_id)",  # pages of one account, newest first
        "(create_time DESC, list_id)",  # the same over all accounts
        "(list_id) WHERE retired",  # lists that nobody sees, whose faces still are to go
    ),
    marking=(*IN_BLOCKS, *COUNTED),
    rules=[
        Insert(
            FaceList.Created,
            "account_id",
            user_data=_user_data,
            create_time="timestamp",
            last_update_time="timestamp",
        ),
        Update(FaceList.Edited, user_data=_user_data, last_update_time="timestamp"),
        Update(FaceList.Retired, retired=lambda _: True),
        Update(FaceList.Dissolved, retired=lambda _: True, faces_stay=lambda _: True),
        Update(Face.Attached, key="list_id", last_update_time="timestamp"),
        Update(Face.Detached, key="list_id", last_update_time="timestamp"),
        Delete(FaceList.Deleted),
    ],
)


class ListConditions(Conditions):
    """Which lists are meant; every field is a query parameter of `GET /6/lists/count`."""

    list_ids: Annotated[list[UUID] | None, CommaList, Where("list_id = ANY(%s)")] = None
    list_id__gte: Annotated[UUID | None, Where("list_id >= %s")] = None
    list_id__lt: Annotated[UUID | None, Where("list_id < %s")] = None
    user_data: Annotated[str | None, Where("strpos(user_data, %s) > 0")] = None
    user_data__eq: Annotated[str | None, Where("user_data = %s")] = None
    create_time__gte: Annotated[Time | None, Where("create_time >= %s")] = None
    create_time__lt: Annotated[Time | None, Where("create_time < %s")] = None
    last_update_time__gte: Annotated[Time | None, Where("last_update_time >= %s")] = None
    last_update_time__lt: Annotated[Time | None, Where("last_update_time < %s")] = None


class ListFilter(ListConditions, Filter):
    """Which page of lists to show; the query parameters of `GET /6/lists`."""


_SHOWN = "list_id, user_data, account_id, create_time, last_update_time"
_PAGES = Paged("lists", "list_id", {"desc": SQL("create_time DESC, list_id")})


_HIDDEN = "SELECT EXISTS (SELECT FROM lists WHERE retired)"


def list_lists(db: Reader, account_id: UUID | None, wanted: ListFilter) -> list[Row]:
    """One page, newest first."""
    owner, of_owner = owned_by(account_id)
    where, values = wanted.where()
    condition = SQL("NOT retired AND {} AND {}").format(owner, where), [*of_owner, *values]
    # Retired lists are counted like others; there are none but for a moment.
    some_are_hidden = wanted.offset >= FAR and db.fetch_value(_HIDDEN)
    span = None if some_are_hidden else span_of(account_id, wanted)
    return _PAGES.rows(db, SQL(_SHOWN), condition, wanted, span=span)


def count_lists(db: Reader, account_id: UUID | None, wanted: ListConditions) -> int:
    """How many lists pass all conditions; those of an account are counted already."""
    owner, of_owner = owned_by(account_id)
    if not wanted.conditions()[0]:
        hidden = SQL("SELECT count(*) FROM lists WHERE retired AND {}").format(owner)
        return counted(db, "lists", "account", account_id) - int(db.fetch_value(hidden, of_owner))
    where, values = wanted.where()
    query = SQL("SELECT count(*) FROM lists WHERE NOT retired AND {} AND {}").format(owner, where)
    return int(db.fetch_value(query, [*of_owner, *values]))


def get_list(db: Reader, account_id: UUID | None, list_id: UUID) -> Row:
    """One list; refuses an unknown or foreign one."""
    owner, of_owner = owned_by(account_id)
    query = SQL(
        "SELECT " + _SHOWN + " FROM lists WHERE list_id = %s AND NOT retired AND {}"
    ).format(owner)
    row = db.fetch_one(query, [list_id, *of_owner])
    if row is None:
        raise ListNotFound(list_id)
    return row


class RetiredList(NamedTuple):
    """A list that nobody sees any more: its faces are to be deleted, or only to leave it."""

    list_id: UUID
    account_id: UUID
    faces_stay: bool


def retired_lists(db: Reader) -> list[RetiredList]:
    """The lists whose faces still are to be deleted or to leave."""
    query = "SELECT list_id, account_id, faces_stay FROM lists WHERE retired ORDER BY list_id"
    return [RetiredList(**row) for row in db.fetch_all(query)]
