"""Handlers as they are read."""

from typing import Annotated, Any
from uuid import UUID

from psycopg.sql import SQL, Composable
from pydantic import Field

from domain.handlers import Handler, HandlerNotFound
from domain.shared.fields import Text
from projections.database import Reader, Row, owned_by
from projections.filtering import Conditions, Filter, Where
from projections.table import Delete, Insert, Table, Update


def _description(event: Any) -> str:
    """What is said about it, or nothing where its key was destroyed."""
    return event.description or ""


HANDLERS = Table(
    "handlers",
    key="handler_id",
    columns={
        "handler_id": "uuid PRIMARY KEY",
        "account_id": "uuid NOT NULL",
        "description": "text NOT NULL",
        "handler_type": "smallint NOT NULL",
        "policies": "jsonb",
        "create_time": "timestamptz NOT NULL",
        "last_update_time": "timestamptz NOT NULL",
    },
    indexes=(
        "(account_id, handler_type, create_time DESC, handler_id)",  # pages of one account
        "(handler_type, create_time DESC, handler_id)",  # the same over all accounts
    ),
    rules=[
        Insert(
            Handler.Created,
            *("account_id", "handler_type", "policies"),
            description=_description,
            create_time="timestamp",
            last_update_time="timestamp",
        ),
        Update(
            Handler.Replaced,
            *("handler_type", "policies"),
            description=_description,
            last_update_time="timestamp",
        ),
        Delete(Handler.Deleted),
    ],
)


class HandlerConditions(Conditions):
    """Which handlers are meant: static ones, unless others are asked for.

    Later clients ask by `handler_type`, which wins.
    """

    description: Annotated[Text | None, Where("strpos(description, %s) > 0")] = None
    is_dynamic: Annotated[int, Field(ge=0, le=1)] = 0
    handler_type: Annotated[int | None, Field(ge=0, le=2)] = None

    def conditions(self) -> tuple[list[Composable], list[Any]]:
        """The conditions that are on, and their values in the same order."""
        clauses, values = super().conditions()
        kind = self.is_dynamic if self.handler_type is None else self.handler_type
        return [*clauses, SQL("handler_type = %s")], [*values, kind]


class HandlerFilter(HandlerConditions, Filter):
    """Which page of handlers to show; the query parameters of `GET /6/handlers`."""


_SHOWN = (
    "handler_id, account_id, description, handler_type, policies, create_time, last_update_time"
)


def list_handlers(db: Reader, account_id: UUID | None, wanted: HandlerFilter) -> list[Row]:
    """One page, newest first."""
    owner, of_owner = owned_by(account_id)
    where, values = wanted.where()
    query = SQL(
        "SELECT " + _SHOWN + " FROM handlers WHERE {} AND {} "
        "ORDER BY create_time DESC, handler_id LIMIT %s OFFSET %s"
    ).format(owner, where)
    return db.fetch_all(query, [*of_owner, *values, wanted.page_size, wanted.offset])


def count_handlers(db: Reader, account_id: UUID | None, wanted: HandlerConditions) -> int:
    """How many handlers pass all conditions."""
    owner, of_owner = owned_by(account_id)
    where, values = wanted.where()
    query = SQL("SELECT count(*) FROM handlers WHERE {} AND {}").format(owner, where)
    return int(db.fetch_value(query, [*of_owner, *values]))


def get_handler(db: Reader, account_id: UUID | None, handler_id: UUID) -> Row:
    """One handler; refuses an unknown or foreign one."""
    owner, of_owner = owned_by(account_id)
    query = SQL("SELECT " + _SHOWN + " FROM handlers WHERE handler_id = %s AND {}").format(owner)
    row = db.fetch_one(query, [handler_id, *of_owner])
    if row is None:
        raise HandlerNotFound(handler_id)
    return row
