"""What may be asked of events."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import orjson

from commands.command import Command, CommandTable
from commands.store import Store
from domain.events import EventNotFound, callback_message, ws_message
from domain.handlers import Handler, NotDynamic
from domain.log.facts import DescriptorRow
from domain.log.port import Announcement, Delivery
from domain.recognitions import EventDeleted, EventRecorded


@dataclass(frozen=True, slots=True, kw_only=True)
class NewEvent:
    """An event to record: `generated` is its rich form, JSON values as the log keeps them.

    With `store` it can be read later; with `notify` websocket subscribers are told, also of an
    event that is not stored. `descriptors` are its vectors, owned by the event; `callbacks` are
    the addresses that it is sent to, as JSON values.
    """

    event_id: UUID = field(default_factory=uuid4)
    handler_id: UUID | None
    generated: Mapping[str, Any]
    create_time: datetime
    end_time: datetime
    store: bool = True
    notify: bool = True
    descriptors: tuple[DescriptorRow, ...] = ()
    callbacks: tuple[Mapping[str, Any], ...] = ()


def record_events(
    events: Iterable[NewEvent], account_id: UUID, request_id: str, store: Store
) -> None:
    """Leave the events in the store, whatever else the same command leaves there."""
    now = datetime.now(UTC)
    for new in events:
        if new.store:
            said: dict[str, Any] = {
                "account_id": account_id,
                "handler_id": new.handler_id,
                "create_time": new.create_time,
                "end_time": new.end_time,
                "generated": dict(new.generated),
                "descriptor_ids": ids_of(new.descriptors),
                "notify": new.notify,
            }
            store.record(EventRecorded(new.event_id, 1, now, **said))
            store.keep_descriptors(new.descriptors)
        elif new.notify:
            message = ws_message(
                new.generated, new.handler_id, new.create_time, new.end_time, request_id
            )
            store.announce(Announcement(account_id, orjson.dumps(message)))
        if new.callbacks:
            store.deliver(*_deliveries(new, account_id, request_id))


def ids_of(descriptors: Iterable[DescriptorRow]) -> dict[str, dict[int, UUID]]:
    """The names of vectors as facts tell them: kind -> version -> id."""
    ids: dict[str, dict[int, UUID]] = {}
    for row in descriptors:
        ids.setdefault(str(row.kind), {})[row.version] = row.descriptor_id
    return ids


def _deliveries(new: NewEvent, account_id: UUID, request_id: str) -> Iterator[Delivery]:
    said = orjson.dumps(
        callback_message(new.generated, account_id, new.handler_id, new.create_time, new.end_time)
    )
    for callback in new.callbacks:
        yield Delivery(uuid4(), account_id, new.event_id, request_id, callback, said)


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordEvents(Command[list[UUID]]):
    """Record what a handler saw, with its vectors and messages; answers the events' ids."""

    events: tuple[NewEvent, ...]
    request_id: str = ""


def record_all(cmd: RecordEvents, store: Store) -> list[UUID]:
    """Record all of the events, or none."""
    record_events(cmd.events, cmd.account_id, cmd.request_id, store)
    return [new.event_id for new in cmd.events]


@dataclass(frozen=True, slots=True, kw_only=True)
class SaveEvent(Command[UUID]):
    """Record an event that was made elsewhere, for a dynamic handler; answers its id."""

    handler_id: UUID
    event: NewEvent
    request_id: str = ""


def save_event(cmd: SaveEvent, store: Store) -> UUID:
    """Record the event, or nothing if the handler is missing or makes events of its own."""
    handler = store.get(Handler, cmd.handler_id, cmd.account_id)
    if not handler.is_dynamic:
        raise NotDynamic(handler.id)
    record_events([cmd.event], cmd.account_id, cmd.request_id, store)
    return cmd.event.event_id


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteEvents(Command[list[UUID]]):
    """Delete events: all or none, unless `ignore_missing`; answers the ids of the deleted.

    Their records stay in the log and can be read no more; their vectors go as well.
    """

    event_ids: tuple[UUID, ...]
    ignore_missing: bool = False


def delete_events(cmd: DeleteEvents, store: Store) -> list[UUID]:
    """Delete the events and what is known only because of them."""
    found = store.recorded(EventRecorded, cmd.event_ids, cmd.account_id)
    there = [event.originator_id for event in found]
    missing = [event_id for event_id in cmd.event_ids if event_id not in there]
    if missing and not cmd.ignore_missing:
        raise EventNotFound(missing[0])
    now = datetime.now(UTC)
    said: dict[str, Any] = {"account_id": cmd.account_id}
    store.record(*(EventDeleted(event_id, 2, now, **said) for event_id in there))
    for event in found:
        for by_version in event.descriptor_ids.values():
            store.forget_descriptors(by_version.values())
    store.erase_subjects(there)
    return there


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishMessages(Command[None]):
    """Tell the websocket subscribers of an account something; nothing is kept."""

    messages: tuple[Mapping[str, Any], ...]


def publish_messages(cmd: PublishMessages, store: Store) -> None:
    """Announce every message."""
    for message in cmd.messages:
        store.announce(Announcement(cmd.account_id, orjson.dumps(message)))


COMMANDS: CommandTable = {
    RecordEvents: record_all,
    SaveEvent: save_event,
    DeleteEvents: delete_events,
    PublishMessages: publish_messages,
}
