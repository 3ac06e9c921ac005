"""Policies: names, types, limits and defaults, and what is refused and where."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from pydantic import ValidationError

from domain.policies.match import DEFAULT_LIMIT, EVENTS_SHOW, FACES_SHOW, MatchPolicy
from domain.policies.policies import Policies
from domain.policies.quality import judge
from domain.shared.detections import Measured
from tests.support.contract_schemas import plain
from tests.support.json_schema import Place, at_bounds, places, smallest, value_with, values

SCHEMA = plain(Policies.model_json_schema(), Policies.model_json_schema())
PLACES = list(places(SCHEMA))
LABELS = ("faces", "events", "http", "luna-ws-notification")
LIST_ID = "275d96c0-e655-4a69-a374-ad5e94b89bf9"


def refused(body: Any) -> list[tuple[str | int, ...]]:
    """Where the policies are refused."""
    with pytest.raises(ValidationError) as caught:
        Policies.model_validate(body)
    return [problem["loc"] for problem in caught.value.errors()]


def with_labels(body: dict[str, Any]) -> dict[str, Any]:
    """The policies with match policies for all labels that filters name; None when too many."""
    labels: list[str] = []

    def collect(value: Any) -> None:
        if isinstance(value, dict):
            labels.extend(one["label"] for one in value.get("match", ()))
            for inner in value.values():
                collect(inner)
        elif isinstance(value, list):
            for inner in value:
                collect(inner)

    collect(body)
    known = body.get("match_policy", [])
    needed = dict.fromkeys(labels)
    made = [{"label": label, "candidates": {"origin": "faces"}} for label in needed]
    return {**body, "match_policy": (known + made)} if made else body


def steady(body: dict[str, Any]) -> dict[str, Any]:
    """Random policies without the few values that only go together in certain ways."""
    for match in body.get("match_policy", ()):
        match.pop("targets", None)
        if match["candidates"]["origin"] == "faces":
            match.pop("descriptor", None)
    whole = with_labels(body)
    return {} if len(whole.get("match_policy", ())) > 30 else whole


def test_nothing_given_means_the_defaults() -> None:
    shown = Policies().as_dict()

    assert shown["detect_policy"]["detect_face"] == 1
    assert shown["detect_policy"]["yaw_threshold"] is None
    assert shown["detect_policy"]["face_quality"]["checks"]["head_yaw"] == {
        "estimate": 1,
        "threshold": {"min": -5, "max": 5},
    }
    assert shown["extract_policy"] == {
        "extract_basic_attributes": 0,
        "extract_face_descriptor": 1,
        "extract_body_descriptor": 0,
        "fd_score_threshold": 0,
    }
    assert shown["match_policy"] == shown["conditional_tags_policy"] == []
    assert shown["storage_policy"]["face_policy"] == {
        "store_face": 0,
        "set_sample_as_avatar": 1,
        "filters": {},
        "link_to_lists_policy": [],
    }
    assert shown["storage_policy"]["event_policy"] == {
        "store_event": 1,
        "wait_saving": 1,
        "filters": {},
    }


def test_what_is_not_given_of_filters_is_not_shown() -> None:
    given_filters = {"gender": 1, "ethnicities": [1, 2]}
    policy = {"label": "a", "candidates": {"origin": "faces", "list_id": LIST_ID}, "limit": 3}

    shown = Policies.model_validate({"match_policy": [{**policy, "filters": given_filters}]})

    assert shown.as_dict()["match_policy"] == [
        {**policy, "filters": given_filters, "descriptor": {"descriptor_type": "face"}}
    ]


@given(values(SCHEMA).map(steady))
def test_what_is_shown_means_the_same_policies(body: dict[str, Any]) -> None:
    policies = Policies.model_validate(body)

    assert Policies.model_validate(policies.as_dict()) == policies
    assert Policies.model_validate_json(policies.model_dump_json()) == policies


@pytest.mark.parametrize(
    "place",
    [place for place in PLACES if place.schema["type"] == "object"],
    ids=lambda place: ".".join(map(str, place.path)),
)
def test_an_unknown_field_is_refused_where_it_is(place: Place) -> None:
    body = value_with(SCHEMA, place.path, {**smallest(place.schema), "surprise": 1})

    (where,) = refused(body)

    assert where[-1] == "surprise"
    assert [part for part in where[:-1] if part not in LABELS] == list(place.path)


@pytest.mark.parametrize(
    ("place", "inside", "beyond"),
    [(place, *pair) for place in PLACES for pair in at_bounds(place.schema)],
)
def test_bounds_hold_from_both_sides(place: Place, inside: Any, beyond: Any) -> None:
    accepted = value_with(SCHEMA, place.path, inside)
    Policies.model_validate(with_labels(accepted))

    problems = refused(with_labels(value_with(SCHEMA, place.path, beyond)))

    assert any([part for part in where if part in place.path] for where in problems)


@pytest.mark.parametrize("place", PLACES, ids=lambda place: ".".join(map(str, place.path)))
def test_no_truth_value_text_or_list_stands_for_something_else(place: Place) -> None:
    wrong = {"object": [], "array": {}, "string": 7, "integer": True, "number": "0.5"}

    assert refused(value_with(SCHEMA, place.path, wrong[place.schema["type"]]))


def test_null_is_refused_where_the_contract_has_none() -> None:
    assert refused({"detect_policy": None}) == [("detect_policy",)]
    filters = {"gender": None}
    assert refused({"storage_policy": {"face_policy": {"filters": filters}}}) == [
        ("storage_policy", "face_policy", "filters", "gender")
    ]
    Policies.model_validate({"detect_policy": {"yaw_threshold": None, "mask_states": None}})


@pytest.mark.parametrize(
    "part",
    [
        {"storage_policy": {"face_policy": {"filters": {"match": [{"label": "b"}]}}}},
        {"storage_policy": {"notification_policy": {"filters": {"match": [{"label": "b"}]}}}},
        {"conditional_tags_policy": [{"tag": "x", "filters": {"match": [{"label": "b"}]}}]},
        {
            "storage_policy": {
                "face_policy": {
                    "link_to_lists_policy": [
                        {"list_id": LIST_ID, "filters": {"match": [{"label": "b"}]}}
                    ]
                }
            }
        },
    ],
)
def test_a_filter_may_only_name_a_match_policy_there_is(part: dict[str, Any]) -> None:
    known = {"match_policy": [{"label": "a", "candidates": {"origin": "faces"}}]}
    assert refused({**known, **part}) == [(next(iter(part)),)]

    known["match_policy"].append({"label": "b", "candidates": {"origin": "events"}})
    Policies.model_validate({**known, **part})


def match_policy(**more: Any) -> MatchPolicy:
    """A match policy over faces, or as told."""
    return MatchPolicy.model_validate({"label": "a", "candidates": {"origin": "faces"}, **more})


def test_a_match_policy_without_wishes_has_defaults() -> None:
    policy = match_policy()
    assert (policy.best, policy.least, policy.shown) == (DEFAULT_LIMIT, 0.0, FACES_SHOW)
    assert match_policy(candidates={"origin": "events"}).shown == EVENTS_SHOW
    chosen = match_policy(targets=["face_id", "similarity"], limit=9, threshold=0.5)
    assert (chosen.best, chosen.least, chosen.shown) == (9, 0.5, ("face_id",))


@pytest.mark.parametrize(
    ("wrong", "where"),
    [
        ({"targets": ["emotion"]}, ("targets",)),
        ({"targets": ["avatar"], "candidates": {"origin": "events"}}, ("targets",)),
        ({"descriptor": {"descriptor_type": "body"}}, ("descriptor",)),
        ({"candidates": {"origin": "attributes"}}, ("candidates",)),
        ({"candidates": {}}, ("candidates",)),
        ({"candidates": {"origin": "faces", "list_id": "x"}}, ("candidates", "faces", "list_id")),
        (
            {"candidates": {"origin": "events", "end_time__lt": "now-1q"}},
            ("candidates", "events", "end_time__lt"),
        ),
    ],
)
def test_a_match_policy_that_cannot_work_is_refused(
    wrong: dict[str, Any], where: tuple[str, ...]
) -> None:
    with pytest.raises(ValidationError) as caught:
        match_policy(**wrong)
    assert [problem["loc"] for problem in caught.value.errors()] == [where]


def test_relative_times_are_kept_and_resolved_when_they_are_used() -> None:
    now = datetime(2024, 2, 29, 12, tzinfo=UTC)
    given_times = {"create_time__gte": "now-2y", "create_time__lt": "2022-08-11T09:11:41.674Z"}
    policy = match_policy(candidates={"origin": "faces", **given_times})

    assert policy.as_dict()["candidates"]["create_time__gte"] == "now-2y"
    resolved = policy.candidates.resolved(now)
    assert resolved.create_time__gte == datetime(2022, 2, 28, 12, tzinfo=UTC)
    assert resolved.create_time__lt == datetime(2022, 8, 11, 9, 11, 41, 674000, tzinfo=UTC)
    assert match_policy().candidates.resolved(now).create_time__gte is None


def test_a_check_that_is_named_keeps_its_own_default_threshold() -> None:
    checks = {
        "head_yaw": {"estimate": 0},
        "red_eyes": {},
        "eye_distance": {"threshold": {"max": 9}},
    }
    policies = Policies.model_validate({"detect_policy": {"face_quality": {"checks": checks}}})
    shown = policies.as_dict()["detect_policy"]["face_quality"]["checks"]

    assert shown["head_yaw"] == {"estimate": 0, "threshold": {"min": -5, "max": 5}}
    assert shown["red_eyes"] == {"estimate": 1, "threshold": 0}
    assert shown["eye_distance"]["threshold"] == {"min": None, "max": 9}


def test_a_face_passes_only_when_every_wanted_check_does() -> None:
    wanted = {"head_yaw", "glasses", "red_eyes", "eye_distance"}
    every = Policies().detect_policy.face_quality.checks.wanted()
    off = {name: {"estimate": 0} for name in every if name not in wanted}
    policies = Policies.model_validate({"detect_policy": {"face_quality": {"checks": off}}})
    checks = policies.detect_policy.face_quality.checks
    good: dict[str, Measured] = {
        "head_yaw": 5.0,
        "glasses": "eyeglasses",
        "red_eyes": 0,
        "eye_distance": 1e6,
    }

    assert checks.wanted().keys() == wanted
    assert judge(checks, {"glasses": "x"}).unmeasured == ("head_yaw", "eye_distance", "red_eyes")
    assert judge(checks, good).as_dict()["status"] == 1
    bad_values: dict[str, Measured] = {"head_yaw": -5.1, "glasses": "sunglasses", "red_eyes": 1}
    for name, bad in bad_values.items():
        verdict = judge(checks, {**good, name: bad}).as_dict()
        assert verdict["status"] == 0
        assert [one["name"] for one in verdict["checks"] if not one["result"]] == [name]
    shown = {one["name"]: one["threshold_value"] for one in judge(checks, good).as_dict()["checks"]}
    assert shown == {
        "head_yaw": {"min": -5, "max": 5},
        "eye_distance": {"min": 90, "max": None},
        "glasses": ["no_glasses", "eyeglasses"],
        "red_eyes": 0,
    }
