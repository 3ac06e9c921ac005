"""What is done with a database now and then: next month's partition, old answers and messages."""

from typing import Any

from psycopg import Connection

from projections.deliveries import sweep_deliveries
from projections.partitions import ensure_partitions
from projections.row_blocks import forget_blocks

ANSWERS_KEPT = "24 hours"
"""For so long a request may be repeated under its idempotency key."""


def keep_house(connection: Connection[Any]) -> None:
    """Bring everything up to date; quick when there is little to do."""
    ensure_partitions(connection)
    sweep_deliveries(connection)
    forget_blocks(connection)
    connection.execute(
        "DELETE FROM answers WHERE create_time < now() - %s::interval", [ANSWERS_KEPT]
    )
