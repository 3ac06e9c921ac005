"""Messages to addresses, from the commit of their event until they are taken or given up."""

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from psycopg import Connection
from psycopg.types.json import Jsonb

from domain.log.port import Delivery
from projections.database import Reader, Row

KEPT_DAYS: Final = 7
"""For so long a message that was given up can be looked at and sent again."""

MOST_OF_ACCOUNT: Final = 100_000
"""So many messages of one account may wait, and so many that were given up are kept."""

DELIVERIES: Final = (
    # In the write-ahead log: what was committed is delivered, also after a crash.
    """CREATE TABLE IF NOT EXISTS deliveries (
        delivery_id uuid PRIMARY KEY,
        account_id uuid NOT NULL,
        event_id uuid NOT NULL,
        request_id text NOT NULL,
        callback jsonb NOT NULL,
        message bytea NOT NULL,
        create_time timestamptz NOT NULL DEFAULT now(),
        due_time timestamptz NOT NULL DEFAULT now(),
        attempts integer NOT NULL DEFAULT 0,
        given_up boolean NOT NULL DEFAULT false,
        reason text
    )""",
    # who has something to be sent now
    """CREATE INDEX IF NOT EXISTS deliveries_due ON deliveries (account_id, due_time)
        WHERE NOT given_up""",
    "CREATE INDEX IF NOT EXISTS deliveries_of_event ON deliveries (event_id)",
    "CREATE INDEX IF NOT EXISTS deliveries_given_up ON deliveries (create_time) WHERE given_up",
)

_INSERT = """INSERT INTO deliveries
    (delivery_id, account_id, event_id, request_id, callback, message)
    SELECT * FROM
    unnest(%b::uuid[], %b::uuid[], %b::uuid[], %b::text[], %b::jsonb[], %b::bytea[])"""
# One step of the index per account, however many messages each of them has waiting.
_ACCOUNTS = """WITH RECURSIVE with_some AS (
        (SELECT account_id FROM deliveries WHERE NOT given_up ORDER BY account_id LIMIT 1)
        UNION ALL
        SELECT (SELECT account_id FROM deliveries d
                WHERE NOT given_up AND d.account_id > w.account_id ORDER BY account_id LIMIT 1)
        FROM with_some w WHERE w.account_id IS NOT NULL
    )
    SELECT account_id FROM with_some w WHERE account_id IS NOT NULL AND EXISTS (
        SELECT FROM deliveries d WHERE NOT given_up AND d.account_id = w.account_id
        AND due_time <= now())"""
_CLAIM = """UPDATE deliveries SET attempts = attempts + 1,
        due_time = now() + %s * interval '1 second'
    WHERE delivery_id IN (
        SELECT delivery_id FROM deliveries
        WHERE account_id = %s AND NOT given_up AND due_time <= now()
        ORDER BY due_time LIMIT %s FOR UPDATE SKIP LOCKED
    ) RETURNING delivery_id, account_id, request_id, callback, message, attempts"""
_LIST = """SELECT delivery_id, account_id, event_id, callback->>'url' AS url, create_time,
    attempts, reason FROM deliveries WHERE given_up = %s ORDER BY create_time DESC LIMIT %s"""
_BEYOND = """SELECT delivery_id FROM (
        SELECT delivery_id, row_number() OVER (PARTITION BY account_id ORDER BY create_time DESC)
        AS place FROM deliveries WHERE given_up = {}
    ) AS ranked WHERE place > %s"""


def write_deliveries(connection: Connection[Any], deliveries: Sequence[Delivery]) -> None:
    """Write what is to be sent, in the transaction of its events."""
    columns: list[Any] = [
        [one.delivery_id for one in deliveries],
        [one.account_id for one in deliveries],
        [one.event_id for one in deliveries],
        [one.request_id for one in deliveries],
        [Jsonb(one.callback) for one in deliveries],
        [one.message for one in deliveries],
    ]
    connection.execute(_INSERT, columns)


def forget_deliveries(connection: Connection[Any], event_ids: Sequence[UUID]) -> None:
    """Send nothing more about events that are gone."""
    connection.execute("DELETE FROM deliveries WHERE event_id = ANY(%b)", [list(event_ids)])


def accounts_with_due(db: Reader) -> list[UUID]:
    """The accounts that have messages to be sent now."""
    return [row["account_id"] for row in db.fetch_all(_ACCOUNTS)]


def claim_deliveries(db: Reader, account_id: UUID, limit: int, lease_s: float) -> list[Row]:
    """Messages to send now, longest due first; nobody else gets them while the lease lasts."""
    return db.fetch_all(_CLAIM, [lease_s, account_id, limit])


def delivered(db: Reader, delivery_id: UUID) -> None:
    """The message was taken."""
    db.execute("DELETE FROM deliveries WHERE delivery_id = %s", [delivery_id])


def try_again(db: Reader, delivery_id: UUID, reason: str, wait_s: float) -> None:
    """The message was not taken, and is sent again later."""
    db.execute(
        "UPDATE deliveries SET due_time = now() + %s * interval '1 second', reason = %s "
        "WHERE delivery_id = %s",
        [wait_s, reason, delivery_id],
    )


def give_up(db: Reader, delivery_id: UUID, reason: str) -> None:
    """The message is not sent again unless somebody asks for it."""
    db.execute(
        "UPDATE deliveries SET given_up = true, reason = %s WHERE delivery_id = %s",
        [reason, delivery_id],
    )


def list_deliveries(db: Connection[Any], *, waiting: bool, limit: int) -> list[Any]:
    """Messages that were given up, newest first, or those that wait."""
    return db.execute(_LIST, [not waiting, limit]).fetchall()


def send_again(db: Connection[Any], delivery_id: UUID | None) -> int:
    """Have one message, or all, that were given up sent anew; how many there were."""
    return db.execute(
        "UPDATE deliveries SET given_up = false, attempts = 0, due_time = now() "
        "WHERE given_up AND (%s::uuid IS NULL OR delivery_id = %s)",
        [delivery_id, delivery_id],
    ).rowcount


def sweep_deliveries(connection: Connection[Any], most: int = MOST_OF_ACCOUNT) -> None:
    """Give up the oldest where too many wait, and forget what was given up long ago."""
    connection.execute(
        "UPDATE deliveries SET given_up = true, reason = 'too many messages wait' "
        f"WHERE delivery_id IN ({_BEYOND.format('false')})".encode(),
        [most],
    )
    connection.execute(
        f"DELETE FROM deliveries WHERE delivery_id IN ({_BEYOND.format('true')})".encode(), [most]
    )
    connection.execute(
        "DELETE FROM deliveries WHERE given_up AND create_time < now() - %s * interval '1 day'",
        [KEPT_DAYS],
    )
