"""Leases: which process and thread works on which task, so that none is worked on twice at once."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, Final

import psycopg
from psycopg import Connection

_TASK: Final = 0x5461 << 48
_SUBTASK: Final = 0x7061 << 48


def lock_of_task(task_id: int) -> int:
    """The lock of a task's beginning and end."""
    return _TASK | task_id


def lock_of_subtask(subtask_id: int) -> int:
    """The lock of one part."""
    return _SUBTASK | subtask_id


class Leases:
    """The locks of one thread: the database frees them when the process ends, however it ends."""

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn
        self._connection: Connection[Any] | None = None

    @contextmanager
    def lease(self, lock: int) -> Iterator[bool]:
        """Whether this thread has the lock for the time being."""
        connection = self._connected()
        row = connection.execute("SELECT pg_try_advisory_lock(%s)", [lock]).fetchone()
        taken = row == (True,)
        try:
            yield taken
        finally:
            if taken:
                self._free(connection, lock)

    def close(self) -> None:
        """Give everything back."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _free(self, connection: Connection[Any], lock: int) -> None:
        try:
            connection.execute("SELECT pg_advisory_unlock(%s)", [lock])
        except psycopg.Error:  # a lost connection has no locks
            with suppress(psycopg.Error):
                connection.close()

    def _connected(self) -> Connection[Any]:
        if self._connection is None or self._connection.closed:
            self._connection = psycopg.connect(self._dsn, autocommit=True)
        return self._connection
