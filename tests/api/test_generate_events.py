"""Handlers over photos: what is answered, and what is kept."""

import json
from collections.abc import Iterator
from typing import Any
from uuid import UUID, uuid4

import httpx
import jsonschema  # type: ignore[import-untyped]
import pytest

from tests.api.handling import (
    DAD,
    DAD_AGAIN,
    FOUR,
    JPEG,
    NEEDS,
    blobs_of,
    dev_api,
    handler,
    photo,
    run,
    send,
)
from tests.api.test_handlers import make
from tests.support.contract_schemas import contract_schema, needs_contract
from tests.support.postgres import Databases
from tests.support.running_api import RunningApi

pytestmark = NEEDS


@pytest.fixture(scope="module")
def running(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningApi]:
    """The API with models for everything that is estimated here."""
    with dev_api(databases, tmp_path_factory.mktemp("api")) as api:
        yield api


NOTHING = {
    "storage_policy": {
        "face_sample_policy": {"store_sample": 0},
        "event_policy": {"store_event": 0},
        "notification_policy": {"send_notification": 0},
    }
}


def test_a_photo_makes_an_event_a_face_and_a_sample(client: httpx.Client, account_id: UUID) -> None:
    list_id = client.post("/6/lists", json={}).json()["list_id"]
    handler_id = handler(
        client,
        extract_policy={"extract_basic_attributes": 1},
        storage_policy={
            "face_policy": {"store_face": 1, "link_to_lists_policy": [{"list_id": list_id}]},
            "image_origin_policy": {"store_image": 1},
            "attribute_policy": {"store_attribute": 1, "ttl": 60},
        },
    )

    body = run(
        client,
        handler_id,
        DAD,
        user_data="Dad",
        external_id="D-1",
        source="door",
        tags="a,b",
        track_id="t-1",
        city="Riga",
        longitude=24.1,
        latitude=56.9,
    )

    (image,), (event,) = body["images"], body["events"]
    assert (image["status"], image["error"]["error_code"]) == (1, 0)
    (detection,) = event["detections"]
    sample = detection["samples"]["face"]
    assert event["face_attributes"]["samples"] == [sample["sample_id"]]
    said = ("user_data", "external_id", "source", "tags", "track_id")
    assert [event[name] for name in said] == ["Dad", "D-1", "door", ["a", "b"], "t-1"]
    assert event["location"] == {
        "city": "Riga",
        "geo_position": {"longitude": 24.1, "latitude": 56.9},
    }
    warp = client.get(sample["url"])
    assert (warp.status_code, warp.content[:3]) == (200, b"\xff\xd8\xff")
    assert client.get(detection["image_origin"]).content == photo(DAD)
    face = client.get(event["face"]["url"]).json()
    assert face == {name: event["face"][name] for name in face}
    assert (face["lists"], face["avatar"]) == ([list_id], sample["url"])
    assert (face["user_data"], face["event_id"]) == ("Dad", event["event_id"])
    attributes = client.get(f"{event['face']['url']}/attributes").json()["attributes"]
    basic = event["face_attributes"]["basic_attributes"]
    assert attributes["basic_attributes"]["age"] == basic["age"]
    assert attributes["face_descriptor_samples"] == [sample["sample_id"]]
    temporary = client.get(event["face_attributes"]["url"]).json()
    assert temporary["face_descriptor"] == attributes["face_descriptor"]["descriptor"]
    read = client.get(event["url"]).json()
    assert (read["face_id"], read["gender"], read["tags"]) == (face["face_id"], 1, ["a", "b"])
    assert read["attach_result"] == [list_id]
    assert client.get("/6/faces/count", params={"list_id": list_id}).json()["faces_count"] == 1


def test_what_no_policy_wants_is_not_kept(client: httpx.Client, running: RunningApi) -> None:
    before = blobs_of(running)

    (event,) = run(client, handler(client, **NOTHING), DAD)["events"]

    assert event["url"] is event["face"] is event["face_attributes"]["attribute_id"] is None
    assert event["detections"][0]["samples"]["face"]["sample_id"] is None
    assert client.get(f"/6/events/{event['event_id']}").status_code == 404
    assert blobs_of(running) == before


