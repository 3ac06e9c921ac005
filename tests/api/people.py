"""What tests of faces, lists and attributes make over and over."""

import base64
import struct
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

import httpx

from domain.shared.biometrics import Descriptor, DescriptorKind, encode_sdk
from tests.support.running_api import RunningApi

BASIC = {"age": 29, "gender": 1, "ethnicity": 4}


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


ANY_ID = str(UUID(int=0xA1, version=4))
"""An id that nothing has, the same in every run: for the names of tests."""


def some_id() -> str:
    """An id that nothing has."""
    return str(uuid4())


def listed_faces(client: httpx.Client, **params: Any) -> list[str]:
    """The ids on a page of faces."""
    answer = client.get("/6/faces", params=params)
    assert answer.status_code == 200, answer.text
    return [face["face_id"] for face in answer.json()["faces"]]


def listed_lists(client: httpx.Client, **params: Any) -> list[str]:
    """The ids on a page of lists."""
    answer = client.get("/6/lists", params=params)
    assert answer.status_code == 200, answer.text
    return [found["list_id"] for found in answer.json()["lists"]]


def members(client: httpx.Client, list_id: str) -> set[str]:
    """The faces in a list."""
    page = client.get("/6/faces", params={"list_id": list_id, "page_size": 100}).json()
    return {face["face_id"] for face in page["faces"]}


def updated(client: httpx.Client, list_id: str) -> datetime:
    """When the list or its members last changed."""
    return datetime.fromisoformat(client.get(f"/6/lists/{list_id}").json()["last_update_time"])


def link(client: httpx.Client, list_id: str, action: str, *face_ids: str) -> httpx.Response:
    """Attach or detach."""
    body = {"action": action, "face_ids": list(face_ids)}
    return client.patch(f"/6/lists/{list_id}/faces", json=body)


def new_attribute(client: httpx.Client, ttl: int | None = None, **body: Any) -> str:
    """The id of a temporary attribute that was just made."""
    params = {} if ttl is None else {"ttl": ttl}
    answer = client.post("/6/attributes", json=body, params=params)
    assert answer.status_code == 201, answer.text
    attribute_id = answer.json()["attribute_id"]
    assert answer.json()["url"] == answer.headers["location"] == f"/6/attributes/{attribute_id}"
    return str(UUID(attribute_id))


def shown_attribute(client: httpx.Client, attribute_id: str, **params: Any) -> Any:
    """A temporary attribute."""
    answer = client.get(f"/6/attributes/{attribute_id}", params=params)
    assert answer.status_code == 200, answer.text
    return answer.json()


def attributes_of(client: httpx.Client, face_id: str, **params: Any) -> Any:
    """The attributes of a face."""
    answer = client.get(f"/6/faces/{face_id}/attributes", params=params)
    assert answer.status_code == 200, answer.text
    return answer.json()["attributes"]


def vector(running: RunningApi, at: int = 0) -> str:
    """The vector that the helpers put into bodies, as answers show it."""
    return base64.b64encode(unit_vector(face_feature(running)[1], at)).decode()
