"""Handlers over photos: what is answered, what is kept, and for whom."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from domain.shared.biometrics import Descriptor, DescriptorKind, encode_container, encode_sdk
from tests.api.test_handlers import make
from tests.support.postgres import Databases
from tests.support.running_api import RunningApi, running_api
from tests.support.shared import MEDIA, MODELS, needs_media, needs_models

pytestmark = [needs_media, needs_models]

JPEG = {"content-type": "image/jpeg"}
NOTHING = {
    "storage_policy": {
        "face_sample_policy": {"store_sample": 0},
        "event_policy": {"store_event": 0},
        "notification_policy": {"send_notification": 0},
    }
}


@pytest.fixture(scope="module")
def running(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningApi]:
    """The API with the development models, which can estimate more than the default pack."""
    with (
        databases.fresh() as dsn,
        running_api(dsn, tmp_path_factory.mktemp("api"), pack=f"dev:{MODELS}") as api,
    ):
        yield api


def photo(name: str) -> bytes:
    return (MEDIA / "images" / name).read_bytes()


DAD = "azure/Family1-Dad1.jpg"
DAD_AGAIN = "azure/Family1-Dad2.jpg"
MOM = "azure/Family1-Mom1.jpg"
FOUR = "group/azure_identification1.jpg"


def run(client: httpx.Client, handler_id: str, *names: str, **query: Any) -> dict[str, Any]:
    """What the handler makes of the photos."""
    answer = send(client, handler_id, *names, **query)
    assert answer.status_code == 201, answer.text
    body: dict[str, Any] = answer.json()
    return body


def send(client: httpx.Client, handler_id: str, *names: str, **query: Any) -> httpx.Response:
    """The answer to the photos: one as the body, several as parts."""
    url = f"/6/handlers/{handler_id}/events"
    if len(names) == 1:
        return client.post(url, content=photo(names[0]), params=query, headers=JPEG, timeout=30)
    files = [("image", (name, photo(name), "image/jpeg")) for name in names]
    return client.post(url, files=files, params=query, timeout=30)


def handler(client: httpx.Client, **policies: Any) -> str:
    return make(client, policies=policies)


def blobs_of(running: RunningApi) -> set[Path]:
    """The files in the blob store."""
    directory = running.services.settings.data_dir / "blobs"
    return {path for path in directory.rglob("*") if path.is_file()}


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


def test_a_known_person_is_the_top_match(client: httpx.Client) -> None:
    family = client.post("/6/lists", json={}).json()["list_id"]
    enroll = handler(
        client,
        storage_policy={
            "face_policy": {"store_face": 1, "link_to_lists_policy": [{"list_id": family}]}
        },
    )
    run(client, enroll, MOM, external_id="mom")
    (dad,) = run(client, enroll, DAD, external_id="dad")["events"]
    match = {"label": "family", "candidates": {"origin": "faces", "list_id": family}}
    known = {"match": [{"label": "family", "similarity__gte": 0.6}]}
    recognise = handler(
        client,
        match_policy=[match, {**match, "label": "one", "limit": 1, "threshold": 0.01}],
        conditional_tags_policy=[{"tag": "known", "filters": known}],
        storage_policy={"event_policy": {"filters": known}},
    )

    (event,) = run(client, recognise, DAD_AGAIN)["events"]
    (other,) = run(client, recognise, "azure/Family2-Man1.jpg")["events"]

    first, second = event["matches"]
    assert [c["face"]["external_id"] for c in first["candidates"]] == ["dad", "mom"]
    assert [c["face"]["face_id"] for c in second["candidates"]] == [dad["face"]["face_id"]]
    assert first["candidates"][0]["similarity"] > 0.6 > first["candidates"][1]["similarity"]
    assert event["tags"] == ["known"]
    top = client.get(event["url"]).json()["top_match"]
    assert (top["face_id"], top["label"]) == (dad["face"]["face_id"], "family")
    assert (other["tags"], other["url"]) == ([], None)
    assert other["matches"][0]["candidates"][0]["similarity"] < 0.6


def test_events_are_matched_with_events(client: httpx.Client) -> None:
    match = {"label": "seen", "candidates": {"origin": "events"}, "targets": ["event_id", "source"]}
    handler_id = handler(client, match_policy=[match])

    (first,) = run(client, handler_id, DAD, source="north")["events"]
    (second,) = run(client, handler_id, DAD_AGAIN, source="south")["events"]

    assert first["matches"] == [{"label": "seen", "candidates": []}]
    ((candidate,),) = (found["candidates"] for found in second["matches"])
    assert candidate["event"] == {"event_id": first["event_id"], "source": "north"}


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


def test_a_poor_descriptor_is_neither_kept_nor_matched(client: httpx.Client) -> None:
    handler_id = handler(
        client,
        extract_policy={"fd_score_threshold": 1.0},
        match_policy=[{"label": "all", "candidates": {"origin": "faces"}}],
        storage_policy={"face_policy": {"store_face": 1}},
    )

    (event,) = run(client, handler_id, DAD)["events"]

    (reason,) = event["face_attributes"]["filter"]["filter_reasons"]
    assert reason["filter_name"] == "score_threshold"
    assert reason["object_value"] == event["face_attributes"]["score"] < 1
    assert event["matches"] == [{"label": "all", "candidates": []}]
    attributes = client.get(f"{event['face']['url']}/attributes").json()
    assert (attributes["attributes"] or {}).get("face_descriptor") is None


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
        return client.post(url, files=[image, part], timeout=30)

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
        timeout=30,
    ).json()

    assert [image["status"] for image in body["images"]] == [1, 1, 0]
    of_sample, of_image = (one["detections"][0] for one in body["events"])
    assert (of_sample["detect_time"], of_sample["detect_ts"]) == (when, 1.5)
    assert of_sample["samples"]["face"]["sample_id"] == sample_id
    assert "rect" not in of_sample["samples"]["face"]["detection"]
    assert of_sample["image_origin"] == f"/6/samples/faces/{sample_id}"
    assert of_image["image_origin"] == f"/6/images/{image_id}"


def test_a_raw_descriptor_is_matched_and_kept_like_a_face(client: httpx.Client) -> None:
    enroll = {"storage_policy": {"face_policy": {"store_face": 1}}}
    (dad,) = run(client, handler(client, **enroll), DAD, external_id="dad")["events"]
    stored = client.get(f"{dad['face']['url']}/attributes").json()["attributes"]
    found = client.post(
        "/6/sdk",
        params={"detect_face": 1, "estimate_body_descriptor": 0},
        content=photo(DAD_AGAIN),
        headers=JPEG,
    ).json()
    (person,) = found["images_estimations"][0]["estimations"]
    container = person["face"]["detection"]["attributes"]["descriptor"]["sdk_descriptor"]
    match = [{"label": "all", "candidates": {"origin": "faces"}}]
    url = f"/6/handlers/{handler(client, match_policy=match, **enroll)}/events"

    body = client.post(
        url, content=container, headers={"content-type": "application/x-sdk-descriptor-base64"}
    ).json()

    (event,) = body["events"]
    best = event["matches"][0]["candidates"][0]
    assert best["face"]["face_id"] == dad["face"]["face_id"]
    assert event["detections"][0]["samples"] == {"face": None, "body": None}
    assert client.get(f"{event['face']['url']}/attributes").json()["attributes"]
    version = stored["face_descriptor"]["descriptor_version"]
    strange = Descriptor(DescriptorKind.FACE, version + 1, bytes(16))
    bad = client.post(
        url,
        files=[
            ("d", ("strange", encode_container(strange), "application/x-sdk-descriptor")),
            ("d", ("xpk", b"123", "application/x-vl-xpk")),
            ("d", ("text", encode_sdk(strange), "application/x-sdk-descriptor-base64")),
        ],
    ).json()
    assert [image["status"] for image in bad["images"]] == [0, 0, 0]
    assert [image["error"]["error_code"] for image in bad["images"]] == [90034] * 3
    assert bad["events"] == []


def test_times_come_from_headers_and_nonsense_is_ignored(client: httpx.Client) -> None:
    url = f"/6/handlers/{handler(client)}/events"
    times = {"Luna-Event-Time": "2026-01-02T03:04:05+03:00", "Luna-Event-End-Time": "soon"}

    (event,) = client.post(url, content=photo(DAD), headers={**JPEG, **times}).json()["events"]

    read = client.get(event["url"]).json()
    assert read["create_time"] == read["end_time"] == "2026-01-02T00:04:05Z"


def test_the_same_request_twice_is_done_once(client: httpx.Client, running: RunningApi) -> None:
    handler_id = handler(client, storage_policy={"face_policy": {"store_face": 1}})
    url = f"/6/handlers/{handler_id}/events"
    headers = {**JPEG, "Idempotency-Key": "photo-1"}

    first = client.post(url, content=photo(DAD), headers=headers)
    blobs = blobs_of(running)
    started = time.perf_counter()
    again = client.post(url, content=photo(DAD), headers=headers)
    took = time.perf_counter() - started
    other = client.post(url, content=photo(MOM), headers=headers)

    assert first.status_code == again.status_code == 201
    assert first.json() == again.json()
    assert took < 0.1  # no network ran
    assert (other.status_code, other.json()["error_code"]) == (409, 90040)
    assert client.get("/6/faces/count").json()["faces_count"] == 1
    assert blobs_of(running) == blobs


def test_an_account_runs_only_its_own_handlers(
    client: httpx.Client, stranger: httpx.Client, nobody: httpx.Client
) -> None:
    handler_id = handler(client)
    mine = stranger.post("/6/lists", json={}).json()["list_id"]
    link = {"store_face": 1, "link_to_lists_policy": [{"list_id": mine}]}

    assert send(stranger, handler_id, DAD).json()["error_code"] == 90060
    assert send(nobody, handler_id, DAD).json()["error_code"] == 11036
    (event,) = run(client, handler(client, storage_policy={"face_policy": link}), DAD)["events"]
    assert event["face"]["lists"] == []
    assert stranger.get(event["url"]).status_code == 404
    assert stranger.get(event["detections"][0]["samples"]["face"]["url"]).status_code == 404
    match = [{"label": "theirs", "candidates": {"origin": "faces", "account_id": str(uuid4())}}]
    refused = send(client, handler(client, match_policy=match), DAD)
    assert "match_policy.0.candidates.account_id" in refused.json()["detail"]


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
