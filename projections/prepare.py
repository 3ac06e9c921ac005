"""Bringing a database to what this program serves, before it serves."""

from collections.abc import Sequence
from typing import Any

import psycopg
from psycopg import Connection

from domain.log.sealing import MasterKey
from projections.keys import prove_master
from projections.partitions import ensure_partitions
from projections.read_model import ReadModel
from projections.rebuild import Progress, Rebuilt, rebuild, remember_shape
from projections.schema import ensure_schema
from projections.shape import shape_of
from projections.table import Table
from projections.tables import CATCH_UP, INLINE

_LOCK = 0x53656C656E650003


def prepare(
    dsn: str,
    master: MasterKey,
    progress: Progress | None = None,
    tables: Sequence[Table] = (*INLINE, *CATCH_UP),
) -> list[Rebuilt]:
    """Create what is missing and rebuild the read models whose shape has changed.

    A database that is up to date is only read. Raises `NewerSchema` for one of a later version,
    and `WrongMasterKey` for one whose personal fields this key does not open.

    All processes of one installation must be of one version: an older one that still writes
    does not know the new shapes.
    """
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("SELECT pg_advisory_lock(%s)", [_LOCK])  # until the end: one at a time
        ensure_schema(connection)
        prove_master(connection, master)
        ensure_partitions(connection)
        changed = [table for table in tables if not _is_served(connection, table)]
        return [
            rebuild(dsn, table, master, progress)
            for table in changed
            if not _made_for_an_empty_log(connection, table)
        ]


def _is_served(connection: Connection[Any], table: Table) -> bool:
    row = connection.execute(
        "SELECT shape FROM read_models WHERE name = %s", [table.name]
    ).fetchone()
    return row == (shape_of(table),) and ReadModel(table).exists(connection)


def _made_for_an_empty_log(connection: Connection[Any], table: Table) -> bool:
    model = ReadModel(table)
    with connection.transaction():
        head = connection.execute("SELECT position FROM log_head FOR UPDATE").fetchone()
        if head != (0,):
            return False
        model.drop(connection)
        model.create(connection)
        remember_shape(connection, table, 0)
    return True
