"""What processes tell each other of live streams, over Postgres: nothing of it is kept."""

import time
from collections.abc import Callable, Iterator
from typing import Any, Final

import psycopg
from psycopg import Connection

from projections.database import Reader

CHANNEL: Final = "selene_live"
LIVE_BODIES: Final = (
    """CREATE UNLOGGED TABLE IF NOT EXISTS live_bodies (
        body_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        body bytea NOT NULL,
        told_time timestamptz NOT NULL DEFAULT now()
    )""",
)
"""The statements that make the table: notifications are too small for pictures."""

_SWEEP_S: Final = 10.0
Body = Callable[[], bytes | None]
"""Fetches what a message holds; None when it is gone."""


class PostgresWire:
    """Heads travel as notifications, bodies lie in a table until whoever wants them was told.

    `publish` is for one thread, `hear` for another one.
    """

    def __init__(self, dsn: str, reader: Reader) -> None:
        self._dsn, self._reader = dsn, reader
        self._swept = 0.0

    def publish(self, head: str, body: bytes = b"") -> None:
        """Tell all processes, this one included; heads are short."""
        if not body:
            self._reader.execute("SELECT pg_notify(%s, %s)", [CHANNEL, f"- {head}"])
            return
        self._reader.execute(
            "WITH told AS (INSERT INTO live_bodies (body) VALUES (%s) RETURNING body_id) "
            "SELECT pg_notify(%s, body_id || ' ' || %s) FROM told",
            [body, CHANNEL, head],
        )
        if time.monotonic() - self._swept > _SWEEP_S:
            self._swept = time.monotonic()
            self._reader.execute(
                "DELETE FROM live_bodies WHERE told_time < now() - interval '30 seconds'"
            )

    def close(self) -> None:
        """Nothing: the reader is everybody's."""

    def listen(self, timeout_s: float) -> Iterator[tuple[str, Body] | None]:
        """What was told since this began, without end; None after each time of silence."""
        connection: Connection[Any]
        with psycopg.connect(self._dsn, autocommit=True) as connection:
            connection.execute(f"LISTEN {CHANNEL}")
            while True:
                for told in connection.notifies(timeout=timeout_s, stop_after=1):
                    number, _, head = told.payload.partition(" ")
                    yield head, self._body(number)
                yield None

    def _body(self, number: str) -> Body:
        def fetch() -> bytes | None:
            if number == "-":
                return b""
            query = "SELECT body FROM live_bodies WHERE body_id = %s"
            found = self._reader.fetch_value(query, [int(number)])
            return None if found is None else bytes(found)

        return fetch
