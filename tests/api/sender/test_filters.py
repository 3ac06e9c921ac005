"""Filters of subscriptions: each from both sides, together, and over whatever clients publish."""

from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from api.sender.filters import SubscriptionFilter

IDS = [str(UUID(int=number, version=4)) for number in (0xA1, 0xB2, 0xC3)]


def face(**attributes: Any) -> dict[str, Any]:
    return {"aggregate_estimations": {"face": {"attributes": attributes}}}


def body(**attributes: Any) -> dict[str, Any]:
    return {"aggregate_estimations": {"body": {"attributes": attributes}}}


def basic(**attributes: Any) -> dict[str, Any]:
    return {"face_attributes": {"basic_attributes": attributes}}


def matched(*similarities: float, label: str = "good") -> dict[str, Any]:
    return {"matches": [{"label": label, "candidates": [{"similarity": s} for s in similarities]}]}


def place(longitude: float, latitude: float) -> dict[str, Any]:
    return {"location": {"geo_position": {"longitude": longitude, "latitude": latitude}}}


def garment(**said: Any) -> dict[str, Any]:
    return body(lower_body={"lower_garment": said})


def predicted(name: str, word: str) -> dict[str, Any]:
    return face(**{name: {"prediction": word}})


def predominant(name: str, key: str, word: str) -> dict[str, Any]:
    return face(**{name: {f"predominant_{key}": word}})


def apparent(**said: Any) -> dict[str, Any]:
    return body(basic_attributes=said)


def upper(name: str, **said: Any) -> dict[str, Any]:
    return body(upper_body={name: said})


BOX = "origin_longitude,36.6,origin_latitude,55.7"
EAST = f"{BOX},longitude_delta,2"

# Parameter, its value, an event that passes and one that does not.
SIDES: list[tuple[str, str, dict[str, Any], dict[str, Any]]] = [
    ("sources", "cam1,cam2", {"source": "cam2"}, {"source": "cam3"}),
    ("stream_ids", IDS[0], {"stream_id": IDS[0].upper()}, {"stream_id": IDS[1]}),
    ("matching_candidates_labels", "good,x", matched(0.1), matched(0.9, label="bad")),
    ("matching_candidates_labels", "good", matched(0.1), matched()),
    ("object_similarity__gte", "0.5", matched(0.1, 0.5), matched(0.1, 0.49)),
    ("object_similarity__lt", "0.5", matched(0.1, 0.49), matched(0.1, 0.5)),
    ("age__gte", "50", basic(age=50), basic(age=49)),
    ("age__lt", "50", basic(age=49), basic(age=50)),
    ("gender", "1", basic(gender=1), basic(gender=0)),
    ("gender", "0", basic(gender=0), basic(gender=False)),
    (
        "ethnic_groups", "1,3", basic(ethnicities={"predominant_ethnicity": "asian"}),
        basic(ethnicities={"predominant_ethnicity": "caucasian"}),
    ),
    ("liveness", "0,2", predicted("liveness", "unknown"), predicted("liveness", "real")),
    ("deepfake", "1", predicted("deepfake", "real"), predicted("deepfake", "fake")),
    ("masks", "2", predominant("mask", "mask", "medical_mask"), predominant("mask", "mask", "x")),
    (
        "emotions", "5", predominant("emotions", "emotion", "neutral"),
        predominant("emotions", "emotion", "anger"),
    ),
    ("tags", "a,b", {"tags": ["b", "c", "a"]}, {"tags": ["a", "c"]}),
    ("user_data", "cd", {"user_data": "abcd"}, {"user_data": "acbd"}),
    ("geo_position", BOX, place(36.61, 55.69), place(36.611, 55.7)),
    ("geo_position", EAST, place(38.5, 55.7), place(38.5, 55.72)),
    (
        "geo_position", "origin_longitude,179.9,origin_latitude,0,longitude_delta,1",
        place(-179.5, 0), place(-178.5, 0),
    ),
    ("cities", "Rome", {"location": {"city": "Rome"}}, {"location": {"city": "Romes"}}),
    ("areas", "a,b", {"location": {"area": "b"}}, {"location": {"city": "b"}}),
    ("districts", "d", {"location": {"district": "d"}}, {"location": {"district": "e"}}),
    ("streets", "s", {"location": {"street": "s"}}, {"location": {"street": "t"}}),
    ("house_numbers", "1,1/2", {"location": {"house_number": "1/2"}}, {"location": {}}),
    (
        "apparent_gender", "0,2", apparent(apparent_gender=2), apparent(apparent_gender=1),
    ),
    ("apparent_age__gte", "30", apparent(apparent_age=30), apparent(apparent_age=29)),
    ("apparent_age__lt", "30", apparent(apparent_age=29), apparent(apparent_age=30)),
    ("headwear_states", "1,2", upper("headwear", state=1), upper("headwear", state=0)),
    ("headwear_colors", "white", upper("headwear", apparent_color="white"), upper("headwear")),
    ("sleeve_lengths", "short", upper("sleeve", length="short"), upper("sleeve", length="long")),
    (
        "upper_clothing_colors", "red,blue", upper("upper_clothing", colors=["pink", "red"]),
        upper("upper_clothing", colors=["pink"]),
    ),
    ("lower_garment_colors", "khaki", garment(colors=["khaki"]), garment(colors=[])),
    ("lower_garment_types", "skirt,shorts", garment(type="shorts"), garment(type="trousers")),
    (
        "shoes_colors", "white", body(lower_body={"shoes": {"apparent_color": "white"}}),
        body(lower_body={"shoes": {"apparent_color": "black"}}),
    ),
    (
        "backpack_states", "0", body(accessories={"backpack": {"state": 0}}),
        body(accessories={"backpack": {"state": 1}}),
    ),
]  # fmt: skip


