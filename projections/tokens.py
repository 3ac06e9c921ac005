"""Tokens as they are read."""

from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

from psycopg.sql import SQL

from domain.shared.fields import Time
from domain.tokens import Token, TokenNotFound
from projections.database import Reader, Row, owned_by
from projections.filtering import Filter, Where
from projections.table import Delete, Insert, Table, Update


def _description(event: Any) -> str:
    return event.description or ""


TOKENS = Table(
    "tokens",
    key="token_id",
    columns={
        "token_id": "uuid PRIMARY KEY",
        "account_id": "uuid NOT NULL",
        "serial": "bigint NOT NULL",
        "permissions": "jsonb NOT NULL",
        "expiration_time": "timestamptz",
        "visibility_area": "text NOT NULL",
        "description": "text NOT NULL",
        "create_time": "timestamptz NOT NULL",
        "last_update_time": "timestamptz NOT NULL",
    },
    indexes=("(account_id, create_time DESC, token_id)",),  # pages of one account
    rules=[
        Insert(
            Token.Created,
            "account_id",
            "permissions",
            "expiration_time",
            "visibility_area",
            serial="originator_version",
            description=_description,
            create_time="timestamp",
            last_update_time="timestamp",
        ),
        Update(
            Token.Replaced,
            "permissions",
            "expiration_time",
            "visibility_area",
            serial="originator_version",
            description=_description,
            last_update_time="timestamp",
        ),
        Delete(Token.Deleted),
    ],
)


class TokenFilter(Filter):
    """Which tokens to show; every field is a query parameter of `GET /6/tokens`."""

    create_time__gte: Annotated[Time | None, Where("create_time >= %s")] = None
    create_time__lt: Annotated[Time | None, Where("create_time < %s")] = None


def list_tokens(db: Reader, account_id: UUID | None, wanted: TokenFilter) -> list[Row]:
    """One page, newest first."""
    owner, of_owner = owned_by(account_id)
    where, values = wanted.where()
    query = SQL(
        "SELECT * FROM tokens WHERE {} AND {} "
        "ORDER BY create_time DESC, token_id LIMIT %s OFFSET %s"
    ).format(owner, where)
    return db.fetch_all(query, [*of_owner, *values, wanted.page_size, wanted.offset])


def get_token(db: Reader, account_id: UUID | None, token_id: UUID) -> Row:
    """One token; refuses an unknown or foreign one."""
    owner, of_owner = owned_by(account_id)
    query = SQL("SELECT * FROM tokens WHERE token_id = %s AND {}").format(owner)
    row = db.fetch_one(query, [token_id, *of_owner])
    if row is None:
        raise TokenNotFound(token_id)
    return row


def find_valid_token(
    db: Reader, token_id: UUID, serial: int, now: datetime | None = None
) -> Row | None:
    """The token with this text, with the type of its account; `None` when it is worth nothing."""
    return db.fetch_one(
        "SELECT tokens.*, account_type FROM tokens LEFT JOIN accounts USING (account_id) "
        "WHERE token_id = %s AND serial = %s "
        "AND (expiration_time IS NULL OR expiration_time > %s)",
        [token_id, serial, now or datetime.now(UTC)],
    )
