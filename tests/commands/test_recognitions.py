"""What is kept of one request to a handler."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import orjson

from commands.answers import pack_result, unpack_result
from commands.recognitions import Recognition, StoreRecognitions
from commands.stored_files import NewFile
from domain.attributes import AttributeContent, DescriptorData
from domain.event_matches import Candidate, EventMatch
from domain.events import EventDetection, EventFace, HandlerEvent
from domain.faces import Face
from domain.images import Image
from domain.lists import FaceList
from domain.log.facts import DescriptorRow
from domain.recognitions import EventRecorded
from domain.samples import Sample
from tests.support.scenario import Scenario

ACCOUNT, HANDLER = uuid4(), uuid4()
NOW = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
VECTOR = bytes(16)
ANSWER = {"images": [], "filtered_detections": {"face_detections": []}}
MODELS = {"face_detector": {"pack": "p", "version": "1", "model": "m", "sha256": "0"}}


def event(**parts: Any) -> HandlerEvent:
    """An event of one photo."""
    return HandlerEvent(event_id=uuid4(), detections=(EventDetection("a.jpg", NOW),), **parts)


def recognition(seen: HandlerEvent, **parts: Any) -> Recognition:
    """The event, with whatever is kept beside it."""
    fields: dict[str, Any] = {"create_time": NOW, "end_time": NOW, "notify": True, **parts}
    return Recognition(event=seen, **fields)


def store(*recognitions: Recognition, **parts: Any) -> StoreRecognitions:
    """Keep these."""
    return StoreRecognitions(
        account_id=ACCOUNT,
        handler_id=HANDLER,
        request_id="1,r",
        recognitions=recognitions,
        answer=ANSWER,
        models=MODELS,
        **parts,
    )


def face_of(seen: HandlerEvent, *list_ids: UUID) -> EventFace:
    """The face that is to be created of an event."""
    return EventFace(
        face_id=uuid4(),
        account_id=ACCOUNT,
        event_id=seen.event_id,
        create_time=NOW,
        user_data="Ann",
        external_id="A-1",
        avatar="/6/samples/faces/1",
        lists=list_ids,
    )


def new_file() -> NewFile:
    return NewFile(blob="area/00/1", size=3, content_type="image/jpeg")


def announced(scenario: Scenario) -> int:
    """How many positions of the log are no facts."""
    return scenario.log.position() - len(scenario.log.facts)


def test_a_stored_event_is_recorded_with_its_vectors_and_models() -> None:
    seen = event(tags=("vip",))
    vector = DescriptorRow(uuid4(), seen.event_id, "face", 95, VECTOR)
    later = NOW + timedelta(seconds=5)

    scenario = Scenario().when(
        store(recognition(seen, end_time=later, notify=False, descriptors=(vector,)))
    )

    scenario.then(
        (
            EventRecorded,
            {
                "originator_id": seen.event_id,
                "account_id": ACCOUNT,
                "handler_id": HANDLER,
                "create_time": NOW,
                "end_time": later,
                "notify": False,
                "descriptor_ids": {"face": {95: vector.descriptor_id}},
                "generated": {**seen.as_dict(), "models": MODELS},
            },
        )
    ).then_answered({**ANSWER, "events": [seen.as_dict()]})
    assert scenario.log.descriptors == {vector.descriptor_id: vector}
    assert announced(scenario) == 0


def test_an_event_that_is_not_stored_is_only_announced() -> None:
    seen = event(stored=False)
    vector = DescriptorRow(uuid4(), seen.event_id, "face", 95, VECTOR)

    scenario = Scenario().when(store(recognition(seen, descriptors=(vector,)))).then_nothing()

    assert announced(scenario) == 1
    assert scenario.log.descriptors == {}
    assert scenario.answer["events"][0]["url"] is None


def test_an_event_that_nobody_wants_leaves_nothing() -> None:
    scenario = Scenario().when(store(recognition(event(stored=False), notify=False)))

    scenario.then_nothing()
    assert (announced(scenario), len(scenario.answer["events"])) == (0, 1)


def test_a_face_is_created_in_the_lists_that_are_there() -> None:
    staff, theirs, gone, retired = (
        FaceList(ACCOUNT),
        FaceList(uuid4()),
        FaceList(ACCOUNT),
        FaceList(ACCOUNT),
    )
    gone.delete()
    retired.retire()
    seen = event()
    face = face_of(seen, theirs.id, staff.id, gone.id, retired.id, uuid4())
    content = AttributeContent((DescriptorData(95, VECTOR),), {"age": 30}, (uuid4(),))

    scenario = (
        Scenario()
        .given(staff, theirs, gone, retired)
        .when(store(recognition(replace(seen, face=face), attribute=content)))
    )

    said = {"user_data": "Ann", "external_id": "A-1", "avatar": "/6/samples/faces/1"}
    scenario.then(
        (Face.Created, {"originator_id": face.face_id, "event_id": seen.event_id, **said}),
        (Face.AttributesPut, {"basic_attributes": {"age": 30}}),
        (Face.Attached, {"originator_id": face.face_id, "list_id": staff.id}),
        (EventRecorded, {"originator_id": seen.event_id}),
    )
    shown = scenario.answer["events"][0]["face"]
    assert (shown["face_id"], shown["lists"]) == (str(face.face_id), [str(staff.id)])
    (kept,) = scenario.log.descriptors.values()
    assert (kept.owner_id, kept.version) == (face.face_id, 95)


def test_files_and_all_persons_of_a_request_are_one() -> None:
    files = {name: (new_file(),) for name in ("face_samples", "body_samples", "images")}
    first, second = event(), event()

    scenario = Scenario().when(store(recognition(first), recognition(second), **files))

    scenario.then(
        (
            Sample.Created,
            {"originator_id": files["face_samples"][0].file_id, "sample_type": "faces"},
        ),
        (
            Sample.Created,
            {"originator_id": files["body_samples"][0].file_id, "sample_type": "bodies"},
        ),
        (Image.Created, {"originator_id": files["images"][0].file_id}),
        (EventRecorded, {"originator_id": first.event_id}),
        (EventRecorded, {"originator_id": second.event_id}),
    )


def test_the_answer_can_be_kept_and_given_again() -> None:
    best = Candidate("face", uuid4(), 0.91, "A-1", {"user_data": "Ann"})
    seen = event(matches=(EventMatch("staff", (best,)),))

    answer = Scenario().when(store(recognition(seen))).answer

    assert unpack_result(pack_result(answer)) == answer
    assert orjson.loads(orjson.dumps(answer)) == answer
    assert "top_match" not in answer["events"][0]
    assert "models" not in answer["events"][0]
