"""Recorded events as rows: the flat event, and beside it what filters ask for."""

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from domain.flat_events import content_but_place
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

PLACE: Final = {
    **dict.fromkeys(_PLACES, "text"),
    "longitude": "double precision",
    "latitude": "double precision",
}
"""Where an event was, with the SQL types; the position is in degrees."""

ASKED: Final = {
    **PLACE,
    "top_label": "text",
    "top_similarity": "double precision",
    "top_object_id": "uuid",
    "top_external_id": "text",
}
"""Parts of the flat event that filters ask for, with their SQL types."""

_PERSONAL: Final[dict[str, Any]] = dict.fromkeys([*SHOWN, *ASKED])
_NOTHING: Final[Mapping[str, Any]] = {}
_NOWHERE: Final[Mapping[str, Any]] = dict.fromkeys(PLACE)
_NO_MATCH: Final[Mapping[str, Any]] = dict.fromkeys(ASKED.keys() - PLACE.keys())


def event_row(event: EventRecorded) -> dict[str, Any]:
    """The row of an event; all that is personal is None where its key was destroyed."""
    told = event.generated
    row = _PERSONAL.copy() if told is None else content_but_place(told)
    row["event_id"] = event.originator_id
    row["account_id"] = event.account_id
    row["handler_id"] = event.handler_id
    row["create_time"] = event.create_time
    row["end_time"] = event.end_time
    row["insert_time"] = event.timestamp
    row["descriptor_ids"] = ids_by_kind(event.descriptor_ids)
    if told is None:
        return row
    for name in _TEXTS:
        if type(row[name]) is not str:
            row[name] = as_text(row[name])
    row["tags"] = row["tags"] and list(map(as_text, row["tags"]))
    for name in _SMALL:
        if row[name] is not None:
            row[name] = _small(row[name])
    for name in ("stream_id", "face_id"):
        if row[name] is not None:
            row[name] = as_uuid(row[name])
    row["attach_result"] = list(map(as_uuid, row["attach_result"]))
    row |= place_columns(told.get("location"))
    if top := row["top_match"]:
        row["top_label"] = as_text(top.get("label"))
        row["top_similarity"] = top.get("similarity")
        row["top_object_id"] = as_uuid(top.get("face_id") or top.get("event_id"))
        row["top_external_id"] = as_text(top.get("external_id"))
    else:
        row |= _NO_MATCH
    return row


def place_columns(location: Any) -> Mapping[str, Any]:
    """The columns of `PLACE` of the contract's `Location`; of anything else all are None."""
    if not isinstance(location, dict):
        return _NOWHERE
    place: dict[str, Any] = {name: as_text(location.get(name)) for name in _PLACES}
    position = location.get("geo_position")
    position = position if isinstance(position, dict) else _NOTHING
    place["longitude"] = as_number(position.get("longitude"))
    place["latitude"] = as_number(position.get("latitude"))
    return place


def ids_by_kind(descriptor_ids: Mapping[str, Mapping[int, UUID]]) -> dict[str, dict[str, str]]:
    """The names of vectors as JSON has them: kind -> version -> id."""
    return {
        kind: {str(version): str(descriptor_id) for version, descriptor_id in by_version.items()}
        for kind, by_version in descriptor_ids.items()
    }


# A fact that is in the log must never stop its read model: what fits no column is not shown.


def as_uuid(value: Any) -> UUID | None:
    """The id that a text is; None if it is none."""
    if value is None:
        return None
    try:
        return UUID(value)
    except (ValueError, AttributeError, TypeError):
        return None


def as_text(value: Any) -> str | None:
    """The value as a text; None of None."""
    return value if value is None or isinstance(value, str) else str(value)


def as_number(value: Any) -> float | None:
    """The number that a value of JSON is; None if it is none."""
    return None if isinstance(value, bool) or not isinstance(value, int | float) else float(value)


def _small(value: Any) -> int | None:
    if not isinstance(value, int | float) or not abs(value) <= _LARGEST_SMALLINT:
        return None
    return int(value)
