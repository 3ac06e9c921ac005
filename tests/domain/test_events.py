"""Handler events: rich as they are answered, flat as they are stored and filtered."""

from datetime import UTC, datetime
from typing import Any, Literal
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from domain.event_matches import Candidate, EventMatch, top_match
from domain.events import (
    EventBodyAttributes,
    EventDetection,
    EventFace,
    EventFaceAttributes,
    EventSample,
    GeoPosition,
    HandlerEvent,
    Location,
    answered,
    ws_message,
)
from domain.flat_events import best_match, flat_event, flat_location, with_targets
from domain.policies.reasons import FilteredDetection, FilterReason
from domain.shared.detections import BodyEstimations, FaceEstimations
from domain.shared.estimations import (
    BasicAttributes,
    Emotions,
    Ethnicities,
    Gender,
    Liveness,
    Mask,
)
from tests.support.contract_schemas import assert_contract, examples, needs_contract, needs_examples

NOW = datetime(2024, 5, 6, 7, 8, 9, 100, UTC)
EVENT, ACCOUNT, HANDLER, FACE = (UUID(int=n) for n in range(1, 5))
SAMPLE, LIST, OTHER = (UUID(int=n) for n in range(5, 8))
RECT = {"x": 1, "y": 2, "width": 3, "height": 4}
HAPPY = Emotions(0, 0, 0, 1, 0, 0, 0)
MASKED = Mask(medical_mask=1, missing=0, occluded=0)
REAL = Liveness(0.9, 0.9)
ASIAN = BasicAttributes(27, Gender.MALE, Ethnicities(0.7, 0.1, 0.1, 0.1))

FACE_SAMPLE = EventSample("faces", {"rect": RECT, "attributes": {}}, SAMPLE)
FULL = HandlerEvent(
    event_id=EVENT,
    detections=(
        EventDetection("a.jpg", NOW, FACE_SAMPLE, None, 1.5, "/6/images/1"),
        EventDetection("b.jpg", NOW, None, EventSample("bodies", {})),
    ),
    face_attributes=EventFaceAttributes(0.7, (SAMPLE,), ASIAN, OTHER),
    body_attributes=EventBodyAttributes(0.4, ()),
    face=EventFace(FACE, ACCOUNT, EVENT, NOW, "Ann", "A-1", "/6/samples/faces/1", (LIST,)),
    matches=(
        EventMatch(
            "staff",
            (
                Candidate("face", OTHER, 0.8, "E-8", {"user_data": "x"}),
                Candidate("face", FACE, 0.6, "E-6", {"face_id": str(FACE)}),
            ),
        ),
        EventMatch("seen", (Candidate("event", EVENT, 0.7, None, {"event_id": str(EVENT)}),)),
    ),
    face_estimations=FaceEstimations(emotions=HAPPY, mask=MASKED, liveness=REAL),
    body_estimations=BodyEstimations(),
    source="gate",
    tags=("vip",),
    external_id="X",
    user_data="seen",
    location=Location(city="Rome", geo_position=GeoPosition(12.5, 41.9)),
    track_id="t-1",
    stream_id=OTHER,
    meta={"a": 1},
)


def flat(recorded: dict[str, Any]) -> dict[str, Any]:
    """The flat event of a recorded one."""
    return flat_event(EVENT, ACCOUNT, HANDLER, NOW, NOW, recorded)


def test_an_event_says_what_was_seen() -> None:
    shown = FULL.as_dict()

    assert shown["url"] == f"/6/events/{EVENT}"
    assert shown["face_attributes"]["url"] == f"/6/attributes/{OTHER}"
    assert shown["face_attributes"]["filter"] == {"is_filtered": False, "filter_reasons": []}
    assert shown["face"]["url"] == f"/6/faces/{FACE}"
    assert shown["location"] == {
        "city": "Rome",
        "geo_position": {"longitude": 12.5, "latitude": 41.9},
    }
    assert shown["matches"][0]["candidates"][0] == {"face": {"user_data": "x"}, "similarity": 0.8}
    first, second = shown["detections"]
    assert first["samples"] == {
        "face": {
            "sample_id": str(SAMPLE),
            "detection": {"rect": RECT, "attributes": {}},
            "url": f"/6/samples/faces/{SAMPLE}",
        },
        "body": None,
    }
    assert second["samples"]["body"] == {"sample_id": None, "detection": {}, "url": None}
    assert (first["detect_ts"], first["image_origin"]) == (1.5, "/6/images/1")


def test_ids_and_addresses_of_what_was_not_stored_are_null() -> None:
    shown = HandlerEvent(
        event_id=EVENT,
        stored=False,
        detections=(EventDetection("a", NOW, EventSample("faces", {})),),
        face_attributes=EventFaceAttributes(score=0.1),
    ).as_dict()

    assert shown["url"] is shown["face"] is shown["source"] is shown["track_id"] is None
    assert shown["face_attributes"]["attribute_id"] is shown["face_attributes"]["url"] is None
    assert shown["detections"][0]["samples"]["face"]["url"] is None


def test_a_dropped_descriptor_says_why() -> None:
    reason = FilterReason("score_threshold", 0.1, 0.6)
    shown = EventFaceAttributes(0.1, reason=reason).as_dict()

    assert shown["filter"] == {"is_filtered": True, "filter_reasons": [reason.as_dict()]}
    assert EventFaceAttributes(reason=reason).as_dict().keys() == {"attribute_id", "url", "samples"}


