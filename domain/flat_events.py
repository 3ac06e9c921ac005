"""The flat view of handler events: one value per question, as they are stored and filtered."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from domain.events import TOP_MATCH
from domain.shared.enums import (
    DeepfakeState,
    Emotion,
    EthnicGroup,
    LivenessState,
    MaskState,
    NamedId,
)
from domain.shared.fields import written

Json = Mapping[str, Any]

_LOCATION: Final = ("city", "area", "district", "street", "house_number", "geo_position")
_MATCHED: Final = ("face_id", "event_id")
_FACE: Final[Mapping[str, tuple[type[NamedId], str, str]]] = {
    "emotion": (Emotion, "emotions", "predominant_emotion"),
    "mask": (MaskState, "mask", "predominant_mask"),
    "liveness": (LivenessState, "liveness", "prediction"),
    "deepfake": (DeepfakeState, "deepfake", "prediction"),
}
_BODY: Final = {
    "body_basic_attributes": "basic_attributes",
    "upper_body": "upper_body",
    "lower_body": "lower_body",
    "accessories": "accessories",
}
_SAID: Final = (
    "external_id", "user_data", "source", "tags", "track_id", "stream_id", "meta"
)  # fmt: skip
_UNKNOWN: Final[dict[str, Any]] = dict.fromkeys([*_SAID, *_FACE, *_BODY])
_NOTHING: Final[Json] = {}
_IDS: Final[Mapping[type[NamedId], Mapping[str, int]]] = {
    names: {item.word: int(item) for item in names}
    for names in (Emotion, MaskState, EthnicGroup, LivenessState, DeepfakeState)
}


def flat_event(
    event_id: UUID,
    account_id: UUID,
    handler_id: UUID | None,
    create_time: datetime,
    end_time: datetime,
    recorded: Json,
) -> dict[str, Any]:
    """The contract's `Event` of a recorded one; what was not estimated is None."""
    return {
        "event_id": str(event_id),
        "account_id": str(account_id),
        "create_time": written(create_time),
        "end_time": written(end_time),
        "handler_id": None if handler_id is None else str(handler_id),
        **flat_content(recorded),
    }


def flat_content(recorded: Json) -> dict[str, Any]:
    """The fields of the contract's `Event` that its record tells by itself."""
    flat = content_but_place(recorded)
    flat["location"] = flat_location(recorded.get("location"))
    return flat


def content_but_place(recorded: Json) -> dict[str, Any]:
    """The same without the `location`."""
    flat = _UNKNOWN.copy()
    for name in _SAID:
        flat[name] = recorded.get(name)
    matches, detections = recorded.get("matches"), recorded.get("detections") or ()
    flat["tags"] = flat["tags"] or None
    flat["top_match"] = recorded.get(TOP_MATCH) or best_match(matches)
    flat["match_result"] = matches or None
    flat["face_detections"] = _short(detections, "face")
    flat["body_detections"] = _short(detections, "body")
    face = recorded.get("face") or _NOTHING
    flat["face_id"] = face.get("face_id")
    flat["attach_result"] = face.get("lists") or []
    basic = _at(recorded, "face_attributes", "basic_attributes") or _NOTHING
    flat["gender"] = basic.get("gender")
    flat["age"] = basic.get("age")
    flat["ethnic_group"] = _id(EthnicGroup, _at(basic, "ethnicities", "predominant_ethnicity"))
    if of_face := _estimations(recorded, detections, "face"):
        for name, (names, estimation, word) in _FACE.items():
            flat[name] = _id(names, _at(_first(of_face, estimation), word))
    if of_body := _estimations(recorded, detections, "body"):
        for name, estimation in _BODY.items():
            flat[name] = _first(of_body, estimation)
    return flat


def with_targets(event: Json, targets: Iterable[str] | None) -> dict[str, Any]:
    """The fields of a flat event that were asked for; all when none was named."""
    if targets is None:
        return dict(event)
    return {name: event[name] for name in dict.fromkeys(targets) if name in event}


def best_match(matches: Iterable[Json] | None) -> dict[str, Any] | None:
    """The contract's `TopMatch` of the contract's `EventMatch`es: the best candidate of all."""
    best: tuple[float, str, Json] | None = None
    for match in matches or ():
        for candidate in match.get("candidates") or ():
            similarity = candidate["similarity"]
            if best is None or similarity > best[0]:
                best = (similarity, match["label"], candidate)
    if best is None:
        return None
    similarity, label, candidate = best
    kind = "event" if candidate.get("face") is None else "face"
    shown = candidate.get(kind) or {}
    ids = {name: shown.get(name) if name == f"{kind}_id" else None for name in _MATCHED}
    external_id = shown.get("external_id")
    return {**ids, "similarity": similarity, "label": label, "external_id": external_id}


def flat_location(location: Json | None) -> dict[str, Any] | None:
    """The contract's `Location` with every part, or None when nothing was told."""
    if not location:
        return None
    whole = {name: location.get(name) for name in _LOCATION}
    return whole if any(value is not None for value in whole.values()) else None


def _short(detections: Iterable[Json], kind: str) -> list[dict[str, Any]] | None:
    """The contract's `EventDetectionShort` of every face or body; None for none."""
    found = []
    for detection in detections:
        sample = (detection.get("samples") or _NOTHING).get(kind)
        if sample is None:
            continue
        shown = {
            "sample_id": sample.get("sample_id"),
            "detect_ts": detection.get("detect_ts"),
            "image_origin": detection.get("image_origin"),
        }
        if detect_time := detection.get("detect_time"):
            shown["detect_time"] = detect_time
        if rect := _at(sample, "detection", "rect"):
            shown["detection"] = {"rect": rect}
        found.append(shown)
    return found or None


def _estimations(recorded: Json, detections: Iterable[Json], kind: str) -> list[Json]:
    """Where estimations are: the aggregated ones, then those of the detections."""
    places = [_at(recorded.get("aggregate_estimations"), kind, "attributes")]
    for detection in detections:
        sample = (detection.get("samples") or _NOTHING).get(kind)
        if sample is not None:
            places.append(_at(sample.get("detection"), "attributes"))
    return [place for place in places if place]


def _first(places: Iterable[Json], name: str) -> Json | None:
    """The estimation at the first place that has it."""
    for place in places:
        if found := place.get(name):
            return found  # type: ignore[no-any-return]
    return None


def _at(value: Any, *path: str) -> Any:
    for name in path:
        if value is None:
            return None
        value = value.get(name)
    return value


def _id(names: type[NamedId], word: str | None) -> int | None:
    """The number of a word; a word that is no such thing has none."""
    return None if word is None else _IDS[names].get(word)
