"""One contract for the Log port, kept by the log in memory and by the one in Postgres."""

from collections.abc import Iterator
from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest

from commands.memory_log import MemoryLog
from domain.faces import Face
from domain.lists import FaceList
from domain.log.facts import DescriptorRow
from domain.log.port import (
    Announcement,
    Answer,
    AnswerKey,
    Batch,
    Log,
    SubjectErased,
    VersionConflict,
)
from domain.recognitions import EventDeleted, EventRecorded
from domain.shared.owned import Owned
from tests.support.log import open_log, prepare
from tests.support.postgres import Databases

ACCOUNT = uuid4()


@pytest.fixture(params=["memory", "postgres"])
def log(request: pytest.FixtureRequest) -> Iterator[Log]:
    """Each of the two logs, empty."""
    if request.param == "memory":
        yield MemoryLog()
        return
    databases: Databases = request.getfixturevalue("databases")
    with databases.fresh(prepare) as dsn:
        opened = open_log(dsn)
        yield opened
        opened.close()


def events_of(*aggregates: Owned, request_id: str = "r") -> Batch:
    return Batch(events=[(e, request_id) for a in aggregates for e in a.collect_events()])


def recorded(event_id: UUID | None = None) -> EventRecorded:
    now = datetime.now(UTC)
    return EventRecorded(
        originator_id=event_id or uuid4(),
        originator_version=1,
        timestamp=now,
        account_id=ACCOUNT,
        handler_id=None,
        create_time=now,
        end_time=now,
        generated={"user_data": "Ann"},
        descriptor_ids={"face": {65: uuid4()}},
        notify=False,
    )


def test_an_empty_log_is_at_position_0_and_knows_nobody(log: Log) -> None:
    assert log.position() == 0
    assert log.load([uuid4()]) == {}
    assert log.answers([AnswerKey(ACCOUNT, "k", "CreateFace")]) == {}


def test_what_was_committed_is_loaded_again_in_order(log: Log) -> None:
    face, staff = Face(account_id=ACCOUNT, user_data="Ann"), FaceList(account_id=ACCOUNT)
    face.attach(staff.id)
    face.edit(user_data="Anna", external_id="A-1")
    batch = events_of(face, staff)
    written = {face.id: batch.events[:3], staff.id: batch.events[3:]}

    log.commit(batch)

    loaded = log.load([staff.id, face.id, uuid4()])
    assert loaded == {i: [event for event, _ in events] for i, events in written.items()}


def test_positions_count_facts_in_order_without_gaps(log: Log) -> None:
    faces = [Face(account_id=ACCOUNT) for _ in range(3)]
    first = log.commit(events_of(*faces[:2], request_id="one"))
    batch = events_of(faces[2], request_id="two")
    batch.recognitions = [(recorded(), "two")]
    second = log.commit(batch)

    assert [fact.position for fact in first.facts] == [1, 2]
    assert [fact.position for fact in second.facts] == [3, 4]
    assert [fact.request_id for fact in (*first.facts, *second.facts)] == ["one"] * 2 + ["two"] * 2
    assert [fact.event for fact in second.facts] == [
        event for event, _ in (*batch.events, *batch.recognitions)
    ]
    assert (first.position, second.position, log.position()) == (2, 4, 4)


def test_announcements_take_positions_after_the_facts(log: Log) -> None:
    batch = events_of(Face(account_id=ACCOUNT))
    batch.announcements = [Announcement(ACCOUNT, b"a"), Announcement(ACCOUNT, b"b")]

    committed = log.commit(batch)

    assert [fact.position for fact in committed.facts] == [1]
    assert committed.position == log.position() == 3


def test_recognitions_are_no_aggregates(log: Log) -> None:
    event_id = uuid4()
    log.commit(Batch(recognitions=[(recorded(event_id), "r")]))

    assert log.position() == 1
    assert log.load([event_id]) == {}


def test_what_was_said_of_an_event_is_not_said_again(log: Log) -> None:
    event = recorded()
    event_id = event.originator_id
    gone = EventDeleted(event_id, 2, event.timestamp, account_id=ACCOUNT)
    log.commit(Batch(recognitions=[(event, "r")]))
    (found,) = log.recognised([event_id, uuid4()])[event_id]
    assert (found.account_id, found.descriptor_ids) == (ACCOUNT, event.descriptor_ids)
    assert found.generated is None
    log.commit(Batch(recognitions=[(gone, "r")]))

    with pytest.raises(VersionConflict):
        log.commit(Batch(recognitions=[(gone, "r")]))

    assert [type(said) for said in log.recognised([event_id])[event_id]] == [
        EventRecorded,
        EventDeleted,
    ]


