"""Accounts as they are read."""

from typing import Annotated, Any
from uuid import UUID

from psycopg.sql import SQL

from domain.accounts import Account, AccountNotFound, AccountType
from domain.shared.fields import Time
from projections.database import Reader, Row, owned_by
from projections.filtering import Filter, Where
from projections.table import Delete, Insert, Table, Update


def _description(event: Any) -> str:
    return event.description or ""


ACCOUNTS = Table(
    "accounts",
    key="account_id",
    columns={
        "account_id": "uuid PRIMARY KEY",
        "login": "text",
        "password_hash": "text",
        "account_type": "text NOT NULL",
        "description": "text NOT NULL",
        "create_time": "timestamptz NOT NULL",
        "last_update_time": "timestamptz NOT NULL",
    },
    indexes=("(create_time DESC, account_id)",),  # pages of all accounts, newest first
    unique={"login": "(login)"},
    rules=[
        Insert(
            Account.Created,
            "login",
            "password_hash",
            "account_type",
            description=_description,
            create_time="timestamp",
            last_update_time="timestamp",
        ),
        Update(
            Account.Edited,
            "login",
            "account_type",
            description=_description,
            last_update_time="timestamp",
        ),
        Update(Account.PasswordChanged, "password_hash", last_update_time="timestamp"),
        Delete(Account.Deleted),
    ],
)


class AccountFilter(Filter):
    """Which accounts to show; every field is a query parameter of `GET /6/accounts`."""

    login: Annotated[str | None, Where("login = %s")] = None
    account_type: Annotated[AccountType | None, Where("account_type = %s")] = None
    create_time__gte: Annotated[Time | None, Where("create_time >= %s")] = None
    create_time__lt: Annotated[Time | None, Where("create_time < %s")] = None


_SHOWN = "account_id, login, account_type, description, create_time, last_update_time"


def list_accounts(db: Reader, account_id: UUID | None, wanted: AccountFilter) -> list[Row]:
    """One page of all accounts, or of the one that may be seen; newest first."""
    owner, of_owner = owned_by(account_id)
    where, values = wanted.where()
    query = SQL(
        "SELECT " + _SHOWN + " FROM accounts WHERE {} AND {} "
        "ORDER BY create_time DESC, account_id LIMIT %s OFFSET %s"
    ).format(owner, where)
    return db.fetch_all(query, [*of_owner, *values, wanted.page_size, wanted.offset])


def count_accounts(db: Reader, account_id: UUID | None, wanted: AccountFilter) -> int:
    """How many accounts pass the filter, on all pages."""
    owner, of_owner = owned_by(account_id)
    where, values = wanted.where()
    query = SQL("SELECT count(*) FROM accounts WHERE {} AND {}").format(owner, where)
    return int(db.fetch_value(query, [*of_owner, *values]))


def get_account(db: Reader, account_id: UUID) -> Row:
    """One account; refuses an unknown one."""
    row = db.fetch_one("SELECT " + _SHOWN + " FROM accounts WHERE account_id = %s", [account_id])
    if row is None:
        raise AccountNotFound(account_id)
    return row


def find_login(db: Reader, login: str) -> Row | None:
    """The account with this login: `account_id`, `password_hash`, `account_type`."""
    return db.fetch_one(
        "SELECT account_id, password_hash, account_type FROM accounts WHERE login = %s", [login]
    )
