"""What may be stored as a sample, an image or an object, over HTTP."""

import base64

import httpx
import pytest

from tests.api.files import TYPES, blobs_there, picture
from tests.api.people import refused
from tests.support.running_api import RunningApi


@pytest.mark.parametrize("path", ["/6/images", "/6/samples/faces"])
@pytest.mark.parametrize("content_type", TYPES)
def test_every_type_of_image_is_kept_as_it_is(
    client: httpx.Client, path: str, content_type: str
) -> None:
    data = picture(250, 250, content_type)

    made = client.post(path, content=data, headers={"Content-Type": content_type})

    assert made.status_code == 201, made.text
    answer = client.get(made.json()["url"])
    assert (answer.content, answer.headers["content-type"]) == (data, content_type)


@pytest.mark.parametrize("path", ["/6/images", "/6/samples/faces"])
def test_an_image_is_shown_with_its_true_type(client: httpx.Client, path: str) -> None:
    data = picture(250, 250, "image/png")

    made = client.post(path, content=data, headers={"Content-Type": "image/jpeg"})

    assert client.get(made.json()["url"]).headers["content-type"] == "image/png"


@pytest.mark.parametrize("path", ["/6/images", "/6/samples/faces", "/6/samples/bodies"])
@pytest.mark.parametrize("data", [b"", b"hello", b"GIF89a" + bytes(40), bytes(100)])
def test_what_is_no_image_is_refused(
    client: httpx.Client, running: RunningApi, path: str, data: bytes
) -> None:
    before = blobs_there(running)
    answer = client.post(path, content=data, headers={"Content-Type": "image/jpeg"})
    assert refused(answer) == (400, 32010)
    assert blobs_there(running) == before


def test_an_image_may_come_in_base64(client: httpx.Client) -> None:
    data = picture(20, 20)
    headers = {"Content-Type": "image/x-png-base64"}

    made = client.post("/6/images", content=base64.b64encode(data), headers=headers)

    assert client.get(made.json()["url"]).content == data


@pytest.mark.parametrize(
    ("path", "size", "code"),
    [
        ("/6/samples/faces", (128, 256), 90016),
        ("/6/samples/faces", (250, 251), 90016),
        ("/6/samples/bodies", (250, 250), 90017),
    ],
)
def test_a_sample_has_the_size_of_a_warp(
    client: httpx.Client, path: str, size: tuple[int, int], code: int
) -> None:
    answer = client.post(path, content=picture(*size), headers={"Content-Type": "image/png"})
    assert refused(answer) == (400, code)


def test_a_sample_must_be_whole(client: httpx.Client) -> None:
    cut = picture(250, 250)[:2000]
    answer = client.post("/6/samples/faces", content=cut, headers={"Content-Type": "image/png"})
    assert refused(answer) == (400, 32010)


def test_an_image_over_the_limit_is_refused(client: httpx.Client, running: RunningApi) -> None:
    largest = running.services.settings.limits.image_bytes
    data = picture(10, 10) + bytes(largest)
    for path in ("/6/images", "/6/samples/faces"):
        answer = client.post(path, content=data, headers={"Content-Type": "image/png"})
        assert refused(answer) == (413, 37003)


@pytest.mark.parametrize(
    ("content_type", "data"),
    [
        ("application/json", b' {"a": [1.50, null]} '),
        ("application/json", b"[]"),
        ("application/pdf", b"%PDF-1.7 and so on"),
        ("application/zip", b"PK\x05\x06" + bytes(18)),
        ("text/plain", "grüße\r\n".encode()),
        ("text/plain; charset=utf-8", b"x"),
        ("text/plain", b""),
        ("text/plain", bytes(range(256)) * 5000),
    ],
)
def test_objects_are_kept_to_the_byte(client: httpx.Client, content_type: str, data: bytes) -> None:
    made = client.post("/6/objects", content=data, headers={"Content-Type": content_type})

    assert made.status_code == 201, made.text
    wanted = {"Accept": "application/msgpack"}
    answer = client.get(made.json()["url"], headers=wanted)
    assert answer.content == data
    assert answer.headers["content-type"] == content_type.partition(";")[0]


@pytest.mark.parametrize("data", [b"{", b"", b'{"a": NaN}', b"\xff"])
def test_an_object_that_says_json_is_json(client: httpx.Client, data: bytes) -> None:
    answer = client.post("/6/objects", content=data, headers={"Content-Type": "application/json"})
    assert refused(answer) == (400, 12022)
