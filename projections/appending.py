"""Rows at the end of the tables that only grow: both logs and the subject keys."""

from collections.abc import Iterable, Mapping
from typing import Any

from psycopg import Connection

from projections.copying import MANY, Copying, array_of

_LOG = {
    "originator_id": "uuid",
    "originator_version": "bigint",
    "topic": "text",
    "state": "bytea",
    "notification_id": "bigint",
}


class Appending:
    """Adds rows to one of the log's tables: few by an INSERT, many by a COPY."""

    def __init__(self, table: str, columns: Mapping[str, str]) -> None:
        arrays = ", ".join(f"%b::{kind}[]" for kind in columns.values())
        self._insert = f"INSERT INTO {table} ({', '.join(columns)}) SELECT * FROM unnest({arrays})"
        self._arrays = [array_of(kind) for kind in columns.values()]
        self._copying = Copying(table, columns)

    def write(
        self, connection: Connection[Any], rows: Iterable[tuple[Any, ...]], count: int
    ) -> None:
        """Add so many rows; many only outside of a pipeline."""
        if count > MANY:
            self._copying.write(connection, rows)
        elif count:
            columns = zip(*rows, strict=True)
            arrays = [array(c) for array, c in zip(self._arrays, columns, strict=True)]
            connection.execute(self._insert, arrays)


HISTORY = Appending("history", _LOG)
RECOGNITIONS = Appending("recognitions", _LOG)
KEYS = Appending("subject_keys", {"subject_id": "uuid", "wrapped": "bytea"})
