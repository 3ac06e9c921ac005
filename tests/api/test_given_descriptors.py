"""Handlers without photos of people: raw descriptors, empty and broken images, any pack."""

import random
import struct
from typing import Any
from uuid import uuid4

import httpx
import pytest

from domain.shared.biometrics import Descriptor, DescriptorKind, encode_container, encode_sdk
from domain.shared.model_features import DescriptorFeature
from tests.api.test_handlers import make
from tests.inference.pictures import gradient, jpeg
from tests.support.running_api import RunningApi

CONTAINER = "application/x-sdk-descriptor"
KEEP = {"face_policy": {"store_face": 1}, "attribute_policy": {"store_attribute": 1}}
MATCH = [{"label": "all", "candidates": {"origin": "faces"}}]


@pytest.fixture
def feature(running: RunningApi) -> DescriptorFeature:
    """The face descriptor of the pack in use."""
    return next(f for f in running.services.models.descriptors() if f.kind is DescriptorKind.FACE)


def descriptor(feature: DescriptorFeature, seed: int, *, length: float = 1.0) -> Descriptor:
    """A descriptor as the pack could have made it, or one of another length."""
    drawn = random.Random(seed)
    values = [drawn.gauss(0, 1) for _ in range(feature.dimension)]
    norm = sum(value * value for value in values) ** 0.5 / length
    data = struct.pack(f"<{feature.dimension}f", *(value / norm for value in values))
    return Descriptor(feature.kind, feature.version, data)


def ask(client: httpx.Client, handler_id: str, *parts: tuple[str, bytes], **query: Any) -> Any:
    """What the handler makes of parts of these types."""
    files = [("d", (f"part {i}", data, kind)) for i, (kind, data) in enumerate(parts)]
    answer = client.post(f"/6/handlers/{handler_id}/events", files=files, params=query)
    assert answer.status_code == 201, answer.text
    return answer.json()


def test_a_descriptor_is_matched_and_kept_like_a_face(
    client: httpx.Client, feature: DescriptorFeature
) -> None:
    container = encode_container(descriptor(feature, 1))
    handler_id = make(client, policies={"storage_policy": KEEP, "match_policy": MATCH})

    (first,) = ask(client, handler_id, (CONTAINER, container), external_id="A-1")["events"]
    (again,) = ask(client, handler_id, (CONTAINER, container))["events"]

    assert first["matches"] == [{"label": "all", "candidates": []}]
    assert first["detections"][0]["filename"] == "part 0"
    assert first["detections"][0]["samples"] == {"face": None, "body": None}
    (candidate,) = again["matches"][0]["candidates"]
    assert candidate["face"]["face_id"] == first["face"]["face_id"]
    assert candidate["similarity"] > 0.99
    stored = client.get(f"{first['face']['url']}/attributes").json()["attributes"]
    assert stored["face_descriptor"]["descriptor_version"] == feature.version
    assert client.get(first["face_attributes"]["url"]).status_code == 200
    assert client.get(again["url"]).json()["top_match"]["external_id"] == "A-1"


def test_descriptors_and_images_are_answered_in_the_order_sent(
    client: httpx.Client, feature: DescriptorFeature
) -> None:
    raw = [encode_sdk(descriptor(feature, seed)).encode() for seed in (1, 2)]
    parts = [
        (f"{CONTAINER}-base64", raw[0]),
        ("image/jpeg", b"no image"),
        ("image/jpeg", jpeg(gradient(320, 240))),
        (f"{CONTAINER}-base64", raw[1]),
    ]

    body = ask(client, make(client), *parts)

    assert [image["filename"] for image in body["images"]] == [f"part {i}" for i in range(4)]
    assert [image["status"] for image in body["images"]] == [1, 0, 1, 1]
    named = [event["detections"][0]["filename"] for event in body["events"]]
    assert named == ["part 0", "part 3"]


def test_what_is_no_descriptor_of_the_pack_fails_by_itself(
    client: httpx.Client, feature: DescriptorFeature
) -> None:
    good = descriptor(feature, 1)
    strange = Descriptor(DescriptorKind.FACE, feature.version + 1, good.data)
    short = Descriptor(DescriptorKind.FACE, feature.version, good.data[:-4])
    wrong = {
        "unknown": (CONTAINER, encode_container(strange)),
        "has dimension": (CONTAINER, encode_container(short)),
        "checksum": (CONTAINER, encode_container(good)[:-1] + b"?"),
        "cannot be read here": ("application/x-vl-xpk", b"123"),
    }
    if feature.unit_length:
        long = descriptor(feature, 1, length=2.0)
        wrong["have length 1"] = (CONTAINER, encode_container(long))

    body = ask(client, make(client, policies={"storage_policy": KEEP}), *wrong.values())

    assert body["events"] == []
    for text, image in zip(wrong, body["images"], strict=True):
        assert (image["status"], image["error"]["error_code"]) == (0, 90034)
        assert text in image["error"]["detail"]
    assert client.get("/6/faces/count").json() == {"faces_count": 0}


def test_descriptors_are_not_aggregated(client: httpx.Client, feature: DescriptorFeature) -> None:
    one = (CONTAINER, encode_container(descriptor(feature, 1)))
    url = f"/6/handlers/{make(client)}/events"

    (event,) = ask(client, url.split("/")[3], one, aggregate_attributes=1)["events"]
    refused = client.post(
        url,
        files=[("d", ("a", one[1], CONTAINER)), ("i", ("b", jpeg(gradient()), "image/jpeg"))],
        params={"aggregate_attributes": 1},
    )

    assert event["url"]
    assert (refused.status_code, refused.json()["error_code"]) == (400, 90063)


def test_an_event_says_which_stream_it_is_from(
    client: httpx.Client, feature: DescriptorFeature
) -> None:
    one = (CONTAINER, encode_container(descriptor(feature, 1)))
    stream_id = str(uuid4())

    (event,) = ask(client, make(client), one, stream_id=stream_id)["events"]

    assert client.get(event["url"]).json()["stream_id"] == event["stream_id"] == stream_id


def test_meta_of_the_caller_comes_back(client: httpx.Client, feature: DescriptorFeature) -> None:
    container = encode_container(descriptor(feature, 1))
    url = f"/6/handlers/{make(client)}/events"

    def send(meta: bytes) -> httpx.Response:
        files = [("d", ("a", container, CONTAINER)), ("meta", (None, meta, "application/json"))]
        return client.post(url, files=files)

    (event,) = send(b'{"gate": 4}').json()["events"]
    assert client.get(event["url"]).json()["meta"] == event["meta"] == {"gate": 4}
    assert "Path: 'meta'" in send(b"[1]").json()["detail"]


def test_a_request_without_images_or_handler_is_refused(client: httpx.Client) -> None:
    url = f"/6/handlers/{make(client)}/events"

    assert client.post(url, json={}).json()["error_code"] == 12022
    assert (
        client.post(url, content=b"?", headers={"content-type": "text/plain"}).json()["error_code"]
        == 12017
    )
    many = client.post(url, json={"urls": ["http://example.com/a.jpg"] * 101})
    assert (many.status_code, many.json()["error_code"]) == (413, 90019)
    missing = client.post(
        f"/6/handlers/{uuid4()}/events", content=b"", headers={"content-type": "image/jpeg"}
    )
    assert (missing.status_code, missing.json()["error_code"]) == (404, 90060)
