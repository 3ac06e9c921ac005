"""Callbacks of handlers: who is told of events, and of which."""

from typing import Annotated, Any, Literal

from pydantic import Field

from domain.policies.filters import EVERYBODY, PolicyFilters
from domain.shared.callbacks import MOST_CALLBACKS, HttpCallback
from domain.shared.fields import Flag, Record


class EventHttpCallback(HttpCallback):
    """An address that is sent the events whose persons pass the filters."""

    filters: PolicyFilters = EVERYBODY

    def as_sent(self) -> dict[str, Any]:
        """The address as JSON values, without the filters that were passed."""
        return self.model_dump(mode="json", exclude={"filters"})


class EventWsCallback(Record):
    """Websocket subscribers are told of the events whose persons pass the filters."""

    type: Literal["luna-ws-notification"]
    enable: Flag = 1
    filters: PolicyFilters = EVERYBODY


EventCallback = Annotated[EventHttpCallback | EventWsCallback, Field(discriminator="type")]
Callbacks = Annotated[tuple[EventCallback, ...], Field(max_length=MOST_CALLBACKS)]
