"""Analytics as they are read: those of accounts, and those that are there for everybody."""

from collections.abc import Sequence
from operator import itemgetter
from typing import Annotated, Any, Final, Literal
from uuid import UUID

from psycopg.sql import SQL
from psycopg.types.json import Jsonb

from domain.analytics import Analytic, AnalyticNotFound
from domain.human_tracking import EVERYBODYS, OWN_ANALYTICS, OWN_SINCE
from domain.shared.fields import Id, Time
from projections.database import Reader, Row
from projections.filtering import CommaList, Conditions, Page, Where
from projections.stream_groups import LongPageSize
from projections.table import Delete, Insert, Table, Update


def _name(event: Any) -> Any:
    return itemgetter("analytic_name")(event.content)


ANALYTICS = Table(
    "analytics",
    key="analytic_id",
    columns={
        "analytic_id": "uuid PRIMARY KEY",
        "account_id": "uuid NOT NULL",
        "analytic_name": "text NOT NULL",
        "content": "jsonb NOT NULL",
        "create_time": "timestamptz NOT NULL",
        "last_update_time": "timestamptz NOT NULL",
    },
    indexes=("(account_id, create_time, analytic_id)",),  # pages of one account, oldest first
    unique={"name": "(account_id, analytic_name)"},
    rules=[
        Insert(
            Analytic.Created,
            *("account_id", "content"),
            analytic_name=_name,
            create_time="timestamp",
            last_update_time="timestamp",
        ),
        Update(Analytic.Replaced, "content", analytic_name=_name, last_update_time="timestamp"),
        Delete(Analytic.Deleted),
    ],
)

_COLUMNS: Final = "analytic_id, account_id, analytic_name, content, create_time, last_update_time"
_ALL: Final = (
    f"(SELECT {_COLUMNS} FROM analytics UNION ALL SELECT {_COLUMNS} FROM jsonb_to_recordset(%s) "
    "AS own (analytic_id uuid, account_id uuid, analytic_name text, content jsonb, "
    "create_time timestamptz, last_update_time timestamptz)) a"
)
_OWN: Final = [
    {
        "analytic_id": str(analytic_id),
        "account_id": str(EVERYBODYS),
        "analytic_name": content.analytic_name,
        "content": content.as_dict(),
        "create_time": OWN_SINCE.isoformat(),
        "last_update_time": OWN_SINCE.isoformat(),
    }
    for analytic_id, content in OWN_ANALYTICS
]


class AnalyticFilter(Conditions, Page):
    """Which page of analytics to show; the query parameters of `GET /6/analytics`."""

    analytic_ids: Annotated[list[UUID] | None, CommaList, Where("analytic_id = ANY(%s)")] = None
    analytic_id__gte: Annotated[UUID | None, Where("analytic_id >= %s")] = None
    analytic_id__lt: Annotated[UUID | None, Where("analytic_id < %s")] = None
    analytic_names: Annotated[list[str] | None, CommaList, Where("analytic_name = ANY(%s)")] = None
    create_time__gte: Annotated[Time | None, Where("create_time >= %s")] = None
    create_time__lt: Annotated[Time | None, Where("create_time < %s")] = None
    order: Literal["asc", "desc"] = "asc"
    account_id: Id | None = None
    page_size: LongPageSize = 10


_ORDERS: Final = {
    "asc": SQL("create_time, analytic_id"),
    "desc": SQL("create_time DESC, analytic_id DESC"),
}


def list_analytics(db: Reader, account_id: UUID | None, wanted: AnalyticFilter) -> list[Row]:
    """One page, oldest first unless asked otherwise."""
    owner, of_owner = _readable(account_id)
    where, values = wanted.where()
    query = SQL("SELECT * FROM " + _ALL + " WHERE {} AND {} ORDER BY {} LIMIT %s OFFSET %s")
    return db.fetch_all(
        query.format(owner, where, _ORDERS[wanted.order]),
        [Jsonb(_OWN), *of_owner, *values, wanted.page_size, wanted.offset],
    )


def get_analytic(db: Reader, account_id: UUID | None, analytic_id: UUID) -> Row:
    """One analytic; refuses an unknown or foreign one."""
    owner, of_owner = _readable(account_id)
    query = SQL("SELECT * FROM " + _ALL + " WHERE analytic_id = %s AND {}").format(owner)
    row = db.fetch_one(query, [Jsonb(_OWN), analytic_id, *of_owner])
    if row is None:
        raise AnalyticNotFound(analytic_id)
    return row


def analytics_named(db: Reader, account_id: UUID, names: Sequence[str]) -> dict[str, Row]:
    """The contents of analytics that the account may use, by name."""
    owner, of_owner = _readable(account_id)
    query = SQL("SELECT * FROM " + _ALL + " WHERE analytic_name = ANY(%s) AND {}").format(owner)
    rows = db.fetch_all(query, [Jsonb(_OWN), list(names), *of_owner])
    return {row["analytic_name"]: row["content"] for row in rows}


def _readable(account_id: UUID | None) -> tuple[SQL, list[Any]]:
    if account_id is None:
        return SQL("TRUE"), []
    return SQL("account_id = ANY(%s)"), [[account_id, EVERYBODYS]]
