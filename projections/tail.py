"""The log as it grows: every fact behind a position, in order, soon after its commit."""

import logging
import threading
import time
from collections.abc import Callable, Collection
from typing import Any

import psycopg
from psycopg import Connection
from psycopg.rows import tuple_row

from domain.log.sealing import MasterKey
from projections.history import CHANNEL
from projections.log_reader import LogReader, Span

log = logging.getLogger(__name__)

_POLL_S = 1.0  # a notification that is lost costs no more than this
_BACKOFF_S = (0.02, 0.1, 0.5, 1.0)


class Tail:
    """Follows the log on a connection of its own; for one thread at a time.

    `position` is the place up to which everything has been given. A lost connection is made
    anew and nothing is missed or repeated, since only the position counts, never the
    notifications.
    """

    def __init__(
        self,
        dsn: str,
        master: MasterKey,
        after: int,
        *,
        of: Collection[type[Any]] | None = None,
        announcements: bool = False,
        limit: int = 1000,
    ) -> None:
        self._dsn = dsn
        self._reader = LogReader(master, of)
        self._announcements = announcements
        self._limit = limit
        self._connection: Connection[Any] | None = None
        self._losses = 0
        self.position = after

    def next(self, timeout_s: float = _POLL_S) -> Span:
        """What comes next, as soon as there is something; after the timeout, maybe nothing."""
        deadline = time.monotonic() + timeout_s
        while True:
            try:
                span, more = self._read()
                self._losses = 0
                if span.facts or span.announcements:
                    return span
                remaining = deadline - time.monotonic()
                if remaining <= 0:
                    return span
                if not more:
                    self._wait(min(remaining, _POLL_S))
            except psycopg.OperationalError as lost:
                self._lose(lost)
                remaining = deadline - time.monotonic()
                if remaining <= 0:
                    return Span((), self.position)
                time.sleep(min(remaining, _BACKOFF_S[min(self._losses, len(_BACKOFF_S)) - 1]))

    def close(self) -> None:
        """Give the connection back; `next` would open another."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _read(self) -> tuple[Span, bool]:
        connection = self._connected()
        head = self._reader.head(connection)
        span = self._reader.read(connection, self.position, self._limit, head)
        if self._announcements:
            said = self._reader.announcements(connection, self.position, span.position)
            span = Span(span.facts, span.position, said)
        self.position = span.position
        return span, span.position < head

    def _wait(self, timeout_s: float) -> None:
        """Until something was committed; notifications that came while reading count."""
        for _ in self._connected().notifies(timeout=timeout_s, stop_after=1):
            pass

    def _connected(self) -> Connection[Any]:
        if self._connection is None:
            self._connection = psycopg.connect(
                self._dsn, autocommit=True, prepare_threshold=2, row_factory=tuple_row
            )
            self._connection.execute(f"LISTEN {CHANNEL}")
        return self._connection

    def _lose(self, why: Exception) -> None:
        if self._losses == 0:
            log.warning("the tail of the log lost its connection: %s", why)
        self._losses += 1
        if self._connection is not None:
            self._connection.close()
            self._connection = None


class TailThread:
    """A thread that gives every span of a tail to `consume`, in order.

    What `consume` raises is logged and the span is given again, so it must bear repetition
    after a failure of its own.
    """

    def __init__(self, name: str, tail: Tail, consume: Callable[[Span], None]) -> None:
        self._tail = tail
        self._consume = consume
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """Finish the span at hand and end; takes a fraction of a second."""
        self._stopping.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                span = self._tail.next(timeout_s=0.2)
            except Exception:
                log.exception("the log cannot be read")
                self._stopping.wait(1.0)
                continue
            while not self._given(span) and not self._stopping.wait(1.0):
                pass
        self._tail.close()

    def _given(self, span: Span) -> bool:
        try:
            self._consume(span)
        except Exception:
            log.exception("a span of the log was not taken", extra={"position": span.position})
            return False
        return True
