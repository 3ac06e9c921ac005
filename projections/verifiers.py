"""Verifiers as they are read."""

from typing import Annotated, Any, Final
from uuid import UUID

from psycopg.sql import SQL

from domain.shared.fields import Text
from domain.verifiers import Verifier, VerifierNotFound
from projections.database import Reader, Row, owned_by
from projections.filtering import Conditions, Filter, Where
from projections.table import Delete, Insert, Table, Update

# Nothing where its key was destroyed, which is so only until its deletion is folded.
_RECIPE: Final[dict[str, Any]] = {
    "description": lambda event: event.description or "",
    "policies": lambda event: event.policies or {},
}

VERIFIERS = Table(
    "verifiers",
    key="verifier_id",
    columns={
        "verifier_id": "uuid PRIMARY KEY",
        "account_id": "uuid NOT NULL",
        "description": "text NOT NULL",
        "policies": "jsonb NOT NULL",
        "create_time": "timestamptz NOT NULL",
        "last_update_time": "timestamptz NOT NULL",
        "version": "integer NOT NULL",
    },
    indexes=(
        "(account_id, create_time DESC, verifier_id)",  # pages of one account
        "(create_time DESC, verifier_id)",  # the same over all accounts
    ),
    rules=[
        Insert(
            Verifier.Created,
            "account_id",
            create_time="timestamp",
            last_update_time="timestamp",
            version=lambda _: 0,
            **_RECIPE,
        ),
        Update(
            Verifier.Replaced,
            version="edition",
            last_update_time="timestamp",
            **_RECIPE,
        ),
        Delete(Verifier.Deleted),
    ],
)


class VerifierConditions(Conditions):
    """Which verifiers are meant."""

    description: Annotated[Text | None, Where("strpos(description, %s) > 0")] = None


class VerifierFilter(VerifierConditions, Filter):
    """Which page of verifiers to show; the query parameters of `GET /6/verifiers`."""


_SHOWN = "verifier_id, account_id, description, policies, create_time, last_update_time, version"


def list_verifiers(db: Reader, account_id: UUID | None, wanted: VerifierFilter) -> list[Row]:
    """One page, newest first."""
    owner, of_owner = owned_by(account_id)
    where, values = wanted.where()
    query = SQL(
        "SELECT " + _SHOWN + " FROM verifiers WHERE {} AND {} "
        "ORDER BY create_time DESC, verifier_id LIMIT %s OFFSET %s"
    ).format(owner, where)
    return db.fetch_all(query, [*of_owner, *values, wanted.page_size, wanted.offset])


def count_verifiers(db: Reader, account_id: UUID | None, wanted: VerifierConditions) -> int:
    """How many verifiers pass all conditions."""
    owner, of_owner = owned_by(account_id)
    where, values = wanted.where()
    query = SQL("SELECT count(*) FROM verifiers WHERE {} AND {}").format(owner, where)
    return int(db.fetch_value(query, [*of_owner, *values]))


def get_verifier(db: Reader, account_id: UUID | None, verifier_id: UUID) -> Row:
    """One verifier; refuses an unknown or foreign one."""
    owner, of_owner = owned_by(account_id)
    query = SQL("SELECT " + _SHOWN + " FROM verifiers WHERE verifier_id = %s AND {}").format(owner)
    row = db.fetch_one(query, [verifier_id, *of_owner])
    if row is None:
        raise VerifierNotFound(verifier_id)
    return row
