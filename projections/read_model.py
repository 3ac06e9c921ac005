"""The driver that folds facts into a table of Postgres, and the table's DDL."""

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

import orjson
from psycopg import Connection, Cursor
from psycopg.rows import dict_row
from psycopg.sql import SQL, Composed, Identifier

from domain.log.facts import Fact
from projections.table import Row, Table

AnyConnection = Connection[Any]


class ReadModel:
    """A `Table` under a name in the database: the served one, or a second one beside it."""

    def __init__(self, table: Table, name: str | None = None) -> None:
        self.table = table
        self.name = name or table.name
        key, columns = Identifier(table.key), [Identifier(c) for c in table.columns]
        parts = {
            "table": Identifier(self.name),
            "key": key,
            "columns": SQL(", ").join(columns),
            "sets": SQL(", ").join(SQL("{0} = v.{0}").format(c) for c in columns),
        }
        rows = "json_populate_recordset(NULL::{table}, %s::json) v"
        self._select = SQL("SELECT {columns} FROM {table} WHERE {key} = ANY(%b)").format(**parts)
        self._insert = SQL("INSERT INTO {table} ({columns}) SELECT {columns} FROM " + rows).format(
            **parts
        )
        self._update = SQL(
            "UPDATE {table} t SET {sets} FROM " + rows + " WHERE t.{key} = v.{key}"
        ).format(**parts)
        self._delete = SQL("DELETE FROM {table} WHERE {key} = ANY(%b)").format(**parts)
        self._sweeps = {
            sweep.column: SQL(
                "UPDATE {table} SET {column} = array_remove({column}, %b) "
                "WHERE {column} @> ARRAY[%b]::uuid[]"
            ).format(table=Identifier(self.name), column=Identifier(sweep.column))
            for sweep in table.sweeps.values()
        }

    def create(self, connection: AnyConnection, *, indexes: bool = True) -> None:
        """Make the table, empty; an existing one stays."""
        definitions = [
            SQL("{} " + kind).format(Identifier(column))
            for column, kind in self.table.columns.items()
        ]
        connection.execute(
            SQL("CREATE TABLE IF NOT EXISTS {} ({})").format(
                Identifier(self.name), SQL(", ").join(definitions)
            )
        )
        if indexes:
            self.create_indexes(connection)

    def create_indexes(self, connection: AnyConnection) -> None:
        """Make the indexes and unique rules; existing ones stay."""
        for statement in self._index_statements():
            connection.execute(statement)

    def _index_statements(self) -> list[Composed]:
        table = Identifier(self.name)
        return [
            SQL("CREATE INDEX IF NOT EXISTS {} ON {} " + spec).format(
                Identifier(f"{self.name}_{number}"), table
            )
            for number, spec in enumerate(self.table.indexes)
        ] + [
            SQL("CREATE UNIQUE INDEX IF NOT EXISTS {} ON {} " + spec).format(
                Identifier(f"{self.name}_{name}"), table
            )
            for name, spec in self.table.unique.items()
        ]

    def take_name_of(self, connection: AnyConnection, served: "ReadModel") -> None:
        """Replace the served table by this one, within the caller's transaction."""
        connection.execute(SQL("DROP TABLE IF EXISTS {}").format(Identifier(served.name)))
        connection.execute(
            SQL("ALTER TABLE {} RENAME TO {}").format(
                Identifier(self.name), Identifier(served.name)
            )
        )
        suffixes = [str(n) for n in range(len(self.table.indexes))] + list(self.table.unique)
        # The primary key's index is named by Postgres after the table it was made for.
        for suffix in [*suffixes, "pkey"]:
            connection.execute(
                SQL("ALTER INDEX IF EXISTS {} RENAME TO {}").format(
                    Identifier(f"{self.name}_{suffix}"), Identifier(f"{served.name}_{suffix}")
                )
            )

    def apply(self, connection: AnyConnection, facts: Sequence[Fact]) -> None:
        """Fold the facts into the table; the caller's transaction makes it lasting."""
        pending: list[Any] = []
        for fact in facts:
            event = fact.event
            if (sweep := self.table.sweeps.get(type(event))) is not None:
                self._fold(connection, pending)
                pending = []
                gone = sweep.of(event)
                connection.execute(self._sweeps[sweep.column], [gone, gone])
            if type(event) in self.table.rules:
                pending.append(event)
        self._fold(connection, pending)

    def _fold(self, connection: AnyConnection, events: list[Any]) -> None:
        if not events:
            return
        table = self.table
        keyed = [(table.key_of(event), event) for event in events]
        rows: dict[UUID, Row | None] = {}
        if old := self._not_new(keyed):
            with connection.cursor(row_factory=dict_row) as cursor:
                for row in cursor.execute(self._select, [old], binary=True):
                    rows[row[table.key]] = row
        known = set(rows)
        for key, event in keyed:
            if key is not None:
                rows[key] = table.step(rows.get(key), event)
        with connection.cursor() as cursor:
            self._write(cursor, known, rows)

    def _not_new(self, keyed: Iterable[tuple[UUID | None, Any]]) -> list[UUID]:
        """Keys whose first event here is not the first of its aggregate: rows to load."""
        first: dict[UUID, Any] = {}
        for key, event in keyed:
            if key is not None:
                first.setdefault(key, event)
        return [k for k, e in first.items() if e.originator_version > 1 or e.originator_id != k]

    def _write(self, cursor: Cursor[Any], known: set[UUID], rows: dict[UUID, Row | None]) -> None:
        fresh = [row for key, row in rows.items() if row is not None and key not in known]
        changed = [row for key, row in rows.items() if row is not None and key in known]
        gone = [key for key, row in rows.items() if row is None and key in known]
        if fresh:
            cursor.execute(self._insert, [dump_rows(fresh)])
        if changed:
            cursor.execute(self._update, [dump_rows(changed)])
        if gone:
            cursor.execute(self._delete, [gone])


def dump_rows(rows: Sequence[Row]) -> str:
    """Rows as one JSON array, which Postgres turns back into typed rows by itself."""
    return orjson.dumps(rows, default=_plain).decode()


def _plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return "\\x" + value.hex()
    raise TypeError(f"no column holds a {type(value).__name__}")
