"""What a face that is made of an event takes over from it."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from projections.database import Reader, Row


def event_faces(db: Reader, account_id: UUID, event_ids: Sequence[UUID]) -> list[Row]:
    """For each of the account's events: texts, basic attributes, face samples, face vectors.

    `descriptors` are pairs of version and vector (float32, little endian).
    """
    rows = db.fetch_all(
        "SELECT event_id, user_data, external_id, age, gender, ethnic_group, face_detections, "
        "descriptor_ids -> 'face' AS vectors FROM events "
        "WHERE account_id = %s AND event_id = ANY(%s) ORDER BY event_id",
        [account_id, list(event_ids)],
    )
    wanted = [i for row in rows for i in (row["vectors"] or {}).values()]
    found = db.fetch_all(
        "SELECT descriptor_id, version, data FROM descriptors "
        "WHERE descriptor_id = ANY(%s::uuid[])",
        [wanted],
    )
    vectors = {str(one["descriptor_id"]): (one["version"], bytes(one["data"])) for one in found}
    return [_shown(row, vectors) for row in rows]


def _shown(row: Row, vectors: dict[str, tuple[int, bytes]]) -> Row:
    samples = (one.get("sample_id") for one in row["face_detections"] or ())
    ids = (row["vectors"] or {}).values()
    return {
        "event_id": row["event_id"],
        "user_data": row["user_data"],
        "external_id": row["external_id"],
        "basic_attributes": {
            "age": row["age"],
            "gender": row["gender"],
            "ethnicity": row["ethnic_group"],
        },
        "samples": list(dict.fromkeys(_uuids(samples))),
        "descriptors": [vectors[i] for i in ids if i in vectors],
    }


def _uuids(values: Any) -> list[UUID]:
    return [UUID(value) for value in values if value]
