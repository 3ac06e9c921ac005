"""Folding the whole log into a table at speed: many facts at once, without its indexes."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from psycopg import Connection
from psycopg.sql import SQL, Identifier

from domain.log.facts import Fact
from projections.read_model import ReadModel, is_birth
from projections.table import Row


class BulkFold:
    """Folds chunks of facts into a table that nobody else uses; `finish` makes it complete.

    A value that leaves every row is only noted, since looking for its rows without an index
    means reading the whole table: rows lose it when they are loaded or written, the others in
    one pass at the end. Should a row gain a noted value, the pass is made at once.
    """

    def __init__(self, model: ReadModel) -> None:
        self._model = model
        self._table = model.table
        self._any = False
        self._swept: dict[str, set[Any]] = {s.column: set() for s in self._table.sweeps.values()}

    def apply(self, connection: Connection[Any], facts: Iterable[Fact]) -> None:
        """Fold a chunk; the caller's transaction makes it lasting."""
        table = self._table
        wanted = [fact.event for fact in facts if type(fact.event) in table.event_classes]
        if not wanted:
            return
        keyed = [(table.key_of(event), event) for event in wanted]
        if not self._any and all(is_birth(key, event) for key, event in keyed):
            self._model.bear(connection, wanted)
            return
        sweeps, step = table.sweeps, table.step
        rows: dict[UUID, Row | None] = {**self._model.load(connection, self._model.not_new(keyed))}
        known = set(rows)
        for key, event in keyed:
            if sweeps and (sweep := sweeps.get(type(event))) is not None:
                self._swept[sweep.column].add(sweep.of(event))
                self._any = True
            if key is not None:
                before = rows.get(key)
                if before is not None and self._any:
                    before = self._cleaned(before)
                after = step(before, event)
                if self._any and self._gains_swept(before, after):
                    self._sweep(connection, rows)
                    after = step(rows.get(key), event)
                rows[key] = after
        if self._any:
            rows = {key: row and self._cleaned(row) for key, row in rows.items()}
        self._model.write(connection, known, rows)

    def finish(self, connection: Connection[Any]) -> None:
        """Bring all rows to where the facts are."""
        self._sweep(connection, {})

    def _gains_swept(self, before: Row | None, after: Row | None) -> bool:
        if after is None:
            return False
        for column, swept in self._swept.items():
            if swept and (before is None or after[column] is not before[column]):
                had = set() if before is None else set(before[column])
                if any(v in swept and v not in had for v in after[column]):
                    return True
        return False

    def _cleaned(self, row: Row) -> Row:
        for column, swept in self._swept.items():
            if swept and not swept.isdisjoint(row[column]):
                row = {**row, column: [v for v in row[column] if v not in swept]}
        return row

    def _sweep(self, connection: Connection[Any], rows: dict[UUID, Row | None]) -> None:
        for key, row in rows.items():
            rows[key] = row and self._cleaned(row)
        for column, swept in self._swept.items():
            if swept:
                connection.execute(
                    SQL(
                        "UPDATE {table} SET {column} = ARRAY(SELECT v FROM unnest({column}) "
                        "WITH ORDINALITY AS u(v, n) WHERE v <> ALL(%(swept)s) ORDER BY n) "
                        "WHERE {column} && %(swept)s"
                    ).format(table=Identifier(self._model.name), column=Identifier(column)),
                    {"swept": list(swept)},
                )
                swept.clear()
        self._any = False
