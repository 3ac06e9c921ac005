"""Bodies about events: ready ones that clients made, accepted, limited and kept."""

import re
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from pydantic import ValidationError

from api.schemas.events import RawEvent
from domain.flat_events import flat_event
from domain.shared.fields import point_in_time
from tests.support.contract_schemas import (
    Schema,
    assert_contract,
    contract_schema,
    differences,
    examples,
    needs_contract,
    needs_examples,
    plain,
)
from tests.support.json_schema import places, values

SCHEMA = plain(RawEvent.model_json_schema(), RawEvent.model_json_schema())
EVENT, ACCOUNT, HANDLER = (UUID(int=n) for n in (1, 2, 3))
TIME = point_in_time("2020-01-02T03:04:05Z")
FACE = {"face": {"face_id": str(EVENT)}}


def refused(body: dict[str, Any]) -> list[tuple[str | int, ...]]:
    """Where the event is refused."""
    with pytest.raises(ValidationError) as caught:
        RawEvent.model_validate(body)
    return [problem["loc"] for problem in caught.value.errors()]


def matches(*similarities: float) -> dict[str, Any]:
    """A ready event with candidates that are so similar."""
    candidates = [{**FACE, "similarity": similarity} for similarity in similarities]
    return {"matches": [{"label": "a", "candidates": candidates}]}


def test_an_empty_event_is_kept_whole() -> None:
    kept = RawEvent().recorded(EVENT)

    assert kept["url"] == f"/6/events/{EVENT}"
    assert kept["external_id"] == kept["user_data"] == ""
    assert kept["detections"] == kept["tags"] == kept["matches"] == []
    assert kept["aggregate_estimations"] == {"face": {"attributes": {}}, "body": {"attributes": {}}}


def test_a_descriptor_is_not_kept_in_the_event() -> None:
    attributes = {"score": 1, "samples": {"samples": [str(EVENT)]}, "descriptor": "AAAA"}
    raw = RawEvent.model_validate({"face_attributes": attributes, "body_attributes": None})

    assert raw.face_attributes is not None
    assert raw.face_attributes.descriptor == "AAAA"
    kept = raw.recorded(EVENT)
    assert kept["face_attributes"] == {"score": 1, "samples": [str(EVENT)]}
    assert kept["body_attributes"] is None


def test_candidates_come_sorted() -> None:
    RawEvent.model_validate(matches(0.9, 0.9, 0.1))
    assert refused(matches(0.1, 0.2)) == [("matches", 0, "candidates")]
    assert refused(matches(1.1)) == [("matches", 0, "candidates", 0, "similarity")]


@pytest.mark.parametrize("candidate", [{}, {**FACE, "event": {}}])
def test_a_candidate_is_a_face_or_an_event(candidate: dict[str, Any]) -> None:
    body = {"matches": [{"label": "a", "candidates": [{**candidate, "similarity": 1}]}]}
    assert refused(body) == [("matches", 0, "candidates", 0)]


@pytest.mark.parametrize(
    ("name", "item", "most"),
    [
        ("detections", {}, 100),
        ("tags", "t", 100),
        ("matches", {"label": "a", "candidates": []}, 30),
    ],
)
def test_lists_are_limited(name: str, item: Any, most: int) -> None:
    RawEvent.model_validate({name: [item] * most})
    assert refused({name: [item] * (most + 1)}) == [(name,)]


@pytest.mark.parametrize(
    ("body", "where"),
    [
        ({"surprise": 1}, ("surprise",)),
        ({"top_match": {}}, ("top_match",)),
        ({"tags": ["x" * 37]}, ("tags", 0)),
        ({"track_id": "a b"}, ("track_id",)),
        (
            {"location": {"geo_position": {"longitude": 1}}},
            ("location", "geo_position", "latitude"),
        ),
        ({"create_time": "yesterday"}, ("create_time",)),
        ({"face_attributes": {"score": True}}, ("face_attributes", "score")),
        (
            {"detections": [{"samples": {"face": {"x": 1}}}]},
            ("detections", 0, "samples", "face", "x"),
        ),
    ],
)
def test_what_is_wrong_is_named(body: dict[str, Any], where: tuple[str | int, ...]) -> None:
    assert refused(body) == [where]


@needs_examples
def test_the_published_ready_event_is_accepted_and_becomes_a_flat_one() -> None:
    (body, *_) = [body for body in examples("detections") if "face_attributes" in body]
    raw = RawEvent.model_validate(body)
    kept = raw.recorded(EVENT)

    assert raw.create_time == point_in_time("2018-08-11T09:11:41.674Z")
    shown = flat_event(EVENT, ACCOUNT, HANDLER, TIME, TIME, kept)
    assert_contract("Event", shown)
    (check,) = kept["detections"][0]["samples"]["face"]["detection"]["face_quality"]["checks"]
    assert check["threshold_value"] == [None]  # which only this example has
    check["threshold_value"] = ["PNG"]
    assert_contract("GeneratedEvent", kept)
    assert (shown["age"], shown["gender"], shown["ethnic_group"]) == (29, 1, 1)
    assert (shown["emotion"], shown["mask"], shown["liveness"]) == (7, 2, 0)
    assert shown["face_id"] == "426542d6-5509-4e5b-8a01-e2abd5c0a8c6"


def sorted_candidates(body: dict[str, Any]) -> dict[str, Any]:
    """A random event made to keep the two rules that its schema cannot say."""
    for match in body.get("matches") or ():
        match["candidates"].sort(key=lambda one: -one["similarity"])
        for candidate in match["candidates"]:
            if "face" in candidate:
                candidate.pop("event", None)
            else:
                candidate.setdefault("event", {})
    return body


def small(schema: Schema) -> Schema:
    """The schema without contours of the iris, which make random events huge."""
    if isinstance(schema, dict):
        return {k: small(v) for k, v in schema.items() if k != "iris_landmarks"}
    return [small(item) for item in schema] if isinstance(schema, list) else schema


@needs_contract
@given(values(small(SCHEMA)).map(sorted_candidates))
def test_whatever_is_accepted_becomes_a_valid_event(body: dict[str, Any]) -> None:
    kept = RawEvent.model_validate(body).recorded(EVENT)

    assert_contract("Event", flat_event(EVENT, ACCOUNT, HANDLER, TIME, TIME, kept))


# Nothing with pixels or vectors goes into events; nulls that answers have are taken back.
UNLIKE = (
    r".*\.(warp|descriptor): only in the contract",
    r".*attributes\.samples: 1 alternatives, contract 2",
    r"\.face_attributes\.(url|attribute_id): null True, contract False",
    r".*\.threshold_value\[\]: null True, contract False",
    r"\.matches\[\]\.candidates\[\]\.face\..*: default None, contract ",
    r".*\.threshold_value: enum \[0, 1\], contract None",
    r".*\.checks\[\]\.name: enum .*",
    r"\.meta: only in ours",  # later clients send it
)


@needs_contract
def test_names_types_and_limits_are_the_contracts() -> None:
    found = list(differences(SCHEMA, contract_schema("RawEvent")))

    unlike = [one for one in found if not one.startswith("+")]
    assert [one for one in unlike if not any(re.fullmatch(rule, one) for rule in UNLIKE)] == []
    (ours, theirs) = (checks(schema) for schema in (SCHEMA, contract_schema("RawEvent")))
    assert ours == theirs


def checks(schema: Schema) -> set[str]:
    """The names of checks that a schema of ready events knows."""
    (place,) = [place for place in places(schema) if place.path[-2:] == (0, "name")]
    return set(place.schema["enum"])
