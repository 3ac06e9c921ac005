"""The driver that folds facts into a table of Postgres, and the table's DDL."""

from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from operator import itemgetter
from typing import Any
from uuid import UUID

import orjson
from psycopg import Connection
from psycopg.rows import dict_row, tuple_row
from psycopg.sql import SQL, Composed, Identifier, Literal

from domain.log.facts import Fact
from projections.copying import MANY, Copying, in_chunks
from projections.table import Insert, Row, Table

AnyConnection = Connection[Any]

_STORAGE = "autovacuum_vacuum_insert_scale_factor = 0.02"
"""Only what was vacuumed can be counted in an index alone."""


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
        insert = SQL("INSERT INTO {table} ({columns}) SELECT {columns} FROM " + rows)
        update = SQL("UPDATE {table} t SET {sets} FROM " + rows + " WHERE t.{key} = v.{key}")
        select = SQL("SELECT {columns} FROM {table} WHERE {key} = ANY(%b)")
        delete = SQL("DELETE FROM {table} WHERE {key} = ANY(%b)")
        # As bytes, since composing a statement costs more than sending it.
        self._insert = insert.format(**parts).as_bytes()
        self._update = update.format(**parts).as_bytes()
        self._select = select.format(**parts).as_bytes()
        self._delete = delete.format(**parts).as_bytes()
        self._copying = Copying(self.name, table.columns)
        self._in_order = itemgetter(*table.columns)
        self._sweeps = {
            sweep.column: SQL(
                "UPDATE {table} SET {column} = array_remove({column}, %b) "
                "WHERE {column} @> ARRAY[%b]::uuid[]"
            ).format(table=Identifier(self.name), column=Identifier(sweep.column))
            for sweep in table.sweeps.values()
        }

    def create(
        self, connection: AnyConnection, *, indexes: bool = True, temporary: bool = False
    ) -> None:
        """Make the table, empty; an existing one stays. A temporary one is the session's own."""
        definitions = [
            SQL("{} " + kind).format(Identifier(column))
            for column, kind in self.table.columns.items()
        ]
        connection.execute(
            SQL("CREATE {} TABLE IF NOT EXISTS {} ({}) WITH ({})").format(
                SQL("TEMPORARY" if temporary else ""),
                Identifier(self.name),
                SQL(", ").join(definitions),
                SQL(_STORAGE),
            )
        )
        for column, groups in self.table.grouped.items():
            connection.execute(
                SQL("ALTER TABLE {} ALTER COLUMN {} SET (n_distinct = {})").format(
                    Identifier(self.name), Identifier(column), Literal(groups)
                )
            )
        if indexes:
            self.create_indexes(connection)

    def create_indexes(self, connection: AnyConnection) -> None:
        """Make the indexes, unique rules and marks; existing ones stay."""
        for statement in self._index_statements():
            connection.execute(statement)
        for marking in self.table.marking:
            connection.execute(SQL(marking).format(Identifier(self.name)))

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

    def exists(self, connection: AnyConnection) -> bool:
        """Whether there is a table of this name."""
        cursor = connection.cursor(row_factory=tuple_row)
        row = cursor.execute("SELECT to_regclass(%s) IS NOT NULL", [self.name]).fetchone()
        assert row is not None
        return bool(row[0])

    def drop(self, connection: AnyConnection) -> None:
        """Remove the table, if there is one."""
        connection.execute(SQL("DROP TABLE IF EXISTS {}").format(Identifier(self.name)))

    def rename(self, connection: AnyConnection, name: str) -> None:
        """Give the table and its indexes another name."""
        cursor = connection.cursor(row_factory=tuple_row)
        indexes = cursor.execute(
            "SELECT relname FROM pg_index JOIN pg_class ON oid = indexrelid "
            "WHERE indrelid = %s::regclass",
            [self.name],
        ).fetchall()
        connection.execute(
            SQL("ALTER TABLE {} RENAME TO {}").format(Identifier(self.name), Identifier(name))
        )
        for (index,) in indexes:
            connection.execute(
                SQL("ALTER INDEX {} RENAME TO {}").format(
                    Identifier(index), Identifier(name + index.removeprefix(self.name))
                )
            )

    def births(self, facts: Sequence[Fact]) -> list[bytes] | None:
        """What `store` takes of many facts that all begin rows; `None` for any others."""
        if len(facts) <= MANY:
            return None
        key_of, rules = self.table.key_of, self.table.rules
        events = [fact.event for fact in facts]
        if not all(type(e) in rules and is_birth(key_of(e), e) for e in events):
            return None
        return list(self._blocks(events))

    def store(self, connection: AnyConnection, births: Iterable[bytes]) -> None:
        """Add the rows that `births` made."""
        self._copying.send(connection, births)

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
        if all(is_birth(key, event) for key, event in keyed):
            self.bear(connection, events)
            return
        rows: dict[UUID, Row | None] = {**self.load(connection, self.not_new(keyed))}
        known = set(rows)
        for key, event in keyed:
            if key is not None:
                rows[key] = table.step(rows.get(key), event)
        self.write(connection, known, rows)

    def bear(self, connection: AnyConnection, births: Sequence[Any]) -> None:
        """Store the rows that begin with these events; many only outside of a pipeline."""
        if len(births) > MANY:
            self._copying.send(connection, self._blocks(births))
        else:
            self.insert(connection, [row for row in map(self._born, births) if row is not None])

    def _blocks(self, births: Sequence[Any]) -> Iterator[bytes]:
        return self._copying.blocks(map(self._columns, in_chunks(births)))

    def _born(self, event: Any) -> Row | None:
        return self.table.step(None, event)

    def _columns(self, births: Sequence[Any]) -> list[Sequence[Any]]:
        """The rows that begin with these events: all values of each column."""
        rule = self.table.rules[type(births[0])]
        if isinstance(rule, Insert) and len(set(map(type, births))) == 1:
            return rule.columns(births, self.table)
        rows = [self._in_order(row) for row in map(self._born, births) if row is not None]
        return list(zip(*rows, strict=True))

    def load(self, connection: AnyConnection, keys: list[UUID]) -> dict[UUID, Row]:
        """Those of the rows that exist."""
        if not keys:
            return {}
        with connection.cursor(row_factory=dict_row) as cursor:
            found = cursor.execute(self._select, [keys], binary=True)
            return {row[self.table.key]: row for row in found}

    def not_new(self, keyed: Iterable[tuple[UUID | None, Any]]) -> list[UUID]:
        """Keys whose first event here is not the first of its aggregate: rows to load."""
        first: dict[UUID, Any] = {}
        for key, event in keyed:
            if key is not None:
                first.setdefault(key, event)
        return [key for key, event in first.items() if not is_birth(key, event)]

    def write(
        self, connection: AnyConnection, known: set[UUID], rows: dict[UUID, Row | None]
    ) -> None:
        """Store the rows: those of `known` keys are there already, `None` is no row any more."""
        fresh, changed, gone = [], [], []
        if not known:
            fresh = [row for row in rows.values() if row is not None]
        else:
            for key, row in rows.items():
                if key in known:
                    if row is None:
                        gone.append(key)
                    else:
                        changed.append(row)
                elif row is not None:
                    fresh.append(row)
        self.insert(connection, fresh)
        if changed:
            connection.execute(self._update, [dump_rows(changed)])
        if gone:
            connection.execute(self._delete, [gone])

    def insert(self, connection: AnyConnection, rows: Sequence[Row]) -> None:
        """Store rows that are not there; many only outside of a pipeline."""
        if len(rows) > MANY:
            self._copying.write(connection, map(self._in_order, rows))
        elif rows:
            connection.execute(self._insert, [dump_rows(rows)])


def is_birth(key: UUID | None, event: Any) -> bool:
    """Whether the event is the first of the very aggregate whose row it concerns."""
    # Comparing two UUIDs takes longer than all else here; nearly always it is one object.
    own: bool = key is event.originator_id or key == event.originator_id
    return own and bool(event.originator_version == 1)


def dump_rows(rows: Sequence[Row]) -> str:
    """Rows as one JSON array, which Postgres turns back into typed rows by itself."""
    # Every name costs time there; what is absent is NULL.
    known = [{name: v for name, v in row.items() if v is not None} for row in rows]
    return orjson.dumps(known, default=_plain).decode()


def _plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return "\\x" + value.hex()
    if isinstance(value, Decimal):
        return str(value)
    raise TypeError(f"no column holds a {type(value).__name__}")
