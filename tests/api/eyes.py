"""What tests of images over HTTP share: photos, requests, and reading what is answered."""

import base64
from typing import Any

import httpx

from domain.shared.biometrics import Descriptor, decode_sdk
from tests.support.shared import MEDIA

DAD, DAD_AGAIN, MOM = (
    "azure/Family1-Dad1.jpg",
    "azure/Family1-Dad2.jpg",
    "azure/Family1-Mom1.jpg",
)
FOUR_PEOPLE = "group/azure_identification1.jpg"
"""Photos of one person twice, of another one, and of four."""

JPEG = {"Content-Type": "image/jpeg"}
Parts = list[tuple[str, tuple[str, bytes, str]]]


def photo(name: str) -> bytes:
    """A file of the shared images."""
    return (MEDIA / "images" / name).read_bytes()


def parts(*images: tuple[str, bytes, str]) -> Parts:
    """Images (name, bytes, type) as the parts of a form."""
    return [("images", image) for image in images]


def seen(
    client: httpx.Client, image: bytes | dict[str, Any] | Parts, **query: Any
) -> dict[str, Any]:
    """What /sdk answers about one JPEG file, a JSON body or the parts of a form."""
    params = {"detect_face": 1, "estimate_face_descriptor": 0, **query}
    if isinstance(image, bytes):
        answer = client.post("/6/sdk", params=params, content=image, headers=JPEG)
    elif isinstance(image, dict):
        answer = client.post("/6/sdk", params=params, json=image)
    else:
        answer = client.post("/6/sdk", params=params, files=image)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def faces(image: dict[str, Any]) -> list[dict[str, Any]]:
    """The detections of an image of /sdk that are faces."""
    return [one["face"]["detection"] for one in image["estimations"] if one["face"]]


def face_in(client: httpx.Client, image: bytes | dict[str, Any], **query: Any) -> dict[str, Any]:
    """The only face in an image."""
    (only,) = seen(client, image, **query)["images_estimations"]
    assert only["status"] == 1, only["error"]
    (face,) = faces(only)
    return face


def dropped(client: httpx.Client, image: bytes, **query: Any) -> list[dict[str, Any]]:
    """The faces that were dropped, when none was kept."""
    (only,) = seen(client, image, **query)["images_estimations"]
    assert only["estimations"] == []
    found: list[dict[str, Any]] = only["filtered_detections"]["face_detections"]
    return found


def vector(face: dict[str, Any]) -> Descriptor:
    """The descriptor among the attributes of a face or a body."""
    return decode_sdk(face["attributes"]["descriptor"]["sdk_descriptor"])


def cosine(left: Descriptor, right: Descriptor) -> float:
    """How alike two descriptors of one version are, -1 to 1."""
    assert (left.kind, left.version) == (right.kind, right.version)
    pairs = list(zip(left.values(), right.values(), strict=True))
    lengths = [sum(v * v for v in vectors) ** 0.5 for vectors in zip(*pairs, strict=True)]
    return float(sum(a * b for a, b in pairs) / (lengths[0] * lengths[1]))


def stored(client: httpx.Client, *photos: bytes, **query: Any) -> list[str]:
    """The ids of the samples that /detector makes of photos with one face each."""
    files = parts(*((f"{n}.jpg", data, "image/jpeg") for n, data in enumerate(photos)))
    answer = client.post("/6/detector", params=query, files=files)
    assert answer.status_code == 201, answer.text
    samples = [image["detections"]["samples"] for image in answer.json()["images"]]
    return [one["face"]["sample_id"] for (one,) in samples]


def text64(data: bytes) -> str:
    """Bytes as Base64 text."""
    return base64.b64encode(data).decode()
