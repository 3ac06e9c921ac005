"""Handlers over photos: who is recognised, for whom, and that it is done once."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from projections.temporary_attributes import AttributeFilter
from tests.api.handling import (
    DAD,
    DAD_AGAIN,
    JPEG,
    MOM,
    NEEDS,
    STRANGER,
    blobs_of,
    dev_api,
    handler,
    photo,
    run,
    send,
)
from tests.support.postgres import Databases
from tests.support.running_api import RunningApi

pytestmark = NEEDS


@pytest.fixture(scope="module")
def running(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningApi]:
    """The API with models for everything that is estimated here."""
    with dev_api(databases, tmp_path_factory.mktemp("api")) as api:
        yield api


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
    (other,) = run(client, recognise, STRANGER)["events"]

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


def test_a_raw_descriptor_is_matched_and_kept_like_a_face(client: httpx.Client) -> None:
    enroll = {"storage_policy": {"face_policy": {"store_face": 1}}}
    (dad,) = run(client, handler(client, **enroll), DAD, external_id="dad")["events"]
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


def test_the_same_request_twice_is_done_once(client: httpx.Client, running: RunningApi) -> None:
    handler_id = handler(client, storage_policy={"face_policy": {"store_face": 1}})
    url = f"/6/handlers/{handler_id}/events"
    headers = {**JPEG, "Idempotency-Key": "photo-1"}

    first = client.post(url, content=photo(DAD), headers=headers)
    blobs = blobs_of(running)
    again = client.post(url, content=photo(DAD), headers=headers)
    other = client.post(url, content=photo(MOM), headers=headers)

    assert first.status_code == again.status_code == 201
    assert first.json() == again.json()
    assert (other.status_code, other.json()["error_code"]) == (409, 90040)
    assert client.get("/6/faces/count").json()["faces_count"] == 1
    assert blobs_of(running) == blobs


def test_a_request_is_not_answered_again_once_an_event_it_made_is_deleted(
    client: httpx.Client,
) -> None:
    recipe = {"store_event": 1}
    url = f"/6/handlers/{handler(client, storage_policy={'event_policy': recipe})}/events"
    headers = {**JPEG, "Idempotency-Key": "photo-2"}
    (event,) = client.post(url, content=photo(DAD), headers=headers).json()["events"]

    assert client.delete(event["url"]).status_code == 204
    again = client.post(url, content=photo(DAD), headers=headers)

    assert (again.status_code, again.json()["error_code"]) == (409, 90047)
    assert "photo-2" in again.json()["detail"]


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


def test_the_same_request_at_the_same_time_is_done_once(
    client: httpx.Client, running: RunningApi, account_id: UUID
) -> None:
    policy = {"face_policy": {"store_face": 1}, "attribute_policy": {"store_attribute": 1}}
    url = f"/6/handlers/{handler(client, storage_policy=policy)}/events"
    headers = {**JPEG, "Idempotency-Key": "photo-2"}
    before = blobs_of(running)

    def ask(_: Any) -> dict[str, Any]:
        answer = client.post(url, content=photo(DAD), headers=headers, timeout=60)
        assert answer.status_code == 201, answer.text
        body: dict[str, Any] = answer.json()
        return body

    with ThreadPoolExecutor(4) as threads:
        first, *others = threads.map(ask, range(4))

    assert all(other == first for other in others)
    assert client.get("/6/faces/count").json()["faces_count"] == 1
    assert len(blobs_of(running) - before) == 1
    attributes = running.services.attributes.page(account_id, AttributeFilter())
    mine = first["events"][0]["face_attributes"]["attribute_id"]
    assert [str(one.attribute_id) for one in attributes] == [mine]