def wanted(**parameters: str) -> SubscriptionFilter:
    return SubscriptionFilter.model_validate(parameters)


def message(event: Any, handler_id: Any = None) -> dict[str, Any]:
    return {"event": event, "handler_id": handler_id}


@pytest.mark.parametrize(("name", "value", "fits", "misses"), SIDES)
def test_a_filter_judges_from_both_sides(
    name: str, value: str, fits: dict[str, Any], misses: dict[str, Any]
) -> None:
    one = wanted(**{name: value})

    assert one.passes(message(fits))
    assert not one.passes(message(misses))
    assert not one.passes(message({}))  # what a message does not say does not pass


def test_every_filter_is_judged() -> None:
    assert {name for name, *_ in SIDES} | {"handler_ids"} == set(SubscriptionFilter.model_fields)


def test_handlers_are_told_apart() -> None:
    one = wanted(handler_ids=f"{IDS[0]},{IDS[1]}")

    verdicts = [one.passes(message({}, i)) for i in (*IDS, "a name", None, 5)]

    assert verdicts == [True, True, False, False, False, False]


def test_without_filters_everything_passes() -> None:
    assert wanted().passes(message({}))


def test_all_filters_must_pass() -> None:
    both = wanted(sources="cam1", gender="1")

    assert both.passes(message({"source": "cam1", **basic(gender=1)}))
    assert not both.passes(message({"source": "cam1", **basic(gender=0)}))
    assert not both.passes(message({"source": "cam2", **basic(gender=1)}))


def test_estimations_of_any_detection_count_where_there_is_none_over_all() -> None:
    def seen(*masks: str) -> list[dict[str, Any]]:
        said = [{"mask": {"predominant_mask": mask}} for mask in masks]
        return [{"samples": {"face": {"detection": {"attributes": one}}}} for one in said]

    masked = wanted(masks="2")
    detections = {"detections": seen("missing", "medical_mask")}

    assert masked.passes(message(detections))
    assert not masked.passes(message({"detections": seen("missing", "occluded")}))
    together = {**detections, **face(mask={"predominant_mask": "missing"})}
    assert not masked.passes(message(together))


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(
            st.sampled_from(
                [
                    "event", "source", "tags", "matches", "candidates", "similarity", "location",
                    "geo_position", "longitude", "latitude", "detections", "samples", "face",
                    "face_attributes", "basic_attributes", "aggregate_estimations", "attributes",
                    "upper_body", "upper_clothing", "colors", "user_data", "stream_id",
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=20,
)  # fmt: skip


@given(event=anything, side=st.sampled_from(SIDES))
def test_whatever_is_published_can_be_judged(event: Any, side: tuple[str, str, Any, Any]) -> None:
    name, value, *_ = side

    assert wanted(**{name: value}).passes(message(event, event)) in (True, False)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("gender", "2"),
        ("gender", "0,1"),
        ("stream_ids", "cam"),
        ("liveness", "3"),
        ("masks", "0"),
        ("tags", "x" * 37),
        ("age__gte", "old"),
        ("apparent_age__lt", "101"),
        ("object_similarity__gte", "nan"),
        ("sleeve_lengths", "none"),
        ("upper_clothing_colors", "mauve"),
        ("geo_position", "36.6,55.7"),
        ("geo_position", "origin_longitude,36.6"),
        ("geo_position", "origin_longitude,181,origin_latitude,1"),
        ("geo_position", f"{BOX},origin_latitude,1"),
        ("geo_position", f"{BOX},height,1"),
        ("geo_position", "origin_longitude,nan,origin_latitude,1"),
    ],
)
def test_a_bad_filter_is_refused(name: str, value: str) -> None:
    with pytest.raises(ValidationError) as refused:
        wanted(**{name: value})

    assert {error["loc"][0] for error in refused.value.errors()} == {name}
