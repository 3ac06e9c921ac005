"""What handlers are run with, beside images."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Final

from pydantic import BaseModel, Field, ValidationError

from api.http.fields import (
    CommaList,
    ExternalId,
    Flag,
    Latitude,
    LocationPart,
    Longitude,
    Source,
    Tag,
    TrackId,
    UserData,
)
from api.http.refusals import BadBody
from api.http.validation import refusal_of
from api.images_in_request import BASE64_DESCRIPTORS, DESCRIPTOR_TYPES
from api.schemas.events import MOST_TAGS
from api.schemas.image_bodies import image_bodies
from domain.events import GeoPosition, Location
from domain.policies.policies import Policies
from domain.shared.fields import Id, point_in_time

FIELDS = frozenset({"policies", "meta"})
"""Fields of the body that may lie beside the images."""


def _input() -> dict[str, Any]:
    bodies = image_bodies()
    content = bodies["requestBody"]["content"]
    parts = content["multipart/form-data"]["schema"]["properties"]
    own = {"policies": {"type": "object"}, "meta": {"type": "object"}}
    content["multipart/form-data"] = {"schema": {"type": "object", "properties": {**parts, **own}}}
    for kind in sorted(DESCRIPTOR_TYPES):
        content[kind] = {"schema": {"type": "string", "format": "binary"}}
    for kind in BASE64_DESCRIPTORS:
        content[kind] = {"schema": {"type": "string", "format": "byte"}}
    return bodies


INPUT: Final = _input()
"""The bodies that handlers take, for the document of the API."""


class GenerateEventsQuery(BaseModel):
    """The query of `POST /6/handlers/{handler_id}/events`."""

    city: Annotated[LocationPart | None, Field(description="Where it happened.")] = None
    area: Annotated[LocationPart | None, Field(description="Where it happened.")] = None
    district: Annotated[LocationPart | None, Field(description="Where it happened.")] = None
    street: Annotated[LocationPart | None, Field(description="Where it happened.")] = None
    house_number: Annotated[LocationPart | None, Field(description="Where it happened.")] = None
    longitude: Annotated[Longitude | None, Field(description="Degrees; with latitude.")] = None
    latitude: Annotated[Latitude | None, Field(description="Degrees; with longitude.")] = None
    external_id: Annotated[ExternalId, Field(description="Of events and created faces.")] = ""
    user_data: Annotated[UserData, Field(description="Of events and created faces.")] = ""
    image_type: Annotated[
        int, Field(ge=0, le=2, description="0 photos, 1 face warps, 2 body warps.")
    ] = 0
    aggregate_attributes: Annotated[Flag, Field(description="1 makes one event of all.")] = 0
    source: Annotated[Source | None, Field(description="Where the images are from.")] = None
    tags: Annotated[
        list[Tag] | None, CommaList, Field(max_length=MOST_TAGS, description="Of all events.")
    ] = None
    track_id: Annotated[TrackId | None, Field(description="Of all events.")] = None
    stream_id: Annotated[Id | None, Field(description="The stream they are from.")] = None
    use_exif_info: Annotated[Flag, Field(description="Turn upright by EXIF.")] = 1

    @property
    def location(self) -> Location:
        """Where the events happened; a position needs both of its coordinates."""
        place = None
        if self.longitude is not None and self.latitude is not None:
            place = GeoPosition(self.longitude, self.latitude)
        names = ("city", "area", "district", "street", "house_number")
        return Location(**{name: getattr(self, name) for name in names}, geo_position=place)


def time_of(header: str | None) -> datetime | None:
    """The time in a header; one that is not written as in RFC 3339 is ignored."""
    try:
        return None if header is None else point_in_time(header)
    except ValueError:
        return None


def policies_of(fields: Mapping[str, Any]) -> Policies | None:
    """The policies in a body, if there are any."""
    if "policies" not in fields:
        return None
    try:
        return Policies.model_validate(fields["policies"])
    except ValidationError as wrong:
        problems = [{**one, "loc": ("body", "policies", *one["loc"])} for one in wrong.errors()]
        raise refusal_of(problems, fields, BadBody) from None


def meta_of(fields: Mapping[str, Any]) -> dict[str, Any] | None:
    """The caller's own data in a body, if there are any."""
    meta = fields.get("meta")
    if meta is not None and not isinstance(meta, dict):
        raise BadBody("meta", "an object is expected")
    return meta
