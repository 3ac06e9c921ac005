"""Bodies about general events."""

from datetime import UTC, datetime
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import BaseModel, Field, model_validator

from api.schemas.attributes import Base64
from api.schemas.sender import MOST_EVENTS, Label, UserEvent
from domain.general_events import general_event
from domain.shared.fields import Absent, Id, Record, Text, Time

EventType = Annotated[Text, Field(min_length=1, max_length=128)]


class GeneralEvent(Record):
    """An event of any type; `event` is what its maker says about it.

    Filters know `source`, `stream_id`, `track_id` and `location` of it, as handler events have
    them. Descriptors lie in it as in raw events: `face_attributes.descriptor` and
    `body_attributes.descriptor`, SDK containers in Base64.
    """

    event: UserEvent
    event_type: EventType
    account_id: Absent[Id] = None
    event_create_time: Absent[Time] = None
    event_end_time: Absent[Time] = None

    @model_validator(mode="after")
    def _ends_later(self) -> Self:
        begin, end = self.event_create_time, self.event_end_time
        if begin is not None and end is not None and end < begin:
            raise ValueError("event_end_time is before event_create_time")
        return self

    @property
    def period(self) -> tuple[datetime, datetime]:
        """From when to when it was; now unless it is told."""
        begin = self.event_create_time or self.event_end_time or datetime.now(UTC)
        return begin, self.event_end_time or begin


class GeneralEvents(Record):
    """General events to keep."""

    events: Annotated[list[GeneralEvent], Field(min_length=1, max_length=MOST_EVENTS)]


class GeneralEventCreated(BaseModel):
    """Where a new general event is."""

    event_id: UUID
    url: str


class GeneralEventsCreated(BaseModel):
    """Where new general events are, in the order of the request."""

    events: list[GeneralEventCreated]


class GeneralEventDescriptor(BaseModel):
    """One vector of an event: its numbers, float32 little endian."""

    descriptor_type: Annotated[Literal["face", "body"], Field(validation_alias="kind")]
    descriptor_version: Annotated[int, Field(validation_alias="version")]
    descriptor: Annotated[Base64, Field(validation_alias="data")]


class EventWithDescriptors(BaseModel):
    """A general event with its vectors."""

    event_id: UUID
    account_id: UUID
    event_type: str
    descriptors: list[GeneralEventDescriptor]


class GeneralEventDescriptors(BaseModel):
    """A page of general events that have descriptors."""

    events: list[EventWithDescriptors]


class GeneralEventsPage(BaseModel):
    """A page of general events."""

    events: list[dict[str, Any]]


class PublishGeneralEvent(Record):
    """An event of any type for subscribers; what it says of its account is not looked at."""

    event: UserEvent
    event_type: EventType
    account_id: Absent[Label] = None
    event_create_time: Label
    event_end_time: Label

    def message(self, account_id: UUID, request_id: str) -> dict[str, Any]:
        """What subscribers are told."""
        times = self.event_create_time, self.event_end_time
        told = general_event(account_id, self.event_type, *times, self.event)
        return {**told, "Luna-Request-id": request_id}