def test_a_version_that_is_taken_changes_nothing(log: Log) -> None:
    face = Face(account_id=ACCOUNT, user_data="first")
    log.commit(events_of(face))
    mine, theirs = (log_face(log, face.id) for _ in range(2))
    mine.edit(user_data="mine")
    theirs.edit(user_data="theirs")
    log.commit(events_of(mine))
    other = Face(account_id=ACCOUNT)

    with pytest.raises(VersionConflict):
        log.commit(events_of(other, theirs))

    assert log.position() == 2
    assert log_face(log, face.id).user_data == "mine"
    assert log.load([other.id]) == {}


def test_an_aggregate_is_created_once_and_stays_readable(log: Log) -> None:
    face_id = uuid4()
    first, second = (
        Face.with_id(face_id, account_id=ACCOUNT, user_data=said, external_id="", avatar="",
                     event_id=None)
        for said in ("first", "second")
    )  # fmt: skip
    log.commit(events_of(first))

    with pytest.raises(VersionConflict):
        log.commit(events_of(second))

    assert log_face(log, face_id).user_data == "first"


def test_what_was_only_read_must_still_be_as_it_was(log: Log) -> None:
    staff = FaceList(account_id=ACCOUNT)
    log.commit(events_of(staff))
    staff.edit("changed meanwhile")
    log.commit(events_of(staff))
    batch = events_of(Face(account_id=ACCOUNT))
    batch.expected = {staff.id: 1}

    with pytest.raises(VersionConflict):
        log.commit(batch)

    batch.expected = {staff.id: 2}
    assert log.commit(batch).position == 3


def test_an_answer_is_kept_once(log: Log) -> None:
    key, other = AnswerKey(ACCOUNT, "k", "CreateFace"), AnswerKey(ACCOUNT, "k", "EditFace")
    log.commit(Batch(answers={key: Answer("f", b"\x00")}))

    assert log.answers([key, other]) == {key: Answer("f", b"\x00")}
    with pytest.raises(VersionConflict):
        log.commit(Batch(answers={key: Answer("f", b"\x01")}))
    assert log.answers([key]) == {key: Answer("f", b"\x00")}


def test_an_answer_is_forgotten_with_any_of_those_whom_it_tells_of(log: Log) -> None:
    ann, bob = Face(account_id=ACCOUNT, user_data="Ann"), Face(account_id=ACCOUNT, user_data="Bob")
    of_ann, of_both = AnswerKey(ACCOUNT, "a", "Command"), AnswerKey(ACCOUNT, "b", "Command")
    log.commit(events_of(ann))
    ann.edit(user_data="Anna")
    batch = events_of(ann, bob)
    answers = {
        of_ann: Answer("f", b"Ann", (ann.id,)),
        of_both: Answer("f", b"Ann and Bob", batch.subjects()),
    }
    batch.answers = dict(answers)
    log.commit(batch)

    assert log.answers([of_ann, of_both]) == answers
    log.commit(Batch(erased_subjects=[bob.id]))
    assert log.answers([of_ann, of_both]) == {
        of_ann: answers[of_ann],
        of_both: Answer("f", None, (ann.id, bob.id)),
    }


def test_vectors_may_come_and_go_in_one_batch(log: Log) -> None:
    row = DescriptorRow(uuid4(), uuid4(), "face", 65, b"\x00" * 8)
    batch = Batch(descriptors=[row], forgotten_descriptors=[row.descriptor_id])

    assert log.commit(batch).facts == []


def test_erasing_hides_the_past_and_forbids_the_future(log: Log) -> None:
    face = Face(account_id=ACCOUNT, user_data="Ann", external_id="A-1")
    face.attach(list_id := uuid4())
    log.commit(events_of(face))
    log.commit(Batch(erased_subjects=[face.id]))

    erased = log_face(log, face.id)
    assert (erased.user_data, erased.external_id, erased.list_ids) == (None, None, [list_id])
    erased.edit(user_data="Bob")
    with pytest.raises(SubjectErased):
        log.commit(events_of(erased))


def log_face(log: Log, face_id: UUID) -> Face:
    """The face as its history tells it."""
    face: Face | None = None
    for event in log.load([face_id])[face_id]:
        face = event.mutate(face)
    assert face is not None
    return face
