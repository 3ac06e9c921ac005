"""One connection for one thread, made anew when it was lost."""

import time
from collections.abc import Callable
from typing import Any, TypeVar

import psycopg
from psycopg import Connection
from psycopg.conninfo import make_conninfo
from psycopg.pq import TransactionStatus

from domain.log.port import DatabaseUnavailable, OutcomeUnknown

T = TypeVar("T")

_SETTINGS = (
    # A writer that hangs in a transaction holds up all the others: the server ends it.
    "SET idle_in_transaction_session_timeout = '10s'",
)
_KEEPALIVE = {"keepalives_idle": 10, "keepalives_interval": 5, "tcp_user_timeout": 10_000}


class Link:
    """Connects to `dsn` when first used, and again after a loss.

    After a loss the database gets `patience_s` to come back; while it is away for longer, calls
    fail at once.
    """

    def __init__(self, dsn: str, *, patience_s: float = 5.0) -> None:
        self._dsn = make_conninfo(dsn, **_KEEPALIVE)
        self._patience_s = patience_s
        self._connection: Connection[Any] | None = None
        self._away = False

    def close(self) -> None:
        """Give the connection back."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def connection(self) -> Connection[Any]:
        """The connection in use, or a new one; raises `DatabaseUnavailable`."""
        if self._connection is None or self._connection.closed:
            self._connection = self._connect()
        return self._connection

    def read(self, question: Callable[[Connection[Any]], T]) -> T:
        """The answer to a question that changes nothing, asked twice if the connection is lost."""
        try:
            return question(self.connection())
        except psycopg.OperationalError as lost:
            if not self.connection_lost():
                raise DatabaseUnavailable from lost
        try:
            return question(self.connection())
        except psycopg.OperationalError as lost:
            raise DatabaseUnavailable from lost

    def connection_lost(self) -> bool:
        """Whether there is no usable connection at the moment; asked after a failure."""
        connection = self._connection
        if connection is None or connection.closed:
            return True
        if connection.info.transaction_status != TransactionStatus.IDLE:
            connection.close()  # cut off within a pipeline, it did not notice and stays busy
        return connection.closed

    def ended(self, transaction_id: int) -> bool:
        """How a transaction ended whose connection was lost: whether it seems to be committed.

        A server that crashed may have given its number to another transaction since, so ask for
        what it wrote as well. Raises `OutcomeUnknown` when the database does not come back.
        """
        deadline = time.monotonic() + 2 * self._patience_s
        while time.monotonic() < deadline:
            try:
                status = _status(self.connection(), str(transaction_id))
            except psycopg.DataError:  # the number is not yet given: the server is another one
                return False
            except (psycopg.OperationalError, DatabaseUnavailable):
                status = "in progress"
            if status != "in progress":
                return status == "committed"
            time.sleep(0.05)
        raise OutcomeUnknown

    def _connect(self) -> Connection[Any]:
        deadline = time.monotonic() + (0.0 if self._away else self._patience_s)
        while True:
            try:
                connection = _prepared(
                    psycopg.connect(self._dsn, autocommit=True, prepare_threshold=2)
                )
            except psycopg.OperationalError as refused:
                if time.monotonic() >= deadline:
                    self._away = True
                    raise DatabaseUnavailable from refused
                time.sleep(0.05)
            else:
                self._away = False
                return connection


def _prepared(connection: Connection[Any]) -> Connection[Any]:
    """The new connection with its settings, or closed where the server went meanwhile."""
    try:
        for setting in _SETTINGS:
            connection.execute(setting)
    except BaseException:
        connection.close()
        raise
    return connection


def _status(connection: Connection[Any], transaction_id: str) -> str | None:
    # Our old session may not have noticed that we are gone, and still hold the log's lock.
    connection.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE backend_xid = %s::text::xid8::xid",
        [transaction_id],
    )
    found = connection.execute("SELECT pg_xact_status(%s::text::xid8)", [transaction_id])
    row = found.fetchone()
    return None if row is None else row[0]
