"""The reading side of the database: a pool of connections, rows as dictionaries."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Any
from uuid import UUID

from psycopg import Connection
from psycopg.rows import DictRow, dict_row
from psycopg.sql import SQL, Composed
from psycopg_pool import ConnectionPool

Row = dict[str, Any]
Query = str | bytes | SQL | Composed


class Reader:
    """Answers queries, one connection of the pool each; for any number of threads."""

    def __init__(self, dsn: str, *, min_size: int = 1, max_size: int = 16) -> None:
        self._pool: ConnectionPool[Connection[DictRow]] = ConnectionPool(
            dsn,
            min_size=min_size,
            max_size=max_size,
            open=False,
            kwargs={"row_factory": dict_row, "autocommit": True, "prepare_threshold": 2},
        )

    def open(self) -> None:
        """Connect; raises when the database cannot be reached within 10 s."""
        self._pool.open(wait=True, timeout=10)

    def close(self) -> None:
        """Disconnect."""
        self._pool.close()

    def connection(self) -> AbstractContextManager[Connection[DictRow]]:
        """A connection for several statements, or for reading a large result by cursor."""
        return self._pool.connection()

    def fetch_all(self, query: Any, values: Sequence[Any] | dict[str, Any] = ()) -> list[Row]:
        """All rows of the query."""
        with self._pool.connection() as connection:
            return connection.execute(query, values, binary=True).fetchall()

    def fetch_one(self, query: Any, values: Sequence[Any] | dict[str, Any] = ()) -> Row | None:
        """The first row of the query, if any."""
        with self._pool.connection() as connection:
            return connection.execute(query, values, binary=True).fetchone()

    def fetch_value(self, query: Any, values: Sequence[Any] | dict[str, Any] = ()) -> Any:
        """The first column of the first row; `None` without a row."""
        row = self.fetch_one(query, values)
        return None if row is None else next(iter(row.values()))

    def execute(self, query: Any, values: Sequence[Any] | dict[str, Any] = ()) -> int:
        """Run a statement outside the log (temporary data); the number of rows it changed."""
        with self._pool.connection() as connection:
            return connection.execute(query, values).rowcount


def owned_by(account_id: UUID | None) -> tuple[SQL, list[Any]]:
    """The condition that keeps accounts apart; without an account every row passes."""
    if account_id is None:
        return SQL("TRUE"), []
    return SQL("account_id = %s"), [account_id]
