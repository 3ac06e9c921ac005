"""Bodies about groups of streams."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, Field

from api.schemas.streams import MOST, GroupName
from domain.shared.fields import Id, Record, Text, Time

GroupDescription = Annotated[Text, Field(max_length=256)]


class OwnGroup(Record):
    """A group to make for the account that asks."""

    group_name: GroupName
    description: GroupDescription = ""


class GroupCreate(OwnGroup):
    """A group to make for an account."""

    account_id: Id


class GroupPatch(Record):
    """What to change of a group."""

    description: GroupDescription


class Linking(Record):
    """Streams that shall join or leave a group."""

    action: Literal["attach", "detach"]
    stream_ids: Annotated[list[Id], Field(max_length=MOST)]
    group_id: Id


class GroupCreated(BaseModel):
    """A new group."""

    group_id: UUID
    group_name: str


class GroupView(BaseModel):
    """A group."""

    group_id: UUID
    group_name: str
    account_id: UUID
    description: str
    create_time: Time


class GroupsPage(BaseModel):
    """One page of groups."""

    groups: list[GroupView]


class GroupsCount(BaseModel):
    """How many groups there are."""

    groups_count: int
