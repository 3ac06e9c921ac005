"""What matching asks of the read models: who is a candidate, and the vectors of references."""

from typing import NamedTuple
from uuid import UUID

from psycopg.sql import SQL

from projections.database import Reader, owned_by
from projections.event_filters import EventConditions
from projections.faces import FaceConditions
from projections.filtering import Conditions
from projections.general_events import GeneralEventConditions


class StoredVector(NamedTuple):
    """A vector of a face or an event: float32 little endian."""

    owner_id: UUID
    data: bytes


def face_ids_where(db: Reader, account_id: UUID | None, wanted: FaceConditions) -> set[UUID]:
    """The ids of all faces that pass."""
    return _ids(db, "faces", "face_id", account_id, wanted)


def event_ids_where(db: Reader, account_id: UUID | None, wanted: EventConditions) -> set[UUID]:
    """The ids of all events that pass."""
    return _ids(db, "events", "event_id", account_id, wanted)


def general_event_ids_where(
    db: Reader, account_id: UUID | None, wanted: GeneralEventConditions
) -> set[UUID]:
    """The ids of all general events that pass."""
    return _ids(db, "general_events", "event_id", account_id, wanted)


def _ids(
    db: Reader, table: str, key: str, account_id: UUID | None, wanted: Conditions
) -> set[UUID]:
    owner, of_owner = owned_by(account_id)
    where, values = wanted.where()
    query = SQL(f"SELECT {key} AS id FROM {table} WHERE {{}} AND {{}}").format(owner, where)
    return {row["id"] for row in db.fetch_all(query, [*of_owner, *values])}


_REFERENCES = {
    "face": "SELECT face_id AS id FROM faces WHERE face_id = %s AND ",
    "event": "SELECT event_id AS id FROM events WHERE event_id = %s AND ",
    "face_external_id": "SELECT face_id AS id FROM faces WHERE external_id = %s AND ",
    "event_external_id": "SELECT event_id AS id FROM events WHERE external_id = %s AND ",
    "event_track_id": "SELECT event_id AS id FROM events WHERE track_id = %s AND ",
    "general_event": "SELECT event_id AS id FROM general_events WHERE event_id = %s AND ",
    "general_event_track_id": "SELECT event_id AS id FROM general_events WHERE track_id = %s AND ",
}
MOST_REFERRED = 1000
"""How many objects one external or track id may stand for."""


def referred_objects(
    db: Reader, account_id: UUID | None, reference_type: str, value: UUID | str
) -> list[UUID]:
    """The faces or events that a reference names, oldest first."""
    owner, of_owner = owned_by(account_id)
    query = SQL(_REFERENCES[reference_type] + "{} ORDER BY create_time, 1 LIMIT %s").format(owner)
    return [row["id"] for row in db.fetch_all(query, [value, *of_owner, MOST_REFERRED])]


_BY_IDS = {
    "face": "SELECT face_id AS id FROM faces WHERE face_id = ANY(%s) AND ",
    "event": "SELECT event_id AS id FROM events WHERE event_id = ANY(%s) AND ",
}


def known_objects(
    db: Reader, account_id: UUID | None, reference_type: str, ids: list[UUID]
) -> set[UUID]:
    """Those of the faces or events that the account has."""
    owner, of_owner = owned_by(account_id)
    query = SQL(_BY_IDS[reference_type] + "{}").format(owner)
    return {row["id"] for row in db.fetch_all(query, [ids, *of_owner])}


def vectors_of(db: Reader, owner_ids: list[UUID], kind: str, version: int) -> list[StoredVector]:
    """The vectors of one kind and version that the faces or events have."""
    rows = db.fetch_all(
        "SELECT owner_id, data FROM descriptors "
        "WHERE owner_id = ANY(%s) AND kind = %s AND version = %s",
        [owner_ids, kind, version],
    )
    return [StoredVector(row["owner_id"], bytes(row["data"])) for row in rows]
