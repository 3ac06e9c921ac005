"""The linker over HTTP: faces, and faces made of events, in a list that is there or is made."""

from typing import Any
from uuid import uuid4

import httpx

from tests.api.files import KINDS
from tests.api.handling import DAD, MOM, NEEDS, handler, run
from tests.api.people import BASIC, new_face, new_list
from tests.api.tasks import FAILED, done, ended, give, result
from tests.api.test_events import saved
from tests.api.test_handlers import make


def members(client: httpx.Client, list_id: str) -> set[str]:
    """The ids of the faces in a list."""
    faces = client.get("/6/faces", params={"list_id": list_id, "page_size": 100}).json()["faces"]
    return {face["face_id"] for face in faces}


def link(client: httpx.Client, kind: str, **content: Any) -> Any:
    """What a linker task came to."""
    return result(client, done(client, "linker", {"objects_type": kind, **content}))


def test_faces_that_pass_are_attached_to_a_list(
    client: httpx.Client, stranger: httpx.Client
) -> None:
    list_id = new_list(client, user_data="staff")
    wanted = {new_face(client, user_data="a guard") for _ in range(3)}
    new_face(client, user_data="a guest")
    new_face(stranger, user_data="a guard")

    made = link(client, "faces", list_id=list_id, filters={"user_data": "guard"})

    assert (made["list_id"], set(made["faces"])) == (list_id, wanted)
    assert members(client, list_id) == wanted


def test_a_list_is_made_where_one_is_wanted(client: httpx.Client) -> None:
    face_id = new_face(client)

    made = link(
        client, "faces", create_list=1, list_id=str(uuid4()), user_data="good",
        filters={"face_ids": [face_id]},
    )  # fmt: skip

    found = client.get(f"/6/lists/{made['list_id']}").json()
    assert found["user_data"] == "good"
    assert members(client, made["list_id"]) == {face_id}


def test_a_list_may_be_made_for_nobody(client: httpx.Client) -> None:
    made = link(client, "faces", create_list=1, filters={"face_ids": [str(uuid4())]})

    assert made["faces"] == []
    assert members(client, made["list_id"]) == set()


def test_a_missing_or_foreign_list_fails_the_task(
    client: httpx.Client, stranger: httpx.Client
) -> None:
    foreign = new_list(stranger)
    new_face(client)

    for list_id in (foreign, str(uuid4())):
        task_id = give(client, "linker", {"objects_type": "faces", "list_id": list_id})
        assert ended(client, task_id)["task_status"] == FAILED
        (error,) = client.get(f"/6/tasks/{task_id}/errors").json()["errors"]
        assert error["detail"] == f"List with id '{list_id}' not found"
    assert members(stranger, foreign) == set()


def test_a_face_is_made_of_each_event(client: httpx.Client) -> None:
    handler_id = make(client, is_dynamic=True)
    sample_id = KINDS["face"].make(client)
    detection = {"samples": {"face": {"sample_id": sample_id, "detection": {
        "rect": {"x": 1, "y": 2, "width": 30, "height": 40}}}}}  # fmt: skip
    event_id = saved(
        client, handler_id, user_data="Ann", external_id="A-1", source="door",
        detections=[detection], face_attributes={"basic_attributes": {
            "age": 29, "gender": 1, "ethnicities": {"predominant_ethnicity": "asian",
            "estimations": {"asian": 1.0, "indian": 0.0, "caucasian": 0.0,
                            "african_american": 0.0}}}},
    )  # fmt: skip
    saved(client, handler_id, source="gate")

    made = link(client, "events", create_list=1, filters={"sources": ["door"]})

    (face_id,) = made["faces"]
    assert members(client, made["list_id"]) == {face_id}
    face = client.get(f"/6/faces/{face_id}").json()
    said = ("user_data", "external_id", "event_id", "avatar")
    assert [face[name] for name in said] == [
        "Ann", "A-1", event_id, f"/6/samples/faces/{sample_id}",
    ]  # fmt: skip
    attributes = client.get(f"/6/faces/{face_id}/attributes").json()["attributes"]
    assert attributes["basic_attributes"] == {**BASIC, "ethnicity": 3}
    assert attributes["basic_attributes_samples"] == [sample_id]


def test_events_are_linked_by_every_task_anew(client: httpx.Client) -> None:
    saved(client, make(client, is_dynamic=True))
    list_id = new_list(client)

    first = link(client, "events", list_id=list_id)
    second = link(client, "events", list_id=list_id)

    assert members(client, list_id) == {*first["faces"], *second["faces"]}
    assert first["faces"] != second["faces"]


class TestWithPhotos:
    """Events of photos, whose faces can be matched afterwards."""

    pytestmark = NEEDS

    def test_a_face_made_of_an_event_matches_its_person(self, seeing: httpx.Client) -> None:
        handler_id = handler(seeing, extract_policy={"extract_face_descriptor": 1})
        dad, mom = (run(seeing, handler_id, name)["events"][0] for name in (DAD, MOM))

        made = link(seeing, "events", create_list=1)

        assert len(made["faces"]) == 2
        candidates = {"filters": {"origin": "faces", "list_id": made["list_id"]}, "limit": 1}
        for event in (dad, mom):
            body = {
                "references": [{"type": "event", "id": event["event_id"]}],
                "candidates": [candidates],
            }
            answer = seeing.post("/6/matcher/faces", json=body)
            assert answer.status_code == 200, answer.text
            (match,) = answer.json()[0]["matches"][0]["result"]
            assert match["face"]["event_id"] == event["event_id"]
            assert match["similarity"] > 0.99
