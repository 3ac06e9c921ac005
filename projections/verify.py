"""Comparing served read models with what the log says they should be."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import psycopg
from psycopg import Connection
from psycopg.sql import SQL, Composable, Identifier

from domain.log.sealing import MasterKey
from projections.bulk import BulkFold
from projections.log_reader import LogReader
from projections.read_model import ReadModel
from projections.rebuild import Progress, spans
from projections.table import Table


@dataclass(frozen=True, slots=True)
class Difference:
    """A row that is not as the log says: `missing`, `unexpected`, or the columns that differ."""

    key: UUID
    what: str


@dataclass(frozen=True, slots=True)
class Verified:
    """What a comparison at one position found; `examples` are some of the `differences`."""

    name: str
    position: int
    rows: int
    differences: int
    examples: tuple[Difference, ...]


def verify(
    dsn: str,
    table: Table,
    master: MasterKey,
    *,
    behind: bool = False,
    progress: Progress | None = None,
    examples: int = 5,
) -> Verified:
    """Fold the log into a shadow and compare it with the served table, while both are in use.

    `behind` says that the table follows the log, and is compared at its own position.
    """
    with psycopg.connect(dsn, autocommit=True, prepare_threshold=2) as connection:
        connection.execute("SET temp_buffers = '64MB'")
        shadow = ReadModel(table, f"{table.name}_shadow")
        shadow.create(connection, indexes=False, temporary=True)
        bulk, reader = BulkFold(shadow), LogReader(master, table.event_classes)
        reached = _position(connection, table, behind)
        for span in spans(dsn, master, table, 0, reached):
            with connection.transaction():
                bulk.apply(connection, span.facts)
            if progress is not None:
                progress(table.name, span.position, reached)
        # One snapshot of everything: the table, the position it has, and the log up to there.
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        with connection.transaction():
            position = _position(connection, table, behind)
            for span in reader.read_all(connection, reached, position):
                bulk.apply(connection, span.facts)
            bulk.finish(connection)
            return _compared(connection, table, shadow, position, examples)


def _position(connection: Connection[Any], table: Table, behind: bool) -> int:
    query = "SELECT position FROM log_head"
    if behind:
        query = "SELECT position FROM read_models WHERE name = %s"
    row = connection.execute(query, [table.name] if behind else []).fetchone()
    return 0 if row is None else int(row[0])


def _compared(
    connection: Connection[Any], table: Table, shadow: ReadModel, position: int, examples: int
) -> Verified:
    parts: dict[str, Composable] = {
        "served": Identifier(table.name),
        "shadow": Identifier(shadow.name),
        "key": Identifier(table.key),
        "differing": SQL(", ").join(
            SQL("CASE WHEN {} IS DISTINCT FROM {} THEN {} END").format(
                _comparable("s", column, kind), _comparable("h", column, kind), column
            )
            for column, kind in table.columns.items()
        ),
    }
    connection.execute(
        SQL(
            "CREATE TEMPORARY TABLE found_differences AS SELECT * FROM ("
            "SELECT coalesce(s.{key}, h.{key}) AS key, CASE WHEN s.{key} IS NULL THEN 'missing' "
            "WHEN h.{key} IS NULL THEN 'unexpected' ELSE concat_ws(', ', {differing}) END AS what "
            "FROM {served} s FULL JOIN {shadow} h ON s.{key} = h.{key}) d WHERE what <> ''"
        ).format(**parts)
    )
    count = connection.execute("SELECT count(*) FROM found_differences").fetchone()
    rows = connection.execute(SQL("SELECT count(*) FROM {served}").format(**parts)).fetchone()
    shown = connection.execute(
        "SELECT key, what FROM found_differences ORDER BY what, key LIMIT %s", [examples]
    )
    assert count is not None
    assert rows is not None
    found = tuple(Difference(key, what) for key, what in shown)
    return Verified(table.name, position, int(rows[0]), int(count[0]), found)


def _comparable(row: str, column: str, kind: str) -> Composable:
    """The column as something that can be compared: plain JSON cannot."""
    plain_json = kind.split()[0].lower() == "json"
    return SQL("{}.{}" + ("::jsonb" if plain_json else "")).format(
        Identifier(row), Identifier(column)
    )
