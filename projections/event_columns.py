"""Recorded events as rows: the flat event, and beside it what filters ask for."""

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from domain.flat_events import flat_content
from domain.recognitions import EventRecorded

_SMALL: Final = ("gender", "age", "emotion", "mask", "ethnic_group", "liveness", "deepfake")
_TEXTS: Final = ("external_id", "user_data", "source", "track_id")
_PLACES: Final = ("city", "area", "district", "street", "house_number")
_LARGEST_SMALLINT: Final = 32_767

SHOWN: Final = {
    "external_id": "text",
    "user_data": "text",
    "source": "text",
    "stream_id": "uuid",
    "track_id": "text",
    "tags": "text[]",
    "meta": "jsonb",
    "face_id": "uuid",
    "attach_result": "uuid[]",
    **dict.fromkeys(_SMALL, "smallint"),
    "top_match": "json",
    "match_result": "json",
    "face_detections": "json",
    "body_detections": "json",
    "body_basic_attributes": "jsonb",
    "upper_body": "jsonb",
    "lower_body": "jsonb",
    "accessories": "jsonb",
}
"""Columns of the flat event that are shown as they are, with their SQL types."""

ASKED: Final = {
    **dict.fromkeys(_PLACES, "text"),
    "longitude": "double precision",
    "latitude": "double precision",
    "top_label": "text",
    "top_similarity": "double precision",
    "top_object_id": "uuid",
    "top_external_id": "text",
}
"""Parts of the flat event that filters ask for, with their SQL types."""

_PERSONAL: Final[dict[str, Any]] = dict.fromkeys([*SHOWN, *ASKED])
_NOTHING: Final[Mapping[str, Any]] = {}


def event_row(event: EventRecorded) -> dict[str, Any]:
    """The row of an event; all that is personal is None where its key was destroyed."""
    row = _PERSONAL.copy() if event.generated is None else flat_content(event.generated)
    row["event_id"] = event.originator_id
    row["account_id"] = event.account_id
    row["handler_id"] = event.handler_id
    row["create_time"] = event.create_time
    row["end_time"] = event.end_time
    row["insert_time"] = event.timestamp
    row["descriptor_ids"] = _by_kind(event.descriptor_ids)
    if event.generated is None:
        return row
    for name in _TEXTS:
        if row[name] is not None:
            row[name] = _text(row[name])
    row["tags"] = row["tags"] and [_text(tag) for tag in row["tags"]]
    for name in _SMALL:
        if row[name] is not None:
            row[name] = _small(row[name])
    for name in ("stream_id", "face_id"):
        if row[name] is not None:
            row[name] = _uuid(row[name])
    row["attach_result"] = [_uuid(list_id) for list_id in row["attach_result"]]
    location = row.pop("location") or _NOTHING
    position = location.get("geo_position") or _NOTHING
    top = row["top_match"] or _NOTHING
    for name in _PLACES:
        row[name] = _text(location.get(name))
    row["longitude"] = position.get("longitude")
    row["latitude"] = position.get("latitude")
    row["top_label"] = _text(top.get("label"))
    row["top_similarity"] = top.get("similarity")
    row["top_object_id"] = _uuid(top.get("face_id") or top.get("event_id"))
    row["top_external_id"] = _text(top.get("external_id"))
    return row


def _by_kind(descriptor_ids: Mapping[str, Mapping[int, UUID]]) -> dict[str, dict[str, str]]:
    return {
        kind: {str(version): str(descriptor_id) for version, descriptor_id in by_version.items()}
        for kind, by_version in descriptor_ids.items()
    }


# A fact that is in the log must never stop its read model: what fits no column is not shown.


def _uuid(value: Any) -> UUID | None:
    if value is None:
        return None
    try:
        return UUID(value)
    except (ValueError, AttributeError, TypeError):
        return None


def _text(value: Any) -> str | None:
    return value if value is None or isinstance(value, str) else str(value)


def _small(value: Any) -> int | None:
    if not isinstance(value, int | float) or not abs(value) <= _LARGEST_SMALLINT:
        return None
    return int(value)
