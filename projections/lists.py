"""Lists as they are read."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from psycopg.sql import SQL

from domain.faces import Face
from domain.lists import FaceList, ListNotFound
from projections.database import Reader, Row, owned_by
from projections.filtering import CommaList, Filter, Where
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
    },
    defaults={"retired": False},
    indexes=(
        "(account_id, create_time DESC, list_id)",  # pages of one account, newest first
        "(list_id) WHERE retired",  # lists whose faces are still to be deleted
    ),
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
        Update(Face.Attached, key="list_id", last_update_time="timestamp"),
        Update(Face.Detached, key="list_id", last_update_time="timestamp"),
        Delete(FaceList.Deleted),
    ],
)


class ListFilter(Filter):
    """Which lists to show; every field is a query parameter of `GET /6/lists`."""

    list_ids: Annotated[list[UUID] | None, CommaList, Where("list_id = ANY(%s)")] = None
    user_data: Annotated[str | None, Where("strpos(user_data, %s) > 0")] = None
    user_data__eq: Annotated[str | None, Where("user_data = %s")] = None
    create_time__gte: Annotated[datetime | None, Where("create_time >= %s")] = None
    create_time__lt: Annotated[datetime | None, Where("create_time < %s")] = None
    last_update_time__gte: Annotated[datetime | None, Where("last_update_time >= %s")] = None
    last_update_time__lt: Annotated[datetime | None, Where("last_update_time < %s")] = None


_SHOWN = "list_id, user_data, account_id, create_time, last_update_time"


def list_lists(db: Reader, account_id: UUID | None, wanted: ListFilter) -> list[Row]:
    """One page, newest first."""
    owner, of_owner = owned_by(account_id)
    where, values = wanted.where()
    query = SQL(
        "SELECT " + _SHOWN + " FROM lists WHERE NOT retired AND {} AND {} "
        "ORDER BY create_time DESC, list_id LIMIT %s OFFSET %s"
    ).format(owner, where)
    return db.fetch_all(query, [*of_owner, *values, wanted.page_size, wanted.offset])


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
