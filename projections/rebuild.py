"""Making a read model anew from the log while the old one is served."""

import time
import zlib
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import Connection
from psycopg.errors import DeadlockDetected, LockNotAvailable
from psycopg.sql import SQL, Identifier

from domain.log.sealing import MasterKey
from projections.bulk import BulkFold
from projections.log_reader import LogReader, Span
from projections.read_model import ReadModel
from projections.shape import shape_of
from projections.table import Table
from projections.uncollected import uncollected

Progress = Callable[[str, int, int], None]
"""Told the table's name, the position reached, and the position to reach."""

_NEAR = 200
"""So few facts are left to the moment when the log stands still."""

_ATTEMPTS = 50
_LOCK = 0x53656C0000000000


class CannotRebuild(RuntimeError):
    """The served table could not be replaced: something kept it locked all the time."""


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """A table that was made anew: up to which position, how long it took, and for how many
    seconds the log stood still meanwhile."""

    name: str
    position: int
    seconds: float
    pause_s: float


def rebuild(dsn: str, table: Table, master: MasterKey, progress: Progress | None = None) -> Rebuilt:
    """Fold the log into a second table and put it in the place of the served one.

    Readers and writers go on; they wait for a few milliseconds at the end, while the last facts
    are folded and the names change. If it fails or is ended, the old table stays as it is.
    """
    started = time.monotonic()
    with _alone(dsn, table.name) as connection, uncollected():
        job = _Rebuild(connection, dsn, table, master, progress or _ignore)
        job.fill()
        job.index()
        pause = job.replace()
        job.old.drop(connection)
    return Rebuilt(table.name, job.position, time.monotonic() - started, pause)


class _Rebuild:
    """One rebuild: `position` is how far the second table is."""

    def __init__(
        self,
        connection: Connection[Any],
        dsn: str,
        table: Table,
        master: MasterKey,
        progress: Progress,
    ) -> None:
        self._connection = connection
        self._dsn = dsn
        self._master = master
        self._progress = progress
        self._served = ReadModel(table)
        self._second = ReadModel(table, f"{table.name}_next")
        self.old = ReadModel(table, f"{table.name}_old")
        self._reader = LogReader(master, table.event_classes)
        self._head = self._reader.head(connection)
        shape_of(table)  # takes a while when it is asked for first, and must not when it counts
        self.position = 0

    def fill(self) -> None:
        """Fold what is in the log; what comes meanwhile is folded in ever smaller rounds."""
        connection = self._connection
        for leftover in (self.old, self._second):
            leftover.drop(connection)
        self._second.create(connection, indexes=False)
        bulk = BulkFold(self._second)
        while self._head - self.position > _NEAR or self.position == 0 < self._head:
            for span in spans(self._dsn, self._master, self._second.table, self.position):
                with connection.transaction():
                    bulk.apply(connection, span.facts)
                self._reached(span.position)
            self._head = self._reader.head(connection)
        bulk.finish(connection)

    def index(self) -> None:
        """Make the indexes, and let the planner know the table."""
        self._second.create_indexes(self._connection)
        self._connection.execute(SQL("ANALYZE {}").format(Identifier(self._second.name)))

    def replace(self) -> float:
        """Let the log stand still, fold the rest, and swap the names; the seconds it took."""
        for attempt in range(_ATTEMPTS):
            self._catch_up()
            try:
                return self._swap()
            except (LockNotAvailable, DeadlockDetected):  # a long read of the old table, say
                time.sleep(min(1.0, 0.05 * (attempt + 1)))
        raise CannotRebuild(f"{self._served.name} was locked by others all the time")

    def _catch_up(self) -> None:
        while self._reader.head(self._connection) - self.position > _NEAR:
            with self._connection.transaction():
                span = self._reader.read(self._connection, self.position)
                self._second.apply(self._connection, span.facts)
            self._reached(span.position)

    def _swap(self) -> float:
        connection, served = self._connection, self._served
        there = served.exists(connection)
        with connection.transaction():
            if there:  # ends an autovacuum, which would hold up the stronger lock below
                connection.execute("SET LOCAL lock_timeout = '5s'")
                _lock(connection, served, "SHARE UPDATE EXCLUSIVE")
            connection.execute("SET LOCAL lock_timeout = '200ms'")
            head = connection.execute("SELECT position FROM log_head FOR UPDATE").fetchone()
            still = time.monotonic()
            assert head is not None
            connection.execute(  # whoever folds behind the log takes this first, too
                "SELECT 1 FROM read_models WHERE name = %s FOR UPDATE", [served.name]
            )
            for span in self._reader.read_all(connection, self.position, int(head[0])):
                self._second.apply(connection, span.facts)
            if there:
                _lock(connection, served, "ACCESS EXCLUSIVE")
                served.rename(connection, self.old.name)
            self._second.rename(connection, served.name)
            remember_shape(connection, served.table, int(head[0]))
        pause = time.monotonic() - still
        self._reached(int(head[0]))
        return pause

    def _reached(self, position: int) -> None:
        self.position = position
        self._head = max(self._head, position)
        self._progress(self._served.name, position, self._head)


def spans(
    dsn: str, master: MasterKey, table: Table, after: int, upto: int | None = None
) -> Iterator[Span]:
    """A table's facts chunk by chunk; the next chunk is read while the last one is folded."""
    with psycopg.connect(dsn, autocommit=True) as connection, ThreadPoolExecutor(1) as ahead:
        reader = LogReader(master, table.event_classes)
        chunks = reader.read_all(connection, after, upto)
        coming: Future[Span | None] = ahead.submit(next, chunks, None)
        while (span := coming.result()) is not None:
            coming = ahead.submit(next, chunks, None)
            yield span


def remember_shape(connection: Connection[Any], table: Table, position: int) -> None:
    """Note that the table is served in its present shape, with everything up to a position."""
    connection.execute(
        "INSERT INTO read_models (name, shape, position) VALUES (%s, %s, %s) ON CONFLICT (name) "
        "DO UPDATE SET shape = excluded.shape, position = excluded.position",
        [table.name, shape_of(table), position],
    )


@contextmanager
def _alone(dsn: str, name: str) -> Iterator[Connection[Any]]:
    """A connection while nobody else rebuilds the table."""
    with psycopg.connect(dsn, autocommit=True, prepare_threshold=2) as connection:
        connection.execute("SELECT pg_advisory_lock(%s)", [_LOCK + zlib.crc32(name.encode())])
        yield connection


def _lock(connection: Connection[Any], model: ReadModel, mode: str) -> None:
    connection.execute(SQL("LOCK TABLE {} IN " + mode + " MODE").format(Identifier(model.name)))


def _ignore(name: str, position: int, head: int) -> None:
    pass
