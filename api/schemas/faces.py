"""Bodies about faces."""

import re
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, BaseModel, Field, WithJsonSchema

from api.schemas.attributes import LONGEST_LIST, FaceAttributeInput
from domain.shared.fields import Absent, ExternalId, Id, Record, Text, Time, UserData

_URI_REFERENCE = re.compile(r"(?:[A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=]|%[0-9A-Fa-f]{2})*")


def _uri_reference(text: str) -> str:
    if not _URI_REFERENCE.fullmatch(text):
        raise ValueError("an address or a path is expected")
    return text


Avatar = Annotated[
    Text,
    Field(max_length=256),
    AfterValidator(_uri_reference),
    WithJsonSchema({"type": "string", "format": "uri-reference", "maxLength": 256}),
]
"""A sample's path or the address of any image."""

Ids = Annotated[list[Id], Field(min_length=1, max_length=LONGEST_LIST)]


class FaceCreate(Record):
    """A face to make; all of it may be absent."""

    external_id: ExternalId = ""
    attribute: Absent[FaceAttributeInput] = None
    user_data: UserData = ""
    avatar: Avatar = ""
    lists: Absent[Ids] = None
    event_id: Absent[Id] = None


class FaceCreated(BaseModel):
    """Where a new face is."""

    face_id: UUID
    url: str


class FacePatch(Record):
    """What to change of a face; absent fields stay."""

    external_id: Absent[ExternalId] = None
    event_id: Id | None = None
    user_data: Absent[UserData] = None
    avatar: Absent[Avatar] = None


class FaceIds(Record):
    """Several faces."""

    face_ids: Ids


class FaceView(BaseModel):
    """A face; with targets only the fields asked for."""

    face_id: UUID | None = None
    account_id: UUID | None = None
    event_id: UUID | None = None
    user_data: str | None = None
    create_time: Time | None = None
    external_id: str | None = None
    avatar: str | None = None
    lists: list[UUID] | None = None


class FacesPage(BaseModel):
    """A page of faces."""

    faces: list[FaceView]


class FacesCount(BaseModel):
    """How many faces there are."""

    faces_count: int
