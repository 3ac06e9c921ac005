"""Bodies about samples, images and objects."""

from typing import Any, Final
from uuid import UUID

from pydantic import BaseModel

from api.images_in_request import IMAGE_TYPES


class SampleCreated(BaseModel):
    """Where a new sample is."""

    sample_id: UUID
    url: str


class ImageCreated(BaseModel):
    """Where a new image is."""

    image_id: UUID
    url: str


class ObjectCreated(BaseModel):
    """Where a new object is."""

    object_id: UUID
    url: str


OBJECT_TYPES: Final = ("application/json", "application/pdf", "application/zip", "text/plain")


def raw_body(*types: str) -> dict[str, Any]:
    """The `openapi_extra` of a route that takes one file of these types as its body."""
    binary = {"schema": {"type": "string", "format": "binary"}}
    return {"requestBody": {"required": True, "content": {kind: binary for kind in types}}}


def file_of(*types: str) -> dict[int | str, dict[str, Any]]:
    """The `responses` of a route that answers one file of these types."""
    binary = {"schema": {"type": "string", "format": "binary"}}
    return {200: {"description": "The file.", "content": {kind: binary for kind in types}}}


RAW_IMAGE: Final = raw_body(*sorted(IMAGE_TYPES))
STORED_IMAGE: Final = file_of(*sorted(IMAGE_TYPES))
