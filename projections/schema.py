"""The tables beside the read models: both logs, their head, keys, vectors, answers."""

import hashlib
from typing import Any

from psycopg import Connection
from psycopg.rows import tuple_row

from projections.deliveries import DELIVERIES
from projections.event_hours import EVENT_HOURS
from projections.live_wire import LIVE_BODIES
from projections.row_blocks import ROW_BLOCKS
from projections.row_counts import ROW_COUNTS
from projections.stream_progress import STREAM_PROGRESS

SCHEMA_VERSION = 1
_LOCK = 0x53656C656E65  # one schema change at a time, whoever starts first

_STATE = """CREATE TABLE IF NOT EXISTS schema_state (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    version integer NOT NULL,
    digest text NOT NULL
)"""

_STATEMENTS = (
    # The head is one row: its lock makes writers take turns, so positions are in commit order.
    """CREATE TABLE IF NOT EXISTS log_head (
        only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
        position bigint NOT NULL
    ) WITH (fillfactor = 10)""",
    "INSERT INTO log_head VALUES (true, 0) ON CONFLICT DO NOTHING",
    # The layout of the eventsourcing library, whose Repository can load from it.
    """CREATE TABLE IF NOT EXISTS history (
        originator_id uuid NOT NULL,
        originator_version bigint NOT NULL,
        topic text NOT NULL,
        state bytea NOT NULL,
        notification_id bigint NOT NULL,
        PRIMARY KEY (originator_id, originator_version)
    )""",
    "CREATE UNIQUE INDEX IF NOT EXISTS history_position ON history (notification_id)",
    # Partitioned by time, so that retention drops partitions.
    """CREATE TABLE IF NOT EXISTS recognitions (
        originator_id uuid NOT NULL,
        originator_version bigint NOT NULL,
        topic text NOT NULL,
        state bytea NOT NULL,
        notification_id bigint NOT NULL,
        recorded_at timestamptz NOT NULL DEFAULT now()
    ) PARTITION BY RANGE (recorded_at)""",
    "CREATE TABLE IF NOT EXISTS recognitions_rest PARTITION OF recognitions DEFAULT",
    "CREATE INDEX IF NOT EXISTS recognitions_position ON recognitions (notification_id)",
    "CREATE INDEX IF NOT EXISTS recognitions_originator ON recognitions (originator_id)",
    # A destroyed key leaves its row, so that nothing is ever sealed for its subject again.
    """CREATE TABLE IF NOT EXISTS subject_keys (
        subject_id uuid PRIMARY KEY,
        wrapped bytea
    )""",
    # A secret under the master key, by which another master key is noticed.
    """CREATE TABLE IF NOT EXISTS master_key_proof (
        only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
        wrapped bytea NOT NULL
    )""",
    """CREATE TABLE IF NOT EXISTS descriptors (
        descriptor_id uuid PRIMARY KEY,
        owner_id uuid NOT NULL,
        kind text NOT NULL,
        version integer NOT NULL,
        data bytea NOT NULL
    )""",
    "ALTER TABLE descriptors ALTER COLUMN data SET STORAGE EXTERNAL",  # vectors do not compress
    "CREATE INDEX IF NOT EXISTS descriptors_owner ON descriptors (owner_id)",
    """CREATE TABLE IF NOT EXISTS answers (
        account_id uuid NOT NULL,
        key text NOT NULL,
        command text NOT NULL,
        fingerprint text NOT NULL,
        result bytea NOT NULL,
        create_time timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (account_id, key, command)
    )""",
    "CREATE INDEX IF NOT EXISTS answers_age ON answers (create_time)",
    # Of whom a sealed answer tells; the results of rows without it are in plain, from before.
    "ALTER TABLE answers ADD COLUMN IF NOT EXISTS subject_ids uuid[]",
    # Temporary by nature: not in the write-ahead log, empty after a crash of the server.
    """CREATE UNLOGGED TABLE IF NOT EXISTS announcements (
        position bigint PRIMARY KEY,
        account_id uuid NOT NULL,
        message bytea NOT NULL,
        create_time timestamptz NOT NULL DEFAULT now()
    )""",
    """CREATE UNLOGGED TABLE IF NOT EXISTS temporary_attributes (
        attribute_id uuid PRIMARY KEY,
        account_id uuid NOT NULL,
        create_time timestamptz NOT NULL,
        expire_time timestamptz NOT NULL,
        content bytea NOT NULL
    )""",
    """CREATE INDEX IF NOT EXISTS temporary_attributes_expiry
        ON temporary_attributes (expire_time)""",
    "CREATE SEQUENCE IF NOT EXISTS task_numbers",
    "CREATE SEQUENCE IF NOT EXISTS subtask_numbers",
    "CREATE SEQUENCE IF NOT EXISTS task_error_numbers",
    "CREATE SEQUENCE IF NOT EXISTS schedule_numbers",
    *DELIVERIES,
    *EVENT_HOURS,
    *ROW_BLOCKS,
    *ROW_COUNTS,
    *STREAM_PROGRESS,
    *LIVE_BODIES,
    """CREATE TABLE IF NOT EXISTS read_models (
        name text PRIMARY KEY,
        shape text NOT NULL,
        position bigint NOT NULL
    )""",
)


_DIGEST = hashlib.sha256("\n".join(_STATEMENTS).encode()).hexdigest()


class NewerSchema(RuntimeError):
    """The database was written by a newer version of the program."""


def ensure_schema(connection: Connection[Any]) -> None:
    """Create what is missing; raises `NewerSchema` for a database of a later version.

    A database that is up to date is only read, so that a process may start beside busy ones.
    """
    cursor = connection.cursor(row_factory=tuple_row)
    with connection.transaction():
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
        cursor.execute(_STATE)
        cursor.execute("SELECT version, digest FROM schema_state")
        version, digest = cursor.fetchone() or (SCHEMA_VERSION, "")
        if version > SCHEMA_VERSION:
            raise NewerSchema(f"the database has schema {version}, this program {SCHEMA_VERSION}")
        if digest == _DIGEST:
            return
        for statement in _STATEMENTS:
            cursor.execute(statement)
        cursor.execute(
            "INSERT INTO schema_state VALUES (true, %s, %s) ON CONFLICT (only_row) "
            "DO UPDATE SET version = excluded.version, digest = excluded.digest",
            [SCHEMA_VERSION, _DIGEST],
        )
