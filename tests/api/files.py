"""Files that tests store as samples, images and objects."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

import cv2
import httpx
import numpy as np
import pytest

from api.blobs import Blobs
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
        shown = answer.json()
        whole = shown.pop("external_url", None)
        assert shown == {self.key: found, "url": url}
        assert whole in (None, f"{str(client.base_url).rstrip('/')}{url}")
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
    """The names of everything in the blob store, once nobody works on it in the background."""
    running.rest()

    async def names(blobs: Blobs) -> set[str]:
        return {name async for name in blobs.list()}

    return asyncio.run(names(running.services.blobs))
