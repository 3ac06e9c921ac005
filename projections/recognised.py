"""What the log of recognitions holds of single events, as their commands need it."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from eventsourcing.persistence import StoredEvent
from psycopg import Connection

from domain.log.mapper import EventMapper
from domain.log.port import Batch, VersionConflict

_OF_EVENTS = """SELECT originator_id, originator_version, topic, state FROM recognitions
    WHERE originator_id = ANY(%b) ORDER BY originator_id, originator_version"""
_TAKEN = """SELECT 1 FROM recognitions JOIN unnest(%b::uuid[], %b::bigint[]) AS later (id, version)
    ON originator_id = id AND originator_version = version LIMIT 1"""


def recognised(
    connection: Connection[Any], mapper: EventMapper, event_ids: Sequence[UUID]
) -> dict[UUID, list[Any]]:
    """What was recorded of each event, in order and without what is personal."""
    found: dict[UUID, list[Any]] = {}
    for row in connection.execute(_OF_EVENTS, [list(event_ids)], binary=True).fetchall():
        event, _ = mapper.decode(StoredEvent(*row))
        found.setdefault(row[0], []).append(event)
    return found


def check_later(connection: Connection[Any], batch: Batch) -> None:
    """Raise `VersionConflict` if somebody else said what the batch says of an earlier event.

    No index can be unique over partitions; the lock of the log's head makes looking enough.
    """
    later = [event for event, _ in batch.recognitions if event.originator_version > 1]
    if later:
        ids = [event.originator_id for event in later]
        versions = [event.originator_version for event in later]
        if connection.execute(_TAKEN, [ids, versions]).fetchone() is not None:
            raise VersionConflict
