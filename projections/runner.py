"""Keeping read models that follow the log, by one process of all that are running."""

import logging
import threading
import time
from collections.abc import Sequence
from typing import Any

import psycopg
from psycopg import Connection

from domain.log.sealing import MasterKey
from projections.event_hours import sum_hours
from projections.housekeeping import keep_house
from projections.log_reader import Span
from projections.read_model import ReadModel
from projections.row_blocks import count_blocks
from projections.row_counts import sum_counts
from projections.table import Table
from projections.tail import Tail

log = logging.getLogger(__name__)

_LEADER = 0x53656C656E650001
_RETRY_S = 1.0
_WAKE_S = 0.2
_CHORES_S = 60.0
_SUMMING_S, _BETWEEN_S, _REST_S = 0.2, 0.5, 10.0


class Runner:
    """A thread that folds new facts into tables, each with a position of its own.

    Once a minute it keeps house as well; now and then it sums hours of events, and counts rows.

    Of several processes one leads; when it ends or loses its connection, another goes on where
    the tables are. Rows and position are committed together, and the position is locked before
    it is used, so that even two leaders would not count a fact twice.
    """

    def __init__(self, dsn: str, master: MasterKey, tables: Sequence[Table]) -> None:
        self._dsn = dsn
        self._master = master
        self._models = {table.name: ReadModel(table) for table in tables}
        self._classes = frozenset().union(*(table.event_classes for table in tables))
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self.leads = False
        self.position = 0

    def start(self) -> None:
        """Begin to follow the log, or to wait for the one who does to end."""
        self._stopping.clear()
        self._thread = threading.Thread(target=self._run, name="runner", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Finish the span at hand and end; takes a fraction of a second."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                with psycopg.connect(self._dsn, autocommit=True, prepare_threshold=2) as connection:
                    self._wait_to_lead(connection)
                    self._follow(connection)
            except psycopg.OperationalError as lost:
                log.warning("the read models that follow the log wait: %s", lost)
            except Exception:
                log.exception("the read models that follow the log are stuck")
            self.leads = False
            self._stopping.wait(_RETRY_S)

    def _wait_to_lead(self, connection: Connection[Any]) -> None:
        while not self._stopping.is_set():
            row = connection.execute("SELECT pg_try_advisory_lock(%s)", [_LEADER]).fetchone()
            if row is not None and row[0]:
                self.leads = True
                return
            self._stopping.wait(_RETRY_S)

    def _follow(self, connection: Connection[Any]) -> None:
        if self._stopping.is_set():
            return
        tail = Tail(
            self._dsn,
            self._master,
            min(self._positions(connection).values(), default=0),
            of=self._classes,
            limit=5000,
        )
        chores_due = sums_due = 0.0
        try:
            while not self._stopping.is_set():
                self._take(connection, tail.next(_WAKE_S))
                if time.monotonic() >= chores_due:
                    keep_house(connection)
                    chores_due = time.monotonic() + _CHORES_S
                if time.monotonic() >= sums_due:
                    sum_counts(connection)
                    more = sum_hours(connection, _SUMMING_S)
                    more = count_blocks(connection, _SUMMING_S) or more
                    sums_due = time.monotonic() + (_BETWEEN_S if more else _REST_S)
        finally:
            tail.close()

    def _take(self, connection: Connection[Any], span: Span) -> None:
        if span.position == self.position:
            connection.execute("SELECT 1")  # notices that we no longer lead, when nothing happens
            return
        with connection.transaction():
            positions = self._positions(connection, lock=True)
            for name, reached in positions.items():
                model = self._models[name]
                wanted = model.table.event_classes
                model.apply(
                    connection,
                    [f for f in span.facts if f.position > reached and type(f.event) in wanted],
                )
            connection.execute(
                "UPDATE read_models SET position = %s WHERE name = ANY(%s) AND position < %s",
                [span.position, list(self._models), span.position],
            )
        self.position = span.position

    def _positions(self, connection: Connection[Any], *, lock: bool = False) -> dict[str, int]:
        query = "SELECT name, position FROM read_models WHERE name = ANY(%s) ORDER BY name"
        rows = connection.execute(query + (" FOR UPDATE" if lock else ""), [list(self._models)])
        return dict(rows.fetchall())
