"""The reading side of the database: a pool of connections, rows as dictionaries."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar
from uuid import UUID

from psycopg import Connection, OperationalError
from psycopg.rows import DictRow, dict_row
from psycopg.sql import SQL, Composed
from psycopg_pool import ConnectionPool, PoolTimeout

from domain.log.port import DatabaseUnavailable
from projections.turns import NoTurn, Turns

T = TypeVar("T")
Row = dict[str, Any]
_WAIT_S = 5.0  # until a connection is there, where one is free or can be made
_PATIENCE_S = 30.0  # until others are done with theirs
_RECONNECT_S = 1.0  # given up, it is tried anew for the next query, and not seldomer and seldomer
Query = str | bytes | SQL | Composed


class Reader:
    """Answers queries, one connection of the pool each; for any number of threads.

    A query whose connection was lost is asked again on another one; a database that cannot be
    reached is refused as `DatabaseUnavailable`, and so is a query that others left no connection
    for a long time, though they are served in the order they came.
    """

    def __init__(self, dsn: str, *, min_size: int = 1, max_size: int = 16) -> None:
        self._pool: ConnectionPool[Connection[DictRow]] = ConnectionPool(
            dsn,
            min_size=min_size,
            max_size=max_size,
            open=False,
            timeout=_WAIT_S,
            reconnect_timeout=_RECONNECT_S,
            kwargs={"row_factory": dict_row, "autocommit": True, "prepare_threshold": 2},
        )
        self._turns = Turns(max_size)

    def open(self) -> None:
        """Connect; raises when the database cannot be reached within 10 s."""
        self._pool.open(wait=True, timeout=10)

    def close(self) -> None:
        """Disconnect."""
        self._pool.close()

    @contextmanager
    def connection(self) -> Iterator[Connection[DictRow]]:
        """A connection for several statements, or for reading a large result by cursor."""
        with self._turn(), self._pool.connection() as connection:
            yield connection

    @contextmanager
    def _turn(self) -> Iterator[None]:
        try:
            with self._turns.turn(_PATIENCE_S):
                yield
        except NoTurn as busy:
            raise PoolTimeout("the others took too long") from busy

    def fetch_all(self, query: Any, values: Sequence[Any] | dict[str, Any] = ()) -> list[Row]:
        """All rows of the query."""
        return self._ask(lambda c: c.execute(query, values, binary=True).fetchall())

    def fetch_one(self, query: Any, values: Sequence[Any] | dict[str, Any] = ()) -> Row | None:
        """The first row of the query, if any."""
        return self._ask(lambda c: c.execute(query, values, binary=True).fetchone())

    def fetch_value(self, query: Any, values: Sequence[Any] | dict[str, Any] = ()) -> Any:
        """The first column of the first row; `None` without a row."""
        row = self.fetch_one(query, values)
        return None if row is None else next(iter(row.values()))

    def execute(self, query: Any, values: Sequence[Any] | dict[str, Any] = ()) -> int:
        """Run a statement outside the log (temporary data); the number of rows it changed.

        A statement may have been done when its connection is lost, so it is never repeated;
        connections that were lost before are noticed before.
        """
        for _ in range(2):
            try:
                with self.connection() as connection:
                    if _is_alive(connection):
                        return connection.execute(query, values).rowcount
                self._pool.check()
            except OperationalError as lost:
                raise DatabaseUnavailable from lost
        raise DatabaseUnavailable

    def _ask(self, question: Callable[[Connection[DictRow]], T]) -> T:
        try:
            try:
                with self.connection() as connection:
                    return question(connection)
            except PoolTimeout:
                raise
            except OperationalError:
                self._pool.check()  # the others may have been lost as well
            with self.connection() as connection:
                return question(connection)
        except OperationalError as lost:
            raise DatabaseUnavailable from lost


def _is_alive(connection: Connection[DictRow]) -> bool:
    try:
        ConnectionPool.check_connection(connection)
    except OperationalError:
        return False
    return True


def owned_by(account_id: UUID | None) -> tuple[SQL, list[Any]]:
    """The condition that keeps accounts apart; without an account every row passes."""
    if account_id is None:
        return SQL("TRUE"), []
    return SQL("account_id = %s"), [account_id]
