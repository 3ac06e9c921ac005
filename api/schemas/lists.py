"""Bodies about lists."""

from typing import Literal
from uuid import UUID

from pydantic import BaseModel

from api.schemas.faces import Ids
from domain.shared.fields import Absent, Record, Time, UserData


class ListCreate(Record):
    """A list to make."""

    user_data: UserData = ""


class ListCreated(BaseModel):
    """Where a new list is."""

    list_id: UUID
    url: str
    external_url: str


class ListPatch(Record):
    """What to change of a list."""

    user_data: Absent[UserData] = None


class ListIds(Record):
    """Several lists."""

    list_ids: Ids


class LinkFaces(Record):
    """Faces to put into a list or to take out of it."""

    action: Literal["attach", "detach"]
    face_ids: Ids


class ListView(BaseModel):
    """A list, without its faces."""

    list_id: UUID
    user_data: str
    account_id: UUID
    create_time: Time
    last_update_time: Time


class ListsPage(BaseModel):
    """A page of lists."""

    lists: list[ListView]


class ListsCount(BaseModel):
    """How many lists there are."""

    lists_count: int