@needs_contract
def test_events_look_as_the_contract_says() -> None:
    assert_contract("GeneratedEvent", FULL.as_dict())
    assert_contract("Event", flat(FULL.recorded()))
    request_id = f"1536751345,{OTHER}"
    message = ws_message(FULL.recorded(), HANDLER, NOW, NOW, request_id)
    assert_contract("WsMessage", message)
    assert message["event"] == FULL.as_dict()

    bare = HandlerEvent(event_id=EVENT, detections=())
    assert_contract("GeneratedEvent", bare.as_dict())
    assert_contract("Event", flat(bare.recorded()))
    dropped = FilteredDetection("a", {"rect": RECT}, (FilterReason("mask_states", 2, (1, 3)),))
    assert_contract("FilteredEventDetection", dropped.as_dict())


def test_a_flat_event_has_one_value_per_question() -> None:
    shown = flat(FULL.recorded())

    assert {name: shown[name] for name in ("gender", "age", "emotion", "mask")} == {
        "gender": 1,
        "age": 27,
        "emotion": 4,
        "mask": 2,
    }
    assert (shown["ethnic_group"], shown["liveness"], shown["deepfake"]) == (3, 1, None)
    assert (shown["face_id"], shown["attach_result"]) == (str(FACE), [str(LIST)])
    assert shown["face_detections"] == [
        {
            "sample_id": str(SAMPLE),
            "detect_ts": 1.5,
            "image_origin": "/6/images/1",
            "detect_time": "2024-05-06T07:08:09.000100Z",
            "detection": {"rect": RECT},
        }
    ]
    assert [one["sample_id"] for one in shown["body_detections"]] == [None]
    assert shown["location"]["city"] == "Rome"
    assert shown["location"]["street"] is None
    assert [one["label"] for one in shown["match_result"]] == ["staff", "seen"]


def test_what_was_not_estimated_is_null() -> None:
    shown = flat({})

    known = {"event_id", "account_id", "handler_id", "create_time", "end_time"}
    assert shown.pop("attach_result") == []
    assert {name for name, value in shown.items() if value is not None} == known


def test_an_estimation_over_all_images_counts_before_that_of_one() -> None:
    def detection(mask: str) -> dict[str, Any]:
        attributes = {"mask": {"predominant_mask": mask}}
        return {"samples": {"face": {"detection": {"attributes": attributes}}}}

    recorded: dict[str, Any] = {"detections": [{}, detection("occluded"), detection("missing")]}
    assert flat(recorded)["mask"] == 3
    recorded["aggregate_estimations"] = {"face": {"attributes": {}}, "body": None}
    assert flat(recorded)["mask"] == 3
    together = {"mask": {"predominant_mask": "medical_mask"}}
    recorded["aggregate_estimations"] = {"face": {"attributes": together}}
    assert flat(recorded)["mask"] == 2


def test_bodies_are_flat_too() -> None:
    looks = {"basic_attributes": {"apparent_age": 3}, "upper_body": {"sleeve": {"length": "long"}}}
    recorded = {"aggregate_estimations": {"body": {"attributes": looks}}}

    shown = flat(recorded)

    assert shown["body_basic_attributes"] == {"apparent_age": 3}
    assert shown["upper_body"] == {"sleeve": {"length": "long"}}
    assert shown["lower_body"] is shown["accessories"] is None


def test_the_best_match_is_known_even_if_its_id_is_not_shown() -> None:
    best = {
        "face_id": str(OTHER),
        "event_id": None,
        "similarity": 0.8,
        "label": "staff",
        "external_id": "E-8",
    }
    assert flat(FULL.recorded())["top_match"] == best
    assert answered(FULL.recorded()) == FULL.as_dict()
    hidden = best_match(FULL.as_dict()["matches"])
    assert hidden == {**best, "face_id": None, "external_id": None}


similarities = st.floats(0, 1).map(lambda value: round(value, 6))


def candidate(kind: Literal["face", "event"], number: int, similarity: float) -> Candidate:
    """A candidate that shows its ids."""
    shown = {f"{kind}_id": str(UUID(int=number)), "external_id": "x"}
    return Candidate(kind, UUID(int=number), similarity, "x", shown)


@given(st.lists(st.lists(similarities, max_size=3), max_size=3), st.sampled_from(["face", "event"]))
def test_the_best_match_is_the_best_of_all(
    found: list[list[float]], kind: Literal["face", "event"]
) -> None:
    matches = tuple(
        EventMatch(str(place), tuple(candidate(kind, n, one) for n, one in enumerate(row)))
        for place, row in enumerate(found)
    )
    best = top_match(matches)

    assert (best is None) is not any(found)
    assert best_match([match.as_dict() for match in matches]) == (best and best.as_dict())
    if best is not None:
        assert best.similarity == max(one for row in found for one in row)


def test_only_the_targets_are_shown() -> None:
    event = flat(FULL.recorded())

    assert with_targets(event, None) == event
    assert with_targets(event, ["age", "event_id", "age"]) == {"age": 27, "event_id": str(EVENT)}
    assert flat_location({"city": None}) is None


@needs_examples
def test_the_published_answer_becomes_a_flat_event() -> None:
    (answer, *_) = [body for body in examples("images") if body.get("events")]
    (event,) = answer["events"]

    shown = flat(event)

    assert_contract("Event", shown)
    assert (shown["gender"], shown["age"], shown["ethnic_group"]) == (1, 29, 3)
    assert (shown["emotion"], shown["mask"], shown["liveness"]) == (5, 2, 1)
    assert shown["top_match"]["similarity"] == 0.5
    assert shown["top_match"]["label"] == "good guys"
    assert shown["top_match"]["face_id"] == "426542d6-5509-4e5b-8a01-e2abd5c0a8c6"
    assert len(shown["attach_result"]) == 2