def test_a_broken_image_does_not_spoil_the_others(client: httpx.Client) -> None:
    body = run(client, handler(client), "formats/corrupted.png", DAD, "noface/house.jpg")

    assert [image["status"] for image in body["images"]] == [0, 1, 1]
    assert body["images"][0]["error"]["error_code"] == 32010
    assert [image["filename"] for image in body["images"]][1] == DAD
    (event,) = body["events"]
    assert event["detections"][0]["filename"] == DAD


def test_how_many_faces_an_image_may_show(client: httpx.Client) -> None:
    def policy(number: int) -> str:
        return handler(client, detect_policy={"multiface_policy": number})

    refused = send(client, policy(0), FOUR)
    assert (refused.status_code, refused.json()["error_code"]) == (400, 11038)
    assert len(run(client, policy(1), FOUR)["events"]) == 4
    assert len(run(client, policy(2), FOUR)["events"]) == 1
    assert client.get("/6/events").json()["events"].__len__() == 5


def test_filtered_faces_are_answered_with_their_reasons(client: httpx.Client) -> None:
    handler_id = handler(
        client, detect_policy={"yaw_threshold": 0, "pitch_threshold": 180, "mask_states": [2]}
    )

    body = run(client, handler_id, DAD)

    assert (body["events"], client.get("/6/events").json()["events"]) == ([], [])
    (dropped,) = body["filtered_detections"]["face_detections"]
    reasons = {reason["filter_name"]: reason for reason in dropped["filter_reasons"]}
    assert reasons.keys() == {"yaw_threshold", "mask_states"}
    assert reasons["mask_states"]["threshold_value"] == [2]
    assert dropped["detection"]["filename"] == "raw image"
    shown = dropped["detection"]["sample"]["detection"]
    assert shown["attributes"] == {}  # what was estimated only to judge is not shown
    assert shown["rect"]["width"] > 50


def test_images_of_one_person_make_one_event(client: httpx.Client) -> None:
    handler_id = handler(
        client,
        detect_policy={"estimate_mask": 1, "estimate_emotions": 1},
        extract_policy={"extract_basic_attributes": 1, "fd_score_threshold": 0.01},
        storage_policy={"face_policy": {"store_face": 1}},
    )

    (event,) = run(client, handler_id, DAD, DAD_AGAIN, aggregate_attributes=1)["events"]

    assert [one["filename"] for one in event["detections"]] == [DAD, DAD_AGAIN]
    together = event["aggregate_estimations"]["face"]["attributes"]
    assert together.keys() == {"mask", "emotions"}
    assert together["mask"]["predominant_mask"] == "missing"
    alone = [one["samples"]["face"]["detection"]["attributes"] for one in event["detections"]]
    assert alone == [{}, {}]
    samples = [one["samples"]["face"]["sample_id"] for one in event["detections"]]
    assert event["face_attributes"]["samples"] == samples
    assert event["face_attributes"]["basic_attributes"]["gender"] == 1
    assert client.get(event["url"]).json()["mask"] == 1
    assert event["face"]["avatar"].endswith(samples[0])


def test_a_dynamic_handler_runs_what_the_request_brings(client: httpx.Client) -> None:
    handler_id = make(client, is_dynamic=True)
    url = f"/6/handlers/{handler_id}/events"
    image = ("image", ("dad", photo(DAD), "image/jpeg"))

    def ask(policies: Any) -> httpx.Response:
        part = ("policies", (None, json.dumps(policies), "application/json"))
        return client.post(url, files=[image, part], timeout=60)

    (event,) = ask({"storage_policy": {"face_policy": {"store_face": 1}}}).json()["events"]
    assert client.get(event["face"]["url"]).status_code == 200
    bad = ask({"detect_policy": {"detect_face": 5}})
    assert "Path: 'policies.detect_policy.detect_face'" in bad.json()["detail"]
    assert send(client, handler_id, DAD).json()["error_code"] == 90062
    static = client.post(
        f"/6/handlers/{handler(client)}/events",
        files=[image, ("policies", (None, "{}", "application/json"))],
    )
    assert (static.status_code, static.json()["error_code"]) == (400, 90061)


