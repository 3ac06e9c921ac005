"""Frames for a handler, sent in documents."""

import base64
from collections.abc import Iterator
from typing import Any

import httpx
import msgpack
import pytest

from tests.api.handling import DAD, DAD_AGAIN, NEEDS, dev_api, handler, photo
from tests.api.people import refused, some_id
from tests.support.postgres import Databases
from tests.support.running_api import RunningApi

pytestmark = NEEDS


@pytest.fixture(scope="module")
def running(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningApi]:
    """The API with models for everything that is estimated here."""
    with dev_api(databases, tmp_path_factory.mktemp("api")) as api:
        yield api


@pytest.fixture
def url(client: httpx.Client) -> str:
    """Where frames for a handler are sent."""
    handler_id = handler(client, detect_policy={"estimate_emotions": 1, "estimate_mask": 1})
    return f"/6/handlers/{handler_id}/events/stream"


def frame(data: Any, **changes: Any) -> dict[str, Any]:
    """One source: the bytes of an image, or their Base64."""
    return {"source_type": "raw_image", "source": {"body": data, **changes}}


def encoded(name: str) -> str:
    """A photo in Base64."""
    return base64.b64encode(photo(name)).decode()


def test_a_frame_makes_events_as_an_image_does(client: httpx.Client, url: str) -> None:
    when = {"detect_time": "2026-03-01T00:00:00Z", "detect_ts": 2.5}
    body = {"sources": [frame(encoded(DAD), **when)], "aggregate_attributes": 0}

    answer = client.post(url, json=body, params={"source": "door"}, timeout=60)

    assert answer.status_code == 201, answer.text
    (image,), (event,) = answer.json()["images"], answer.json()["events"]
    assert (image["filename"], image["status"]) == ("raw_image", 1)
    assert answer.json()["filtered_detections"] == {"face_detections": []}
    (detection,) = event["detections"]
    assert {name: detection[name] for name in ("filename", *when)} == {
        "filename": "raw_image", **when
    }  # fmt: skip
    assert "emotions" in detection["samples"]["face"]["detection"]["attributes"]
    assert client.get(event["url"]).json()["source"] == "door"


def test_msgpack_carries_bytes_and_several_frames_make_one_event(
    client: httpx.Client, url: str
) -> None:
    sources = [frame(photo(name), filename=name) for name in (DAD, DAD_AGAIN)]
    body = msgpack.packb({"sources": sources, "aggregate_attributes": 1})
    headers = {"Content-Type": "application/msgpack"}

    answer = client.post(url, content=body, headers=headers, timeout=60)

    assert answer.status_code == 201, answer.text
    assert [one["filename"] for one in answer.json()["images"]] == [DAD, DAD_AGAIN]
    (event,) = answer.json()["events"]
    assert len(event["detections"]) == 2


def test_a_frame_that_cannot_be_read_has_its_error(client: httpx.Client, url: str) -> None:
    answer = client.post(url, json={"sources": [frame("~"), frame(encoded(DAD))]}, timeout=60)

    assert answer.status_code == 201, answer.text
    assert [one["status"] for one in answer.json()["images"]] == [0, 1]
    assert len(answer.json()["events"]) == 1


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({}, "sources"),
        ({"sources": []}, "sources"),
        ({"sources": [{"source_type": "camera", "source": {"body": ""}}]}, "source_type"),
        ({"sources": [{"source_type": "raw_image", "source": {}}]}, "body"),
        ({"sources": [frame("", detect_ts="soon")]}, "detect_ts"),
        ({"sources": [frame("")], "aggregate_attributes": 2}, "aggregate_attributes"),
        ({"sources": [frame("")], "policies": {}}, "policies"),
    ],
)
def test_a_bad_body_is_refused_by_name(
    client: httpx.Client, url: str, body: Any, path: str
) -> None:
    answer = client.post(url, json=body)

    assert refused(answer)[0] == 400
    assert path in answer.json()["detail"]


def test_a_request_holds_so_many_frames(client: httpx.Client, url: str) -> None:
    assert refused(client.post(url, json={"sources": [frame("")] * 101}))[0] == 413


def test_handlers_of_others_are_not_run(client: httpx.Client, stranger: httpx.Client, url: str
) -> None:  # fmt: skip
    body = {"sources": [frame("")]}
    unknown = f"/6/handlers/{some_id()}/events/stream"

    assert refused(stranger.post(url, json=body))[0] == 404
    assert refused(client.post(unknown, json=body))[0] == 404
