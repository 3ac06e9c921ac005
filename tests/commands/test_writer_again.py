"""Requests that are repeated, and batches that could not be committed at once."""

from datetime import UTC, datetime
from uuid import uuid4

import pytest

from commands.command import RequestContext
from commands.events import DeleteEvents, NewEvent, RecordEvents
from commands.faces import CreateFace, DeleteFaces, EditFace
from commands.lists import CreateList
from commands.memory_log import MemoryLog
from commands.refusals import AnswerForgotten, ChangedMeanwhile, KeyReused
from domain.lists import ListNotFound
from domain.log.port import Batch, Committed, DatabaseUnavailable, VersionConflict
from tests.support.writing import (
    ACCOUNT,
    AppendToList,
    SayUserData,
    TellOfEvent,
    WatchedLog,
    running,
    together,
)

NOW = datetime.now(UTC)


def created(**fields: object) -> CreateFace:
    return CreateFace(account_id=ACCOUNT, **fields)  # type: ignore[arg-type]


def keyed(key: str = "k", fingerprint: str = "f") -> RequestContext:
    return RequestContext(request_id="r", idempotency_key=key, fingerprint=fingerprint)


async def test_a_repeated_request_is_answered_as_the_first_one() -> None:
    log = WatchedLog()
    face = created()
    edit = EditFace(account_id=ACCOUNT, face_id=face.face_id, changes={"user_data": "Ann"})
    deletion = DeleteFaces(account_id=ACCOUNT, face_ids=(face.face_id,))
    async with running(log) as writer:
        firsts = [await writer.send(command, keyed()) for command in (face, edit, deletion)]
        again = [await writer.send(command, keyed()) for command in (face, edit, deletion)]

    assert firsts == again == [face.face_id, None, [face.face_id]]
    assert log.position() == 3


async def test_a_request_repeated_while_the_first_waits_is_answered_alike() -> None:
    log = WatchedLog()
    first, second = created(), created()
    async with running(log) as writer:
        answers = await together(writer, first, second, contexts=(keyed(), keyed()))

    assert answers == [first.face_id, first.face_id]
    assert log.position() == 1


async def test_a_key_belongs_to_one_request_of_one_account() -> None:
    log = WatchedLog()
    mine, other = created(), created()
    theirs = CreateFace(account_id=uuid4())
    async with running(log) as writer:
        await writer.send(mine, keyed())
        with pytest.raises(KeyReused, match="'k'"):
            await writer.send(other, keyed(fingerprint="other"))
        assert await writer.send(theirs, keyed(fingerprint="other")) == theirs.face_id

    assert log.position() == 2


async def test_an_answer_that_tells_of_somebody_erased_is_not_given_again() -> None:
    log = WatchedLog()
    event = NewEvent(handler_id=None, generated={"user_data": "Ann"}, create_time=NOW, end_time=NOW)
    tell = TellOfEvent(account_id=ACCOUNT, event=event)
    deletion = DeleteEvents(account_id=ACCOUNT, event_ids=(event.event_id,))
    async with running(log) as writer:
        assert await writer.send(tell, keyed()) == await writer.send(tell, keyed()) == "Ann"
        await writer.send(deletion)
        with pytest.raises(AnswerForgotten, match="'k'"):
            await writer.send(tell, keyed())
        with pytest.raises(KeyReused):
            await writer.send(tell, keyed(fingerprint="other"))

    assert log.position() == 2


async def test_ids_are_answered_again_though_what_they_named_is_erased() -> None:
    event = NewEvent(handler_id=None, generated={"user_data": "Ann"}, create_time=NOW, end_time=NOW)
    record = RecordEvents(account_id=ACCOUNT, events=(event,))
    deletion = DeleteEvents(account_id=ACCOUNT, event_ids=(event.event_id,))
    async with running(MemoryLog()) as writer:
        await writer.send(record, keyed())
        await writer.send(deletion, keyed())
        again = [await writer.send(command, keyed()) for command in (record, deletion)]

    assert again == [[event.event_id], [event.event_id]]


async def test_a_refused_request_may_be_tried_again_under_its_key() -> None:
    staff = CreateList(account_id=ACCOUNT)
    face = created(list_ids=(staff.list_id,))
    async with running(MemoryLog()) as writer:
        with pytest.raises(ListNotFound):
            await writer.send(face, keyed())
        await writer.send(staff)
        assert await writer.send(face, keyed()) == face.face_id


class ContestedLog(WatchedLog):
    """A log in which somebody else changes a list just before some of our commits."""

    def __init__(self, times: int) -> None:
        super().__init__()
        self._times = times

    def commit(self, batch: Batch) -> Committed:
        versions = [event.originator_version for event, _ in batch.events]
        if versions and versions[0] > 1 and self._times > 0:
            self._times -= 1
            raise VersionConflict
        return super().commit(batch)


@pytest.mark.parametrize(("times", "fails"), [(1, False), (5, False), (6, True), (50, True)])
async def test_a_conflict_is_decided_again_a_few_times(times: int, fails: bool) -> None:
    staff = CreateList(account_id=ACCOUNT, user_data="")
    append = AppendToList(account_id=ACCOUNT, list_id=staff.list_id, letter="a")
    async with running(ContestedLog(times), attempts=5) as writer:
        await writer.send(staff)
        if fails:
            with pytest.raises(ChangedMeanwhile):
                await writer.send(append)
        else:
            await writer.send(append)


class AbsentLog(WatchedLog):
    """A log whose database is away for a while."""

    away = False

    def commit(self, batch: Batch) -> Committed:
        if self.away:
            raise DatabaseUnavailable
        return super().commit(batch)


async def test_nobody_is_told_that_it_worked_while_the_database_is_away() -> None:
    log = AbsentLog()
    face = created()
    said = SayUserData(account_id=ACCOUNT, face_id=face.face_id)
    async with running(log) as writer:
        log.away = True
        answers = await together(writer, face, said, created())
        log.away = False
        assert await writer.send(face) == face.face_id

    assert [type(answer) for answer in answers] == [DatabaseUnavailable] * 3
    assert log.position() == 1