def test_stored_samples_and_urls_come_as_json(client: httpx.Client) -> None:
    (event,) = run(client, handler(client), DAD)["events"]
    sample_id = event["face_attributes"]["samples"][0]
    image_id = client.post("/6/images", content=photo(DAD), headers=JPEG).json()["image_id"]
    refer = {"store_image": 1, "use_external_references": 1}
    handler_id = handler(client, storage_policy={"image_origin_policy": refer})
    when = "2026-01-02T03:04:05Z"

    body = client.post(
        f"/6/handlers/{handler_id}/events",
        json={
            "samples": [{"sample_id": sample_id, "detect_time": when, "detect_ts": 1.5}],
            "images": [f"/6/images/{image_id}", {"image_id": str(uuid4())}],
        },
        timeout=60,
    ).json()

    assert [image["status"] for image in body["images"]] == [1, 1, 0]
    of_sample, of_image = (one["detections"][0] for one in body["events"])
    assert (of_sample["detect_time"], of_sample["detect_ts"]) == (when, 1.5)
    assert of_sample["samples"]["face"]["sample_id"] == sample_id
    assert "rect" not in of_sample["samples"]["face"]["detection"]
    assert of_sample["image_origin"] == f"/6/samples/faces/{sample_id}"
    assert of_image["image_origin"] == f"/6/images/{image_id}"


def test_times_come_from_headers_and_nonsense_is_ignored(client: httpx.Client) -> None:
    url = f"/6/handlers/{handler(client)}/events"
    times = {"Luna-Event-Time": "2026-01-02T03:04:05+03:00", "Luna-Event-End-Time": "soon"}

    (event,) = client.post(url, content=photo(DAD), headers={**JPEG, **times}).json()["events"]

    read = client.get(event["url"]).json()
    assert read["create_time"] == read["end_time"] == "2026-01-02T00:04:05Z"


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ({"image_type": 3}, "image_type"),
        ({"tags": "x" * 37}, "tags"),
        ({"longitude": 181}, "longitude"),
        ({"track_id": "a b"}, "track_id"),
        ({"external_id": "x" * 37}, "external_id"),
    ],
)
def test_a_bad_query_is_refused_by_its_name(
    client: httpx.Client, query: dict[str, Any], name: str
) -> None:
    refused = send(client, handler(client), DAD, **query)

    assert (refused.status_code, refused.json()["error_code"]) == (400, 12012)
    assert f"'{name}'" in refused.json()["detail"]


def test_what_the_pack_cannot_estimate_is_refused(client: httpx.Client) -> None:
    handler_id = handler(client, detect_policy={"estimate_deepfake": {"estimate": 1}})

    refused = send(client, handler_id, DAD)

    assert (refused.status_code, refused.json()["error_code"]) == (501, 90030)
    assert client.get("/6/events").json()["events"] == []


@needs_contract
def test_answers_are_what_the_contract_says(client: httpx.Client) -> None:
    handler_id = handler(
        client,
        detect_policy={
            "detect_body": 1,
            "estimate_head_pose": 1,
            "estimate_emotions": 1,
            "estimate_quality": 1,
            "estimate_mask": 1,
            "estimate_eyes_attributes": 1,
            "estimate_mouth_attributes": 1,
            "estimate_liveness": {"estimate": 1},
            "detect_landmarks68": 1,
            "extract_exif": 1,
            "yaw_threshold": 12,
        },
        extract_policy={"extract_basic_attributes": 1, "extract_body_descriptor": 1},
        match_policy=[{"label": "all", "candidates": {"origin": "events"}}],
        storage_policy={
            "face_policy": {"store_face": 1},
            "image_origin_policy": {"store_image": 1},
        },
    )

    for _ in range(2):
        body = run(client, handler_id, FOUR, "formats/corrupted.png", DAD)

    assert body["events"]
    assert body["filtered_detections"]["face_detections"]
    assert any(event["matches"][0]["candidates"] for event in body["events"])
    jsonschema.validate(body, contract_schema("GenerateEventsResponse"))
    for event in client.get("/6/events").json()["events"]:
        jsonschema.validate(event, contract_schema("Event"))
