"""The flat view of handler events: one value per question, as they are stored and filtered."""

from collections.abc import Callable, Iterable, Mapping
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
_BODY: Final = {
    "body_basic_attributes": "basic_attributes",
    "upper_body": "upper_body",
    "lower_body": "lower_body",
    "accessories": "accessories",
}
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
    detections = recorded.get("detections") or ()
    face = recorded.get("face") or {}
    basic = _at(recorded, "face_attributes", "basic_attributes") or {}
    of_face = _estimations(recorded, detections, "face")
    of_body = _estimations(recorded, detections, "body")
    return {
        "external_id": recorded.get("external_id"),
        "user_data": recorded.get("user_data"),
        "source": recorded.get("source"),
        "tags": recorded.get("tags") or None,
        "track_id": recorded.get("track_id"),
        "location": flat_location(recorded.get("location")),
        "top_match": recorded.get(TOP_MATCH) or best_match(recorded.get("matches")),
        "match_result": recorded.get("matches") or None,
        "face_detections": _short(detections, "face"),
        "body_detections": _short(detections, "body"),
        "face_id": face.get("face_id"),
        "attach_result": face.get("lists") or [],
        "gender": basic.get("gender"),
        "age": basic.get("age"),
        "emotion": _id(Emotion, _at(of_face("emotions"), "predominant_emotion")),
        "mask": _id(MaskState, _at(of_face("mask"), "predominant_mask")),
        "ethnic_group": _id(EthnicGroup, _at(basic, "ethnicities", "predominant_ethnicity")),
        "liveness": _id(LivenessState, _at(of_face("liveness"), "prediction")),
        "deepfake": _id(DeepfakeState, _at(of_face("deepfake"), "prediction")),
        "stream_id": recorded.get("stream_id"),
        "meta": recorded.get("meta"),
        **{name: of_body(estimation) for name, estimation in _BODY.items()},
    }


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
        sample = _at(detection, "samples", kind)
        if sample is None:
            continue
        shown = {"sample_id": sample.get("sample_id")}
        shown |= {name: detection.get(name) for name in ("detect_ts", "image_origin")}
        if detect_time := detection.get("detect_time"):
            shown["detect_time"] = detect_time
        if rect := _at(sample, "detection", "rect"):
            shown["detection"] = {"rect": rect}
        found.append(shown)
    return found or None


def _estimations(
    recorded: Json, detections: Iterable[Json], kind: str
) -> Callable[[str], Json | None]:
    """Looks an estimation up: the aggregated one, else that of the first detection having it."""
    places = [_at(recorded, "aggregate_estimations", kind, "attributes")]
    places += [_at(d, "samples", kind, "detection", "attributes") for d in detections]
    places = [place for place in places if place]
    if not places:
        return _nowhere

    def find(name: str) -> Json | None:
        for place in places:
            if found := place.get(name):
                return found  # type: ignore[no-any-return]
        return None

    return find


def _nowhere(name: str) -> None:
    """Of nobody nothing is known."""


def _at(value: Any, *path: str) -> Any:
    for name in path:
        if value is None:
            return None
        value = value.get(name)
    return value


def _id(names: type[NamedId], word: str | None) -> int | None:
    """The number of a word; a word that is no such thing has none."""
    return None if word is None else _IDS[names].get(word)
