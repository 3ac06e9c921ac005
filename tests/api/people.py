"""What tests of faces, lists and attributes make over and over."""

import base64
import struct
from typing import Any
from uuid import UUID, uuid4

import httpx

from domain.shared.biometrics import Descriptor, DescriptorKind, encode_sdk
from tests.support.running_api import RunningApi


def face_feature(running: RunningApi) -> tuple[int, int]:
    """The version and the dimension of the face descriptors in use."""
    (feature,) = (f for f in running.services.models.descriptors() if f.kind is DescriptorKind.FACE)
    return feature.version, feature.dimension


def unit_vector(dimension: int, at: int = 0) -> bytes:
    """A vector of length 1 along one axis."""
    return struct.pack(f"<{dimension}f", *(float(i == at) for i in range(dimension)))


def raw_descriptor(running: RunningApi, at: int = 0) -> dict[str, Any]:
    """A raw descriptor as a body has it."""
    version, dimension = face_feature(running)
    vector = base64.b64encode(unit_vector(dimension, at)).decode()
    return {"descriptor": vector, "version": version}


def sdk_descriptor(running: RunningApi, at: int = 0) -> str:
    """The same in an SDK container, in Base64."""
    version, dimension = face_feature(running)
    return encode_sdk(Descriptor(DescriptorKind.FACE, version, unit_vector(dimension, at)))


def new_face(client: httpx.Client, **body: Any) -> str:
    """The id of a face that was just made."""
    answer = client.post("/6/faces", json=body)
    assert answer.status_code == 201, answer.text
    return str(UUID(answer.json()["face_id"]))


def new_list(client: httpx.Client, **body: Any) -> str:
    """The id of a list that was just made."""
    answer = client.post("/6/lists", json=body)
    assert answer.status_code == 201, answer.text
    return str(UUID(answer.json()["list_id"]))


def attach(client: httpx.Client, list_id: str, *face_ids: str) -> None:
    """Put faces into a list."""
    body = {"action": "attach", "face_ids": list(face_ids)}
    answer = client.patch(f"/6/lists/{list_id}/faces", json=body)
    assert answer.status_code == 204, answer.text


def refused(answer: httpx.Response) -> tuple[int, int]:
    """The status and the code of an error."""
    body = answer.json()
    assert body.keys() >= {"error_code", "desc", "detail", "link"}
    return answer.status_code, body["error_code"]


def some_id() -> str:
    """An id that nothing has."""
    return str(uuid4())
