"""Stored files: images, samples (ready warps) and objects of any type."""

from typing import Literal

from selene_client.calls import Call, Id, as_bytes, as_json, as_nothing
from selene_client.values import FileCreated

Stored = Literal["images", "objects", "samples/faces", "samples/bodies"]
"""The kinds of stored files, as paths name them."""


def store(kind: Stored, data: bytes, content_type: str = "image/jpeg") -> Call[FileCreated]:
    """Store a file."""
    headers = {"Content-Type": content_type}
    return Call("POST", f"/6/{kind}", as_json, content=data, headers=headers)


def get(kind: Stored, file_id: Id) -> Call[bytes]:
    """The bytes of a file, as they were stored."""
    return Call("GET", f"/6/{kind}/{file_id}", as_bytes)


def delete(kind: Stored, file_id: Id) -> Call[None]:
    """Remove a file."""
    return Call("DELETE", f"/6/{kind}/{file_id}", as_nothing)
