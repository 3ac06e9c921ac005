"""What the filters of events mean, said a second time in plain Python over flat events."""

from collections.abc import Callable, Mapping
from typing import Any

from domain.flat_events import flat_event
from domain.recognitions import EventRecorded

Flat = Mapping[str, Any]
Check = Callable[[Flat, Any], bool]


def flat(event: EventRecorded) -> dict[str, Any]:
    """The flat event, which other tests judge, and the time it was recorded."""
    assert event.generated is not None
    shown = flat_event(
        event.originator_id,
        event.account_id,
        event.handler_id,
        event.create_time,
        event.end_time,
        event.generated,
    )
    times = {"create_time": event.create_time, "end_time": event.end_time}
    return {**shown, **times, "insert_time": event.timestamp}


def _at(value: Any, path: str) -> Any:
    for name in path.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    return value


def _any_of(path: str) -> Check:
    def check(event: Flat, wanted: list[Any]) -> bool:
        known = _at(event, path)
        words = [str(value) for value in wanted]
        return "null" in words if known is None else str(known) in words

    return check


def _shares(path: str) -> Check:
    def check(event: Flat, wanted: list[str]) -> bool:
        known = _at(event, path)
        return "null" in wanted if known is None else bool({*known} & {*wanted})

    return check


def _from(path: str) -> Check:
    return lambda event, bound: (v := _at(event, path)) is not None and v >= bound


def _below(path: str) -> Check:
    return lambda event, bound: (v := _at(event, path)) is not None and v < bound


def _inside(event: Flat, longitude: float, latitude: float, east: float, north: float) -> bool:
    place = _at(event, "location.geo_position")
    if place is None:
        return False
    apart = abs(place["longitude"] - longitude)
    return (
        min(apart, 360 - apart) <= east + 1e-9 and abs(place["latitude"] - latitude) <= north + 1e-9
    )


CHECKS: Mapping[str, Check] = {
    "event_ids": _any_of("event_id"),
    "event_id__gte": lambda e, bound: e["event_id"] >= str(bound),
    "event_id__lt": lambda e, bound: e["event_id"] < str(bound),
    "handler_ids": _any_of("handler_id"),
    "face_ids": _any_of("face_id"),
    "external_ids": _any_of("external_id"),
    "user_data": lambda e, text: text in e["user_data"],
    "tags": lambda e, wanted: {*wanted} <= {*(e["tags"] or ())},
    "sources": _any_of("source"),
    "stream_ids": _any_of("stream_id"),
    "track_ids": _any_of("track_id"),
    "cities": _any_of("location.city"),
    "areas": _any_of("location.area"),
    "districts": _any_of("location.district"),
    "streets": _any_of("location.street"),
    "house_numbers": _any_of("location.house_number"),
    "top_matching_candidates_label": lambda e, text: _at(e, "top_match.label") == text,
    "top_similar_object_ids": lambda e, ids: (
        (_at(e, "top_match.face_id") or _at(e, "top_match.event_id")) in {*map(str, ids)}
    ),
    "top_similar_external_ids": _any_of("top_match.external_id"),
    "top_similar_object_similarity__gte": _from("top_match.similarity"),
    "top_similar_object_similarity__lt": _below("top_match.similarity"),
    "emotions": _any_of("emotion"),
    "masks": _any_of("mask"),
    "ethnic_groups": _any_of("ethnic_group"),
    "liveness": _any_of("liveness"),
    "deepfake": _any_of("deepfake"),
    "gender": _any_of("gender"),
    "apparent_gender": _any_of("body_basic_attributes.apparent_gender"),
    "headwear_states": _any_of("upper_body.headwear.state"),
    "headwear_apparent_colors": _any_of("upper_body.headwear.apparent_color"),
    "sleeve_lengths": _any_of("upper_body.sleeve.length"),
    "upper_clothing_colors": _shares("upper_body.upper_clothing.colors"),
    "lower_garment_types": _any_of("lower_body.lower_garment.type"),
    "lower_garment_colors": _shares("lower_body.lower_garment.colors"),
    "shoes_apparent_colors": _any_of("lower_body.shoes.apparent_color"),
    "backpack_states": _any_of("accessories.backpack.state"),
    "meta": lambda e, _: e["meta"] is None,
    "meta.foo__in:string": lambda e, text: _at(e, "meta.foo") in text.split(","),
    "meta.n.size__gt:numeric": lambda e, text: (_at(e, "meta.n.size") or 0) > float(text),
    **{
        f"{name}__{side}": bound(path)
        for name, path in {
            "create_time": "create_time",
            "end_time": "end_time",
            "insert_time": "insert_time",
            "age": "age",
            "apparent_age": "body_basic_attributes.apparent_age",
        }.items()
        for side, bound in {"gte": _from, "lt": _below}.items()
    },
}
"""Filter by name: whether a flat event passes a value."""

_BOX = ("origin_longitude", "origin_latitude", "longitude_delta", "latitude_delta")


def passes(event: Flat, filters: Mapping[str, Any]) -> bool:
    """Whether the event passes all of the filters."""
    for name, wanted in filters.items():
        if name not in _BOX and not CHECKS[name](event, wanted):
            return False
    if "origin_longitude" not in filters:
        return True
    if filters["origin_longitude"] == "null":
        return _at(event, "location.geo_position") is None
    box = [filters.get(name, 0.01) for name in _BOX]
    return _inside(event, *box)
