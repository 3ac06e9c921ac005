"""What the read models of samples, images and objects have in common."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from psycopg.sql import SQL, Composed, Identifier

from domain.shared.stored_file import StoredFile
from projections.database import Reader, Row, owned_by
from projections.table import Delete, Insert, Table


@dataclass(frozen=True, slots=True, kw_only=True)
class FileRow:
    """A stored file as it is read: where its bytes are, how many, and of what type."""

    blob: str
    size: int
    content_type: str


def files_table(
    name: str, key: str, kind: type[StoredFile], more: Mapping[str, str] | None = None
) -> Table:
    """The read model of one kind of files; `more` are columns named like fields of `Created`."""
    columns = dict(more or {})
    return Table(
        name,
        key=key,
        columns={
            key: "uuid PRIMARY KEY",
            "account_id": "uuid NOT NULL",
            **columns,
            "blob": "text NOT NULL",
            "size": "bigint NOT NULL",
            "content_type": "text NOT NULL",
            "create_time": "timestamptz NOT NULL",
        },
        indexes=(
            "(account_id, create_time)",  # what one account stored, oldest first
            "(create_time)",  # what is old enough to be removed
        ),
        rules=[
            Insert(
                kind.Created,
                *("account_id", *columns, "blob", "size", "content_type"),
                create_time="timestamp",
            ),
            Delete(kind.Deleted),
        ],
    )


def find_file(
    db: Reader, table: Table, account_id: UUID | None, file_id: UUID, **same: str
) -> FileRow | None:
    """The file if it is there, the account's, and has the `same` column values."""
    owner, of_owner = owned_by(account_id)
    conditions: list[SQL | Composed] = [owner]
    conditions += [SQL("{} = %s").format(Identifier(column)) for column in same]
    query = SQL("SELECT blob, size, content_type FROM {} WHERE {} = %s AND {}").format(
        Identifier(table.name), Identifier(table.key), SQL(" AND ").join(conditions)
    )
    values: list[Any] = [file_id, *of_owner, *same.values()]
    row: Row | None = db.fetch_one(query, values)
    return None if row is None else FileRow(**row)
