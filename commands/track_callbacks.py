"""Telling callbacks of what handlers made of the people in streams."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from commands.command import Command, CommandTable
from commands.store import Store
from domain.log.port import Delivery
from domain.shared.ids import new_id


@dataclass(frozen=True, slots=True, kw_only=True)
class TellOfEvents(Command[int]):
    """Send each callback every message, by the ids of their events; answers how many that are."""

    callbacks: tuple[Mapping[str, Any], ...]
    messages: Mapping[UUID, bytes]
    request_id: str = ""


def tell_of_events(cmd: TellOfEvents, store: Store) -> int:
    """Have the messages sent until they are taken."""
    deliveries = [
        Delivery(new_id(), cmd.account_id, event_id, cmd.request_id, callback, message)
        for event_id, message in cmd.messages.items()
        for callback in cmd.callbacks
    ]
    store.deliver(*deliveries)
    return len(deliveries)


COMMANDS: CommandTable = {TellOfEvents: tell_of_events}
