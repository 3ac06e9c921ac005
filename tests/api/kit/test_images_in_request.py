"""Images are read from every accepted form of body; broken ones are values, not refusals."""

import base64
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.requests import Request

from api.authentication import Authentication
from api.http.refusals import HttpRefusal
from api.images_in_request import (
    DESCRIPTOR_TYPES,
    IMAGE_TYPES,
    SDK_DESCRIPTOR,
    XPK,
    ImageLimits,
    ImagesInRequest,
    images_in_request,
)
from domain.shared.image_refusals import TooManyImages
from tests.api.kit.toy import THING

DATA = b"\xff\xd8 image"
ENCODED = base64.b64encode(DATA)
Answer = list[dict[str, Any]]


async def sent(client: httpx.AsyncClient, **request: Any) -> Answer:
    """What the service found in a good request."""
    answer = await client.post("/6/things/images", **request)
    assert answer.status_code == 200, answer.text
    found: Answer = answer.json()
    return found


async def refused(client: httpx.AsyncClient, **request: Any) -> tuple[int, int, str]:
    """How the service refused a bad request."""
    answer = await client.post("/6/things/images", **request)
    return answer.status_code, answer.json()["error_code"], answer.json()["detail"]


def typed(content: bytes, kind: str) -> dict[str, Any]:
    """A request with one body of a type."""
    return {"content": content, "headers": {"Content-Type": kind}}


@pytest.mark.parametrize("kind", sorted(IMAGE_TYPES))
async def test_a_body_may_be_one_image(client: httpx.AsyncClient, kind: str) -> None:
    plain = await sent(client, **typed(DATA, kind))
    assert [(one["filename"], one["bytes"], one["type"]) for one in plain] == [
        ("raw image", len(DATA), kind)
    ]
    encoded = "image/x-" + kind.removeprefix("image/").removeprefix("x-") + "-base64"
    assert await sent(client, **typed(ENCODED, encoded)) == plain


async def test_base64_may_be_broken_into_lines(client: httpx.AsyncClient) -> None:
    lines = b"\r\n".join([ENCODED[:4], ENCODED[4:]]) + b"\n"
    assert (await sent(client, **typed(lines, "image/x-png-base64")))[0]["bytes"] == len(DATA)


async def test_what_is_no_base64_is_an_error_of_the_image(client: httpx.AsyncClient) -> None:
    for bad in (b"@@@@", b"abc", ENCODED + b"!", "ü".encode()):
        found = await sent(client, **typed(bad, "image/x-png-base64"))
        assert found[0]["error"] == "BadBase64"
        assert found[0]["bytes"] is None


async def test_a_large_image_is_an_error_of_the_image(client: httpx.AsyncClient) -> None:
    assert (await sent(client, **typed(b"x" * 64, "image/png")))[0]["error"] is None
    assert (await sent(client, **typed(b"x" * 65, "image/png")))[0]["error"] == "TooManyBytes"
    encoded = base64.b64encode(b"x" * 80)
    found = await sent(client, **typed(encoded, "image/x-png-base64"))
    assert found[0]["error"] == "TooManyBytes"


@pytest.mark.parametrize("kind", ["text/plain", "image/webp", "application/x-sdk-descriptor", ""])
async def test_other_content_types_are_refused(client: httpx.AsyncClient, kind: str) -> None:
    assert await refused(client, **typed(DATA, kind)) == (400, 12017, "Bad content type")


async def test_parts_are_images_each_by_its_own_type(client: httpx.AsyncClient) -> None:
    found = await sent(
        client,
        files=[
            ("image", ("a.jpg", DATA, "image/jpeg")),
            ("image", ("b.b64", ENCODED, "image/x-jpeg-base64")),
            ("third", (None, DATA, "application/octet-stream")),
        ],
    )
    assert [(one["filename"], one["bytes"]) for one in found] == [
        ("a.jpg", len(DATA)),
        ("b.b64", len(DATA)),
        ("raw image", len(DATA)),
    ]


async def test_one_bad_part_does_not_spoil_the_others(client: httpx.AsyncClient) -> None:
    found = await sent(
        client,
        files=[
            ("image", ("a.txt", b"text", "text/plain")),
            ("image", ("b.b64", b"@", "image/x-jpeg-base64")),
            ("image", ("c.jpg", DATA, "image/jpeg")),
        ],
    )
    assert [one["error"] for one in found] == ["BadImageType", "BadBase64", None]


async def test_policies_may_lie_beside_the_images(client: httpx.AsyncClient) -> None:
    policies = {"detect_policy": {"detect_face": 1}}
    found = await sent(
        client,
        files=[
            ("policies", (None, json.dumps(policies).encode(), "application/json")),
            ("image", ("a.jpg", DATA, "image/jpeg")),
        ],
    )
    assert [one["policies"] for one in found] == [policies]

    bad = [("policies", (None, b"{", "application/json")), ("image", ("a", DATA, "image/png"))]
    assert (await refused(client, files=bad))[:2] == (400, 12022)
    twice = [("policies", (None, b"1", "application/json"))] * 2
    assert await refused(client, files=twice) == (
        400,
        12022,
        "Failed to validate input json. Path: 'policies', message: 'field is given twice'",
    )


