"""The rules of events."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import orjson
import pytest

from commands.command import Command
from commands.events import (
    DeleteEvents,
    NewEvent,
    PublishMessages,
    RecordEvents,
    SaveEvent,
)
from commands.memory_log import MemoryLog
from commands.router import COMMANDS
from commands.store import Session, SessionStore
from domain.events import EventNotFound
from domain.handlers import Handler, HandlerNotFound, NotDynamic
from domain.log.facts import DescriptorRow
from domain.log.port import Batch
from domain.recognitions import EventDeleted, EventRecorded
from domain.shared.biometrics import DescriptorKind
from domain.shared.enums import HandlerType
from tests.support.events import rich_event
from tests.support.scenario import Scenario

ACCOUNT = uuid4()
NOW = datetime(2026, 3, 1, tzinfo=UTC)


def new(**changes: Any) -> NewEvent:
    """An event of a handler, stored and told of."""
    event_id = uuid4()
    made = NewEvent(
        event_id=event_id,
        handler_id=uuid4(),
        generated=rich_event(event_id, source="gate"),
        create_time=NOW,
        end_time=NOW + timedelta(seconds=1),
    )
    return replace(made, **changes)


def vector(kind: str, version: int, owner_id: UUID) -> DescriptorRow:
    """A vector of an event."""
    return DescriptorRow(uuid4(), owner_id, kind, version, bytes(16))


def wanted(command: Command[Any]) -> Batch:
    """What the command wants written."""
    store = SessionStore(Session(MemoryLog()), "request")
    COMMANDS[type(command)](command, store)
    return store.finish(set())


def test_a_stored_event_is_recorded_with_its_vectors() -> None:
    event = new()
    rows = [vector("face", 1, event.event_id), vector("body", 7, event.event_id)]
    event = replace(event, descriptors=tuple(rows))
    story = Scenario().when(RecordEvents(account_id=ACCOUNT, events=(event,)))

    story.then(
        (
            EventRecorded,
            {
                "originator_id": event.event_id,
                "originator_version": 1,
                "account_id": ACCOUNT,
                "handler_id": event.handler_id,
                "create_time": NOW,
                "end_time": NOW + timedelta(seconds=1),
                "generated": event.generated,
                "descriptor_ids": {
                    "face": {1: rows[0].descriptor_id},
                    "body": {7: rows[1].descriptor_id},
                },
                "notify": True,
            },
        )
    ).then_answered([event.event_id])
    assert story.log.descriptors == {row.descriptor_id: row for row in rows}


@pytest.mark.parametrize("notify", [True, False])
def test_whether_subscribers_are_told_is_recorded(notify: bool) -> None:
    event = new(notify=notify)
    Scenario().when(RecordEvents(account_id=ACCOUNT, events=(event,))).then(
        (EventRecorded, {"notify": notify})
    )
    assert wanted(RecordEvents(account_id=ACCOUNT, events=(event,))).announcements == []


def test_an_event_that_is_not_stored_is_only_announced() -> None:
    event = new(store=False, descriptors=(vector("face", 1, uuid4()),))

    batch = wanted(RecordEvents(account_id=ACCOUNT, events=(event,), request_id="r"))

    assert (batch.recognitions, batch.descriptors) == ([], [])
    (said,) = batch.announcements
    assert said.account_id == ACCOUNT
    assert orjson.loads(said.message) == {
        "event": event.generated,
        "handler_id": str(event.handler_id),
        "event-create-time": "2026-03-01T00:00:00Z",
        "event-end-time": "2026-03-01T00:00:01Z",
        "Luna-Request-id": "r",
    }


def test_an_event_that_is_neither_stored_nor_told_of_leaves_nothing() -> None:
    assert not wanted(RecordEvents(account_id=ACCOUNT, events=(new(store=False, notify=False),)))


def test_a_dynamic_handler_takes_events_made_elsewhere() -> None:
    handler = Handler(ACCOUNT, handler_type=HandlerType.DYNAMIC)
    event = new(handler_id=handler.id)

    Scenario().given(handler).when(
        SaveEvent(account_id=ACCOUNT, handler_id=handler.id, event=event)
    ).then((EventRecorded, {"handler_id": handler.id})).then_answered(event.event_id)


def test_other_handlers_take_none() -> None:
    static = Handler(ACCOUNT, handler_type=HandlerType.STATIC, policies={})
    foreign = Handler(uuid4(), handler_type=HandlerType.DYNAMIC)
    story = Scenario().given(static, foreign)

    def save(handler_id: UUID) -> SaveEvent:
        return SaveEvent(account_id=ACCOUNT, handler_id=handler_id, event=new())

    story.when(save(static.id)).then_refused(NotDynamic, static.id)
    story.when(save(foreign.id)).then_refused(HandlerNotFound, foreign.id)
    unknown = uuid4()
    story.when(save(unknown)).then_refused(HandlerNotFound, unknown)


def recorded(story: Scenario, count: int = 2) -> tuple[UUID, ...]:
    """The ids of events that happened in the story, each with a vector."""
    made = []
    for _ in range(count):
        event_id = uuid4()
        row = DescriptorRow(uuid4(), event_id, DescriptorKind.FACE, 65, b"v")
        made.append(new(event_id=event_id, descriptors=(row,)))
    return tuple(story.when(RecordEvents(account_id=ACCOUNT, events=tuple(made))).answer)


def test_deleting_forgets_vectors_and_keys() -> None:
    story = Scenario()
    events = recorded(story)
    kept = recorded(story, 1)
    assert len(story.log.descriptors) == 3

    story.when(DeleteEvents(account_id=ACCOUNT, event_ids=events)).then(
        *((EventDeleted, {"originator_id": i, "account_id": ACCOUNT}) for i in events)
    ).then_answered(list(events))

    assert [row.owner_id for row in story.log.descriptors.values()] == list(kept)
    assert story.log.keyring.keys.keys() == set(kept)


def test_an_event_is_deleted_once() -> None:
    story = Scenario()
    first, second = recorded(story)
    foreign = DeleteEvents(account_id=uuid4(), event_ids=(first,))
    story.when(foreign).then_refused(EventNotFound, first)
    story.when(DeleteEvents(account_id=ACCOUNT, event_ids=(first, first))).then_answered([first])

    both = DeleteEvents(account_id=ACCOUNT, event_ids=(first, second))
    story.when(both).then_refused(EventNotFound, first)
    story.when(replace(both, ignore_missing=True)).then_answered([second])
    story.when(replace(both, ignore_missing=True)).then_nothing()


def test_commands_of_one_transaction_see_what_each_other_delete() -> None:
    story = Scenario()
    (event_id,) = recorded(story, 1)
    session = Session(story.log)
    command = DeleteEvents(account_id=ACCOUNT, event_ids=(event_id,))

    store = SessionStore(session, "r")
    COMMANDS[DeleteEvents](command, store)
    session.batch.add(store.finish(set()))

    with pytest.raises(EventNotFound):
        COMMANDS[DeleteEvents](command, SessionStore(session, "r"))


def test_published_messages_are_announced_in_order() -> None:
    messages = ({"event": {"n": 1}}, {"event": {"n": 2}})

    batch = wanted(PublishMessages(account_id=ACCOUNT, messages=messages))

    assert [orjson.loads(said.message) for said in batch.announcements] == list(messages)
    assert not batch.recognitions
