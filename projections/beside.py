"""What is stored beside the log in the same transaction: vectors and messages."""

from typing import Any

from psycopg import Connection

from domain.log.port import Batch
from projections.deliveries import forget_deliveries, write_deliveries
from projections.keys import destroy_keys

_DESCRIPTORS = """INSERT INTO descriptors (descriptor_id, owner_id, kind, version, data)
    SELECT * FROM unnest(%b::uuid[], %b::uuid[], %b::text[], %b::int[], %b::bytea[])"""
_ANNOUNCEMENTS = """INSERT INTO announcements (position, account_id, message)
    SELECT * FROM unnest(%b::bigint[], %b::uuid[], %b::bytea[])"""


def write_beside(connection: Connection[Any], batch: Batch, first: int) -> None:
    """Write it; announcements take the positions from `first` on."""
    if rows := batch.descriptors:
        columns: list[Any] = [
            [row.descriptor_id for row in rows],
            [row.owner_id for row in rows],
            [row.kind for row in rows],
            [row.version for row in rows],
            [row.data for row in rows],
        ]
        connection.execute(_DESCRIPTORS, columns)
    if batch.forgotten_descriptors:
        connection.execute(
            "DELETE FROM descriptors WHERE descriptor_id = ANY(%b)", [batch.forgotten_descriptors]
        )
    if messages := batch.announcements:
        columns = [
            list(range(first, first + len(messages))),
            [message.account_id for message in messages],
            [message.message for message in messages],
        ]
        connection.execute(_ANNOUNCEMENTS, columns)
    if batch.deliveries:
        write_deliveries(connection, batch.deliveries)
    if batch.erased_subjects:
        forget_deliveries(connection, batch.erased_subjects)
        destroy_keys(connection, batch.erased_subjects)