async def test_a_document_names_urls_samples_and_images(client: httpx.AsyncClient) -> None:
    found = await sent(
        client, json={"urls": ["http://a/b.jpg", {"url": "http://c", "filename": "d"}]}
    )
    assert [(one["filename"], one["url"]) for one in found] == [
        ("http://a/b.jpg", "http://a/b.jpg"),
        ("d", "http://c"),
    ]
    found = await sent(client, json={"samples": [THING, {"sample_id": THING}]})
    assert [one["sample_id"] for one in found] == [THING, THING]
    found = await sent(client, json={"images": [THING, {"image_id": THING}, {"sample_id": THING}]})
    assert [one["image_id"] for one in found] == [THING, THING, None]
    found = await sent(
        client,
        json={
            "images": [
                {"image": ENCODED.decode(), "filename": "x"},
                {"image": "@", "content_type": ""},
            ]
        },
    )
    assert [(one["filename"], one["bytes"], one["error"]) for one in found] == [
        ("x", len(DATA), None),
        ("raw image", None, "BadBase64"),
    ]


async def test_paths_of_our_own_are_stored_images(client: httpx.AsyncClient) -> None:
    paths = [f"/6/images/{THING}", f"/6/samples/faces/{THING}", f"/6/faces/{THING}"]
    found = await sent(client, json={"urls": paths})
    assert [(one["image_id"], one["sample_id"], one["url"]) for one in found] == [
        (THING, None, None),
        (None, THING, None),
        (None, None, paths[2]),
    ]


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ([], ""),
        ("x", ""),
        ({}, ""),
        ({"urls": []}, "urls"),
        ({"urls": "http://a"}, "urls"),
        ({"samples": ["x"]}, "samples.0"),
        ({"samples": [THING, {"sample_id": "x"}]}, "samples.1.sample_id"),
        ({"urls": [{"url": "http://a", "detect_time": "x"}]}, "urls.0.detect_time"),
        ({"urls": [{"url": "http://a", "b": 1}]}, "urls.0"),
        ({"urls": ["http://a"], "b": 1}, ""),
    ],
)
async def test_a_bad_document_is_refused_with_its_path(
    client: httpx.AsyncClient, body: object, path: str
) -> None:
    status, code, detail = await refused(client, json=body)
    assert (status, code) == (400, 12022)
    assert f"Path: '{path}', message" in detail


async def test_too_many_images_are_refused_before_any_is_looked_at(
    client: httpx.AsyncClient,
) -> None:
    urls = {"urls": ["http://a"] * 3, "images": [None]}
    assert (await refused(client, json=urls))[0] == 413
    files = [("image", ("a", DATA, "image/png"))] * 5
    assert (await refused(client, files=files))[0] == 400


def request_of(content: bytes, kind: str) -> Request:
    """A request with this body, apart from any service."""
    messages: Iterator[dict[str, Any]] = iter([{"type": "http.request", "body": content}])

    async def receive() -> dict[str, Any]:
        return next(messages)

    app = FastAPI()
    app.state.authentication = Authentication()
    headers = [(b"content-type", kind.encode("latin-1"))]
    return Request({"type": "http", "method": "POST", "headers": headers, "app": app}, receive)


async def read(content: bytes, kind: str, **options: Any) -> ImagesInRequest:
    """The images of such a request."""
    return await images_in_request(request_of(content, kind), ImageLimits(count=2), **options)


async def test_descriptors_are_taken_where_they_are_accepted() -> None:
    accepted = IMAGE_TYPES | DESCRIPTOR_TYPES
    for kind, expected in [
        ("application/x-sdk-descriptor", SDK_DESCRIPTOR),
        ("application/x-sdk-descriptor-base64", SDK_DESCRIPTOR),
        ("application/x-vl-xpk-base64", XPK),
        ("applicaition/x-vl-xpk-base64", XPK),
    ]:
        content = ENCODED if kind.endswith("base64") else DATA
        found = await read(content, kind, accepted=accepted)
        assert [(one.content_type, one.data) for one in found.images] == [(expected, DATA)]


async def test_times_of_detection_are_kept() -> None:
    body = {"urls": [{"url": "http://a", "detect_time": "2018-08-11T09:11:41Z", "detect_ts": 1.5}]}
    image = (await read(json.dumps(body).encode(), "application/json")).images[0]

    assert image.detect_time == datetime(2018, 8, 11, 9, 11, 41, tzinfo=UTC)
    assert image.detect_ts == 1.5
    assert "http://a" in repr(image)


async def test_the_other_fields_of_a_document_are_handed_on() -> None:
    body = {"urls": ["http://a"], "meta": {"os": "UNKNOWN"}}
    found = await read(json.dumps(body).encode(), "application/json", fields=frozenset({"meta"}))
    assert found.fields == {"meta": {"os": "UNKNOWN"}}


ITEMS = st.one_of(
    st.text(max_size=5),
    st.none(),
    st.integers(),
    st.just(str(UUID(int=5))),
    st.dictionaries(
        st.sampled_from(["url", "sample_id", "image_id", "image", "filename", "detect_ts", "x"]),
        st.text(max_size=4) | st.just(str(UUID(int=6))) | st.floats(0, 1),
        max_size=3,
    ),
)


@settings(max_examples=200)
@given(
    st.dictionaries(
        st.sampled_from(["urls", "samples", "images", "other"]), st.lists(ITEMS, max_size=3)
    )
)
async def test_any_document_is_read_or_refused(body: dict[str, Any]) -> None:
    try:
        found = await read(json.dumps(body).encode(), "application/json")
    except (HttpRefusal, TooManyImages):
        return
    for image in found.images:
        ways = (image.data, image.url, image.image_id, image.sample_id, image.error)
        assert sum(way is not None for way in ways) == 1
