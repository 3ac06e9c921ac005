"""Bodies about samples, images and objects."""

from typing import Any, Final
from uuid import UUID

from pydantic import BaseModel

from api.http.negotiation import JSON
from api.images_in_request import IMAGE_TYPES
from api.openapi import AS_SENT


class SampleCreated(BaseModel):
    """Where a new sample is."""

    sample_id: UUID
    url: str


class ImageCreated(BaseModel):
    """Where a new image is."""

    image_id: UUID
    url: str
    external_url: str


class ObjectCreated(BaseModel):
    """Where a new object is."""

    object_id: UUID
    url: str
    external_url: str


OBJECT_TYPES: Final = ("application/json", "application/pdf", "application/zip", "text/plain")


def raw_body(*types: str) -> dict[str, Any]:
    """The `openapi_extra` of a route that takes one file of these types as its body."""
    return {"requestBody": {"required": True, "content": _content(types)}}


def file_of(*types: str) -> dict[int | str, dict[str, Any]]:
    """The `responses` of a route that answers one file of these types."""
    return {200: {"description": "The file.", "content": _content(types)}}


def _content(types: tuple[str, ...]) -> dict[str, Any]:
    """Bytes of these types; JSON is read as JSON, so any value may lie in it.

    What is kept or shown as it was sent has no other form.
    """
    binary = {"type": "string", "format": "binary"}
    return {kind: {"schema": {} if kind == JSON else binary, AS_SENT: True} for kind in types}


RAW_IMAGE: Final = raw_body(*sorted(IMAGE_TYPES))
STORED_IMAGE: Final = file_of(*sorted(IMAGE_TYPES))
