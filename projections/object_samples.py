"""The samples that show a face or an event."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from projections.database import Reader
from projections.stored_files import FileRow

_AVATAR: Final = "samples/faces/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})"


def samples_of_faces(
    db: Reader, account_id: UUID, face_ids: Sequence[UUID]
) -> dict[UUID, list[UUID]]:
    """The one sample that shows each face: its avatar if that is a sample, or its descriptor's."""
    rows = db.fetch_all(
        "SELECT face_id, coalesce(substring(lower(avatar) from %s)::uuid, "
        "face_descriptor_samples[1]) AS sample_id "
        "FROM faces WHERE face_id = ANY(%s) AND account_id = %s",
        [_AVATAR, list(face_ids), account_id],
    )
    return {row["face_id"]: [row["sample_id"]] for row in rows if row["sample_id"] is not None}


def samples_of_events(
    db: Reader, account_id: UUID, event_ids: Sequence[UUID], kind: str
) -> dict[UUID, list[UUID]]:
    """The stored samples of each event's `face` or `body` detections, in order."""
    rows = db.fetch_all(
        f"SELECT event_id, ARRAY(SELECT (one ->> 'sample_id')::uuid FROM "
        f"json_array_elements(CASE json_typeof({kind}_detections) WHEN 'array' "
        f"THEN {kind}_detections ELSE '[]' END) AS one WHERE one ->> 'sample_id' IS NOT NULL"
        ") AS sample_ids FROM events WHERE event_id = ANY(%s) AND account_id = %s",
        [list(event_ids), account_id],
    )
    return {row["event_id"]: row["sample_ids"] for row in rows if row["sample_ids"]}


def sample_files(db: Reader, account_id: UUID, sample_ids: Sequence[UUID]) -> dict[UUID, FileRow]:
    """Those of the samples that the account has."""
    rows = db.fetch_all(
        "SELECT sample_id, blob, size, content_type FROM samples "
        "WHERE sample_id = ANY(%s) AND account_id = %s",
        [list(sample_ids), account_id],
    )
    return {row.pop("sample_id"): FileRow(**row) for row in rows}
