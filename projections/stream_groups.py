"""Groups of streams as they are read."""

from typing import Annotated
from uuid import UUID

from psycopg.sql import SQL
from pydantic import Field

from domain.shared.fields import Id
from domain.stream_groups import GroupNotFound, StreamGroup
from projections.database import Reader, Row, owned_by
from projections.filtering import CommaList, Conditions, Page, Where
from projections.table import Delete, Insert, Table, Update

STREAM_GROUPS = Table(
    "stream_groups",
    key="group_id",
    columns={
        "group_id": "uuid PRIMARY KEY",
        "account_id": "uuid NOT NULL",
        "group_name": "text NOT NULL",
        "description": "text NOT NULL",
        "create_time": "timestamptz NOT NULL",
    },
    indexes=("(account_id, create_time, group_id)",),  # pages of one account, oldest first
    unique={"name": "(account_id, group_name)"},
    rules=[
        Insert(
            StreamGroup.Created,
            *("account_id", "group_name", "description"),
            create_time="timestamp",
        ),
        Update(StreamGroup.Described, "description"),
        Delete(StreamGroup.Deleted),
    ],
)

LongPageSize = Annotated[int, Field(ge=1, le=1000, description="Items on a page.")]


class GroupConditions(Conditions):
    """Which groups are meant; the query parameters of `GET /1/groups/count`."""

    group_ids: Annotated[list[UUID] | None, CommaList, Where("group_id = ANY(%s)")] = None
    group_names: Annotated[list[str] | None, CommaList, Where("group_name = ANY(%s)")] = None
    account_id: Id | None = None


class GroupFilter(GroupConditions, Page):
    """Which page of groups to show; the query parameters of `GET /1/groups`."""

    page_size: LongPageSize = 10


def list_groups(db: Reader, account_id: UUID | None, wanted: GroupFilter) -> list[Row]:
    """One page, oldest first."""
    owner, of_owner = owned_by(account_id)
    where, values = wanted.where()
    query = SQL(
        "SELECT * FROM stream_groups WHERE {} AND {} "
        "ORDER BY create_time, group_id LIMIT %s OFFSET %s"
    ).format(owner, where)
    return db.fetch_all(query, [*of_owner, *values, wanted.page_size, wanted.offset])


def count_groups(db: Reader, account_id: UUID | None, wanted: GroupConditions) -> int:
    """How many groups pass all conditions."""
    owner, of_owner = owned_by(account_id)
    where, values = wanted.where()
    query = SQL("SELECT count(*) FROM stream_groups WHERE {} AND {}").format(owner, where)
    return int(db.fetch_value(query, [*of_owner, *values]))


def get_group(db: Reader, account_id: UUID | None, group_id: UUID) -> Row:
    """One group; refuses an unknown or foreign one."""
    owner, of_owner = owned_by(account_id)
    query = SQL("SELECT * FROM stream_groups WHERE group_id = %s AND {}").format(owner)
    row = db.fetch_one(query, [group_id, *of_owner])
    if row is None:
        raise GroupNotFound(group_id)
    return row


def streams_of_group(db: Reader, account_id: UUID, group_id: UUID) -> list[UUID]:
    """The ids of the account's streams in the group."""
    rows = db.fetch_all(
        "SELECT stream_id FROM streams WHERE account_id = %s AND group_ids @> %s::uuid[]",
        [account_id, [group_id]],
    )
    return [row["stream_id"] for row in rows]


def find_group(db: Reader, account_id: UUID, group_name: str) -> UUID | None:
    """The id of the group with this name."""
    found: UUID | None = db.fetch_value(
        "SELECT group_id FROM stream_groups WHERE account_id = %s AND group_name = %s",
        [account_id, group_name],
    )
    return found
