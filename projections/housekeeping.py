"""What is done with a database now and then: next month's partition, old temporary rows."""

from typing import Any

from psycopg import Connection

from projections.partitions import ensure_partitions

ANSWERS_KEPT = "24 hours"
"""For so long a request may be repeated under its idempotency key."""

ANNOUNCEMENTS_KEPT = "10 minutes"
"""So long a subscriber may be away and still get what was announced."""


def keep_house(connection: Connection[Any]) -> None:
    """Bring everything up to date; quick when there is little to do."""
    ensure_partitions(connection)
    for table, kept in (("answers", ANSWERS_KEPT), ("announcements", ANNOUNCEMENTS_KEPT)):
        connection.execute(f"DELETE FROM {table} WHERE create_time < now() - interval '{kept}'")
