"""Bodies about messages for subscribers."""

from typing import Annotated, Any

import orjson
from pydantic import AfterValidator, Field

from domain.shared.fields import Record, Text

MOST_EVENTS = 1000
LARGEST_EVENT = 2 << 20


def _not_too_large(event: dict[str, Any]) -> dict[str, Any]:
    if (size := len(orjson.dumps(event))) > LARGEST_EVENT:
        raise ValueError(f"the event has {size} bytes, the limit is {LARGEST_EVENT}")
    return event


UserEvent = Annotated[dict[str, Any], AfterValidator(_not_too_large)]
Label = Annotated[Text, Field(max_length=128)]


class PublishEvents(Record):
    """Events that somebody made; each is told to the subscribers of the account."""

    events: Annotated[list[UserEvent], Field(min_length=1, max_length=MOST_EVENTS)]
    handler_id: Label
    event_create_time: Label
    event_end_time: Label

    def messages(self, request_id: str) -> tuple[dict[str, Any], ...]:
        """The contract's WsMessage of each event."""
        return tuple(
            {
                "event": event,
                "handler_id": self.handler_id,
                "event-create-time": self.event_create_time,
                "event-end-time": self.event_end_time,
                "Luna-Request-id": request_id,
            }
            for event in self.events
        )
