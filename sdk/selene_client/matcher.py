"""Matching: who is most similar to whom."""

from collections.abc import Iterable
from typing import Any

from selene_client.calls import Call, Id, as_json, plain
from selene_client.values import Matched

Reference = dict[str, Any]
Candidates = dict[str, Any]


def face(face_id: Id) -> Reference:
    """A face as a reference."""
    return {"type": "face", "id": str(face_id)}


def event(event_id: Id) -> Reference:
    """An event as a reference."""
    return {"type": "event", "id": str(event_id)}


def attribute(attribute_id: Id) -> Reference:
    """A temporary attribute as a reference."""
    return {"type": "attribute", "id": str(attribute_id)}


def among_faces(
    *,
    limit: int = 5,
    threshold: float = 0.0,
    targets: Iterable[str] | None = None,
    **filters: Any,
) -> Candidates:
    """Faces as candidates: list_id=..., face_ids=[...]."""
    return _among("faces", limit, threshold, targets, filters)


def among_events(
    *,
    limit: int = 5,
    threshold: float = 0.0,
    targets: Iterable[str] | None = None,
    **filters: Any,
) -> Candidates:
    """Events as candidates: sources=[...], create_time__gte=..."""
    return _among("events", limit, threshold, targets, filters)


def _among(
    origin: str,
    limit: int,
    threshold: float,
    targets: Iterable[str] | None,
    filters: dict[str, Any],
) -> Candidates:
    made: Candidates = {
        "filters": {"origin": origin, **filters},
        "limit": limit,
        "threshold": threshold,
    }
    return made if targets is None else {**made, "targets": list(targets)}


def match_faces(
    references: Iterable[Reference], candidates: Iterable[Candidates]
) -> Call[list[Matched]]:
    """The most similar candidates of each set for each reference, by face."""
    given = plain({"references": list(references), "candidates": list(candidates)})
    return Call("POST", "/6/matcher/faces", as_json, json=given)


def match_bodies(
    references: Iterable[Reference], candidates: Iterable[Candidates]
) -> Call[list[Matched]]:
    """The most similar candidates of each set for each reference, by body."""
    given = plain({"references": list(references), "candidates": list(candidates)})
    return Call("POST", "/6/matcher/bodies", as_json, json=given)
