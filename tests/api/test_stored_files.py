"""Samples, images and objects over HTTP."""

import asyncio
import base64
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import cv2
import httpx
import numpy as np
import pytest

from api.blobs import Blobs
from tests.api.people import refused, some_id
from tests.support.running_api import RunningApi

TYPES = {
    "image/jpeg": ".jpg",
    "image/png": ".png",
    "image/bmp": ".bmp",
    "image/tiff": ".tiff",
    "image/x-portable-pixmap": ".ppm",
}


def picture(width: int, height: int, kind: str = "image/png") -> bytes:
    """A gradient of this size, as a file of this type."""
    rows, columns = np.mgrid[0:height, 0:width]
    pixels = np.stack([rows % 256, columns % 256, (rows + columns) % 256], axis=2)
    done, data = cv2.imencode(TYPES[kind], pixels.astype(np.uint8))
    assert done
    return data.tobytes()


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of stored files: where it is made, and what refuses."""

    made_at: str
    missing: int
    key: str
    data: bytes
    content_type: str
    read_at: Callable[[str], str]
    written: str

    def make(self, client: httpx.Client) -> str:
        """The id of one that was just stored."""
        answer = client.post(
            self.made_at, content=self.data, headers={"Content-Type": self.content_type}
        )
        assert answer.status_code == 201, answer.text
        found = str(UUID(answer.json()[self.key]))
        url = self.written + found
        assert answer.json() == {self.key: found, "url": url}
        assert answer.headers["location"] == url
        return found


FACE, BODY = picture(250, 250), picture(128, 256, "image/jpeg")
KINDS = {
    "image": Kind(
        "/6/images", 13003, "image_id", picture(40, 30), "image/png",
        "/6/images/{}".format, "/6/images/",
    ),
    "object": Kind(
        "/6/objects", 13007, "object_id", b"some text", "text/plain",
        "/6/objects/{}".format, "/6/objects/",
    ),
    "face": Kind(
        "/6/samples/faces", 13003, "sample_id", FACE, "image/png",
        "/6/samples/faces/{}".format, "/6/samples/faces/",
    ),
    "face without a type": Kind(
        "/6/samples/faces", 13003, "sample_id", FACE, "image/png",
        "/6/samples/{}".format, "/6/samples/faces/",
    ),
    "face of version 5": Kind(
        "/6/samples/faces", 13003, "sample_id", FACE, "image/png",
        "/5/samples/{}".format, "/6/samples/faces/",
    ),
    "body": Kind(
        "/6/samples/bodies", 13003, "sample_id", BODY, "image/jpeg",
        "/6/samples/bodies/{}".format, "/6/samples/bodies/",
    ),
}  # fmt: skip
each_kind = pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)


def blobs_there(running: RunningApi) -> set[str]:
    """The names of everything in the blob store."""

    async def names(blobs: Blobs) -> set[str]:
        return {name async for name in blobs.list()}

    return asyncio.run(names(running.services.blobs))


def allowed(client: httpx.Client, path: str) -> set[str]:
    """The methods that OPTIONS tells."""
    return set(client.options(path).headers["allow"].split(", "))


@each_kind
def test_what_was_stored_is_read_back(client: httpx.Client, kind: Kind) -> None:
    path = kind.read_at(kind.make(client))

    answer = client.get(path)

    assert (answer.status_code, answer.content) == (200, kind.data)
    assert answer.headers["content-type"] == kind.content_type
    head = client.head(path)
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == str(len(kind.data))
    assert head.headers["content-type"] == kind.content_type
    # The shortest path of a face sample and the one where samples are made have one form.
    assert allowed(client, path) >= {"DELETE", "GET", "HEAD", "OPTIONS"}
    assert allowed(client, kind.made_at) >= {"OPTIONS", "POST"}


@each_kind
def test_accounts_do_not_see_or_delete_each_others_files(
    client: httpx.Client, stranger: httpx.Client, nobody: httpx.Client, kind: Kind
) -> None:
    file_id = kind.make(stranger)
    path = kind.read_at(file_id)

    for answer in (client.get(path), client.delete(path)):
        assert refused(answer) == (404, kind.missing)
        assert file_id in answer.json()["detail"]
    assert client.head(path).status_code == 404
    assert nobody.get(path).content == kind.data
    assert refused(nobody.delete(path)) == (403, 11036)
    headers = {"Content-Type": kind.content_type}
    made = nobody.post(kind.made_at, content=kind.data, headers=headers)
    assert refused(made) == (403, 11036)
    assert stranger.get(path).content == kind.data


@each_kind
def test_a_deleted_file_and_its_bytes_are_gone(
    client: httpx.Client, running: RunningApi, kind: Kind
) -> None:
    before = blobs_there(running)
    file_id = kind.make(client)
    path = kind.read_at(file_id)
    (blob,) = blobs_there(running) - before
    assert file_id.replace("-", "") not in blob.replace("-", "")

    assert client.delete(path).status_code == 204

    assert blobs_there(running) == before
    for answer in (client.get(path), client.delete(path)):
        assert refused(answer) == (404, kind.missing)
    assert client.head(path).status_code == 404


@each_kind
def test_ids_that_are_none_lead_nowhere(client: httpx.Client, kind: Kind) -> None:
    assert refused(client.get(kind.read_at(some_id()))) == (404, kind.missing)
    for path in (kind.read_at("x"), kind.read_at("faces")):
        assert refused(client.get(path)) == (404, 12013)


@each_kind
def test_other_content_types_are_refused(client: httpx.Client, kind: Kind) -> None:
    for other in ("image/gif", "application/octet-stream", "multipart/form-data", ""):
        answer = client.post(kind.made_at, content=kind.data, headers={"Content-Type": other})
        assert refused(answer) == (400, 12017)


@each_kind
def test_lost_bytes_are_said_to_be_lost(
    client: httpx.Client, running: RunningApi, kind: Kind
) -> None:
    before = blobs_there(running)
    path = kind.read_at(kind.make(client))
    (blob,) = blobs_there(running) - before
    asyncio.run(running.services.blobs.delete(blob))

    assert refused(client.get(path)) == (502, 10017)
    assert client.delete(path).status_code == 204


@each_kind
def test_a_repeated_request_stores_once(
    client: httpx.Client, running: RunningApi, kind: Kind
) -> None:
    before = blobs_there(running)
    headers = {"Content-Type": kind.content_type, "Idempotency-Key": some_id()}

    first, second = (
        client.post(kind.made_at, content=kind.data, headers=headers) for _ in range(2)
    )

    assert first.json() == second.json()
    assert len(blobs_there(running) - before) == 1
    assert client.get(kind.read_at(first.json()[kind.key])).content == kind.data


@each_kind
def test_what_is_refused_at_the_end_leaves_no_bytes(
    client: httpx.Client, running: RunningApi, kind: Kind
) -> None:
    key = {"Idempotency-Key": some_id()}
    types = {"Content-Type": kind.content_type}
    client.post(kind.made_at, content=kind.data, headers={**types, **key})
    before = blobs_there(running)

    other = client.post(
        kind.made_at, content=kind.data, headers={"Content-Type": f"{kind.content_type};x=1", **key}
    )

    assert refused(other) == (409, 90040)
    assert blobs_there(running) == before


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


def test_faces_and_bodies_are_kept_apart(client: httpx.Client) -> None:
    face, body = KINDS["face"].make(client), KINDS["body"].make(client)
    for path in (
        f"/6/samples/bodies/{face}",
        f"/6/samples/faces/{body}",
        f"/6/samples/{body}",
        f"/5/samples/{body}",
    ):
        for answer in (client.get(path), client.delete(path)):
            assert refused(answer) == (404, 13003)
        assert client.head(path).status_code == 404
    unknown = client.post("/6/samples/hands", content=FACE, headers={"Content-Type": "image/png"})
    assert refused(unknown) == (404, 12013)
    assert refused(client.get(f"/6/samples/hands/{face}")) == (404, 12013)


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


def test_an_avatar_leads_to_its_sample(client: httpx.Client) -> None:
    sample_id = KINDS["face"].make(client)
    body: dict[str, Any] = {"avatar": f"/6/samples/{sample_id}"}
    face = client.get(client.post("/6/faces", json=body).json()["url"]).json()

    assert client.get(face["avatar"]).content == FACE


def test_nothing_of_a_file_is_in_its_id(client: httpx.Client) -> None:
    assert KINDS["image"].make(client) != KINDS["image"].make(client)
    assert UUID(KINDS["face"].make(client)).version == uuid4().version
