"""Recognitions: the facts of what handlers or clients saw, each in a stream of its own."""

from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from eventsourcing.domain import DomainEvent
from eventsourcing.utils import register_topic


class EventRecorded(DomainEvent):
    """A handler saw somebody: the event as it was answered, sent and stored.

    `originator_id` is the event's id, `originator_version` is 1. `generated` is the whole
    event in the contract's rich form (JSON values, no pixels, no vectors); it is personal as a
    whole. `descriptor_ids` names the vectors kept beside the log: kind -> version -> id.
    `notify` says whether websocket subscribers are told.
    """

    TOPIC: ClassVar[str] = "event.recorded"
    PII: ClassVar[frozenset[str]] = frozenset({"generated"})

    account_id: UUID
    handler_id: UUID | None
    create_time: datetime
    end_time: datetime
    generated: dict[str, Any] | None
    descriptor_ids: dict[str, dict[int, UUID]]
    notify: bool


class EventDeleted(DomainEvent):
    """An event was deleted by its account; its record stays, what it showed is forgotten."""

    TOPIC: ClassVar[str] = "event.deleted"

    account_id: UUID


class GeneralEventRecorded(DomainEvent):
    """A client said what happened, in words of its own: `event_type` says which.

    `content` is the client's JSON object without vectors, personal as a whole;
    `descriptor_ids` names the vectors kept beside the log: kind -> version -> id.
    """

    TOPIC: ClassVar[str] = "general_event.recorded"
    PII: ClassVar[frozenset[str]] = frozenset({"content"})

    account_id: UUID
    event_type: str
    create_time: datetime
    end_time: datetime
    content: dict[str, Any] | None
    descriptor_ids: dict[str, dict[int, UUID]]


class GeneralEventDeleted(DomainEvent):
    """A general event was deleted by its account; its record stays, its content is forgotten."""

    TOPIC: ClassVar[str] = "general_event.deleted"

    account_id: UUID


for _fact in (EventRecorded, EventDeleted, GeneralEventRecorded, GeneralEventDeleted):
    register_topic(_fact.TOPIC, _fact)
