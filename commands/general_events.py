"""What may be asked of general events."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from commands.command import Command, CommandTable
from commands.events import ids_of
from commands.store import Store
from domain.general_events import GeneralEventNotFound
from domain.log.facts import DescriptorRow
from domain.recognitions import GeneralEventDeleted, GeneralEventRecorded
from domain.shared.ids import new_id


@dataclass(frozen=True, slots=True, kw_only=True)
class NewGeneralEvent:
    """A general event to record: `content` is a JSON object, `descriptors` are its vectors."""

    event_id: UUID = field(default_factory=new_id)
    event_type: str
    create_time: datetime
    end_time: datetime
    content: Mapping[str, Any]
    descriptors: tuple[DescriptorRow, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SaveGeneralEvents(Command[list[UUID]]):
    """Record general events, all or none; answers their ids in order."""

    events: tuple[NewGeneralEvent, ...]


def save_general_events(cmd: SaveGeneralEvents, store: Store) -> list[UUID]:
    """Record all of them."""
    now = datetime.now(UTC)
    for new in cmd.events:
        said: dict[str, Any] = {
            "account_id": cmd.account_id,
            "event_type": new.event_type,
            "create_time": new.create_time,
            "end_time": new.end_time,
            "content": dict(new.content),
            "descriptor_ids": ids_of(new.descriptors),
        }
        store.record(GeneralEventRecorded(new.event_id, 1, now, **said))
        store.keep_descriptors(new.descriptors)
    return [new.event_id for new in cmd.events]


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteGeneralEvents(Command[list[UUID]]):
    """Delete general events: all or none, unless `ignore_missing`; answers the deleted ids."""

    event_ids: tuple[UUID, ...]
    ignore_missing: bool = False


def delete_general_events(cmd: DeleteGeneralEvents, store: Store) -> list[UUID]:
    """Delete the events with their vectors, and make what they said unreadable."""
    found = store.recorded(GeneralEventRecorded, cmd.event_ids, cmd.account_id)
    there = [event.originator_id for event in found]
    missing = [event_id for event_id in cmd.event_ids if event_id not in there]
    if missing and not cmd.ignore_missing:
        raise GeneralEventNotFound(missing[0])
    now = datetime.now(UTC)
    said: dict[str, Any] = {"account_id": cmd.account_id}
    store.record(*(GeneralEventDeleted(event_id, 2, now, **said) for event_id in there))
    for event in found:
        for by_version in event.descriptor_ids.values():
            store.forget_descriptors(by_version.values())
    store.erase_subjects(there)
    return there


COMMANDS: CommandTable = {
    SaveGeneralEvents: save_general_events,
    DeleteGeneralEvents: delete_general_events,
}
