"""The rules of general events."""

from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest

from commands.events import DeleteEvents
from commands.general_events import DeleteGeneralEvents, NewGeneralEvent, SaveGeneralEvents
from domain.events import EventNotFound
from domain.general_events import GeneralEventNotFound
from domain.log.facts import DescriptorRow
from domain.recognitions import GeneralEventDeleted, GeneralEventRecorded
from tests.support.scenario import Scenario

ACCOUNT = uuid4()
NOW = datetime(2026, 3, 1, tzinfo=UTC)


def new(event_type: str = "crowd") -> NewGeneralEvent:
    """An event with some content."""
    return NewGeneralEvent(
        event_type=event_type, create_time=NOW, end_time=NOW, content={"people": 5}
    )


def recorded(story: Scenario, event: NewGeneralEvent) -> UUID:
    """The id of the event, recorded in the story."""
    story.when(SaveGeneralEvents(account_id=ACCOUNT, events=(event,)))
    return event.event_id


def test_events_are_recorded_in_order_with_their_vectors() -> None:
    first, second = new("crowd"), new("fight")
    row = DescriptorRow(uuid4(), second.event_id, "face", 3, bytes(16))
    second = replace(second, descriptors=(row,))
    story = Scenario().when(SaveGeneralEvents(account_id=ACCOUNT, events=(first, second)))

    said = {"account_id": ACCOUNT, "create_time": NOW, "content": {"people": 5}}
    story.then(
        (GeneralEventRecorded, {**said, "event_type": "crowd", "descriptor_ids": {}}),
        (
            GeneralEventRecorded,
            {**said, "event_type": "fight", "descriptor_ids": {"face": {3: row.descriptor_id}}},
        ),
    ).then_answered([first.event_id, second.event_id])
    assert story.log.descriptors == {row.descriptor_id: row}


def test_a_deleted_event_takes_its_vectors_along() -> None:
    story, event = Scenario(), new()
    row = DescriptorRow(uuid4(), event.event_id, "face", 3, bytes(16))
    event_id = recorded(story, replace(event, descriptors=(row,)))

    story.when(DeleteGeneralEvents(account_id=ACCOUNT, event_ids=(event_id,)))

    story.then((GeneralEventDeleted, {"originator_id": event_id, "account_id": ACCOUNT}))
    assert not story.log.descriptors


@pytest.mark.parametrize("account_id", [ACCOUNT, uuid4()])
def test_a_missing_event_keeps_all_others(account_id: UUID) -> None:
    story = Scenario()
    event_id = recorded(story, new())
    both = (event_id, uuid4())

    story.when(DeleteGeneralEvents(account_id=account_id, event_ids=both))

    story.then_refused(GeneralEventNotFound)


def test_missing_events_may_be_ignored() -> None:
    story = Scenario()
    event_id = recorded(story, new())
    both = (event_id, uuid4())

    story.when(DeleteGeneralEvents(account_id=ACCOUNT, event_ids=both, ignore_missing=True))

    story.then((GeneralEventDeleted, {"originator_id": event_id})).then_answered([event_id])


def test_a_general_event_is_no_event_of_a_handler() -> None:
    story = Scenario()
    event_id = recorded(story, new())

    story.when(DeleteEvents(account_id=ACCOUNT, event_ids=(event_id,)))

    story.then_refused(EventNotFound)
