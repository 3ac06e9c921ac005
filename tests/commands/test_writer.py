"""The writer: what it commits together, what it answers, and what it never lets through."""

import asyncio
from uuid import uuid4

import pytest

from commands.faces import AttachFaces, CreateFace, DeleteFaces, EditFace
from commands.lists import CreateList, EditList
from commands.memory_log import MemoryLog
from commands.refusals import Overloaded, Stopping
from commands.writer import GroupCommitWriter
from domain.faces import Face, FaceNotFound, FacesNotFound
from domain.log.port import Committed
from tests.support.writing import (
    ACCOUNT,
    TEST_COMMANDS,
    Changed,
    EditThenRefuse,
    ForgetToSave,
    SayUserData,
    WatchedLog,
    WriteNonsense,
    running,
    together,
)


def created(**fields: object) -> CreateFace:
    return CreateFace(account_id=ACCOUNT, **fields)  # type: ignore[arg-type]


async def test_commands_that_wait_together_are_committed_together() -> None:
    log = WatchedLog()
    async with running(log, max_batch=10) as writer:
        ids = await together(writer, *(created() for _ in range(25)))

    assert log.commits == [10, 10, 5]
    assert [fact.originator_id for fact in log.facts] == ids
    assert writer.position == 25


async def test_a_command_sees_what_the_ones_before_it_did() -> None:
    log = WatchedLog()
    face, staff = created(), CreateList(account_id=ACCOUNT)
    async with running(log) as writer:
        answers = await together(
            writer,
            face,
            EditFace(account_id=ACCOUNT, face_id=face.face_id, changes={"user_data": "Ann"}),
            SayUserData(account_id=ACCOUNT, face_id=face.face_id),
            staff,
            AttachFaces(
                account_id=ACCOUNT, list_id=staff.list_id, face_ids=(face.face_id, face.face_id)
            ),
            DeleteFaces(account_id=ACCOUNT, face_ids=(face.face_id,)),
            SayUserData(account_id=ACCOUNT, face_id=face.face_id),
        )

    assert log.commits == [5]
    assert answers[2] == "Ann"
    assert isinstance(answers[6], FaceNotFound)
    assert [type(f.event).__name__ for f in log.facts if f.originator_id == face.face_id] == [
        "Created", "Edited", "Attached", "Deleted",
    ]  # fmt: skip


async def test_a_refusal_in_the_middle_is_its_own_affair() -> None:
    log = WatchedLog()
    face, stranger = created(user_data="Ann"), uuid4()
    async with running(log) as writer:
        answers = await together(
            writer,
            face,
            EditFace(account_id=stranger, face_id=face.face_id, changes={"user_data": "x"}),
            AttachFaces(account_id=ACCOUNT, list_id=uuid4(), face_ids=(face.face_id,)),
            EditList(account_id=ACCOUNT, list_id=face.face_id, user_data="a face is no list"),
            created(),
        )

    assert [type(a).__name__ for a in answers[1:4]] == [
        "FaceNotFound", "ListNotFound", "ListNotFound",
    ]  # fmt: skip
    assert log.commits == [2]


@pytest.mark.parametrize("save", [True, False])
async def test_a_refusal_after_a_change_leaves_no_trace(save: bool) -> None:
    log = WatchedLog()
    face = created(user_data="Ann")
    refused = EditThenRefuse(account_id=ACCOUNT, face_id=face.face_id, save=save)
    said = SayUserData(account_id=ACCOUNT, face_id=face.face_id)
    async with running(log) as writer:
        answers = await together(writer, face, refused, said, created())
        later = await together(writer, refused, refused, said)

    assert isinstance(answers[1], Changed)
    assert (answers[2], later[2]) == ("Ann", "Ann")
    assert [type(fact.event) for fact in log.facts] == [Face.Created, Face.Created]


async def test_a_change_that_is_not_saved_is_an_error_and_no_change() -> None:
    face = created(user_data="Ann")
    async with running(MemoryLog()) as writer:
        answers = await together(
            writer,
            face,
            ForgetToSave(account_id=ACCOUNT, face_id=face.face_id),
            SayUserData(account_id=ACCOUNT, face_id=face.face_id),
        )

    assert isinstance(answers[1], RuntimeError)
    assert answers[2] == "Ann"


async def test_what_cannot_be_stored_fails_alone() -> None:
    log = WatchedLog()
    first, last = created(), created()
    async with running(log) as writer:
        answers = await together(writer, first, WriteNonsense(account_id=ACCOUNT), last)

    assert answers[0] == first.face_id
    assert isinstance(answers[1], TypeError)
    assert answers[2] == last.face_id
    assert log.position() == 2


async def test_attaching_refuses_all_when_one_is_missing() -> None:
    log = WatchedLog()
    face, staff = created(), CreateList(account_id=ACCOUNT)
    async with running(log) as writer:
        await together(writer, face, staff)
        with pytest.raises(FacesNotFound):
            await writer.send(
                AttachFaces(
                    account_id=ACCOUNT, list_id=staff.list_id, face_ids=(face.face_id, uuid4())
                )
            )

    assert log.position() == 2


async def test_stopping_commits_what_waits_and_refuses_the_rest() -> None:
    log = WatchedLog()
    writer = GroupCommitWriter(log, TEST_COMMANDS, max_batch=8)
    writer.start()
    waiting = [asyncio.create_task(writer.send(created())) for _ in range(50)]
    await asyncio.sleep(0)
    await asyncio.to_thread(writer.stop)

    assert len(await asyncio.gather(*waiting)) == log.position() == 50
    with pytest.raises(Stopping):
        await writer.send(created())
    writer.stop()
    writer.start()
    assert await writer.send(created())
    writer.stop()


async def test_too_many_waiting_commands_are_refused() -> None:
    async with running(MemoryLog(), max_waiting=5) as writer:
        answers = await together(writer, *(created() for _ in range(8)))

    refused = [a for a in answers if isinstance(a, Overloaded)]
    assert len(refused) == 3
    assert str(refused[0]) == "5 commands are waiting already"


async def test_observers_see_facts_before_the_answer_and_may_fail(
    caplog: pytest.LogCaptureFixture,
) -> None:
    seen: list[Committed] = []

    def broken(committed: Committed) -> None:
        raise ValueError("cannot look")

    async with running(MemoryLog(), observers=[broken, seen.append]) as writer:
        face_id = await writer.send(created())
        assert [fact.originator_id for fact in seen[0].facts] == [face_id]

    assert "an observer of the log failed" in caplog.text


async def test_what_a_client_asked_before_it_went_away_is_done() -> None:
    log = WatchedLog()
    async with running(log) as writer:
        gone = asyncio.create_task(writer.send(created()))
        await asyncio.sleep(0)
        gone.cancel()
        assert await writer.send(created())

    assert gone.cancelled()
    assert log.position() == 2


def test_a_loop_that_was_closed_does_not_stop_the_writer() -> None:
    log = WatchedLog()
    writer = GroupCommitWriter(log, TEST_COMMANDS)
    writer.start()

    async def leave() -> None:
        task = asyncio.create_task(writer.send(created()))
        await asyncio.sleep(0)
        task.cancel()

    for _ in range(20):
        asyncio.run(leave())

    assert asyncio.run(writer.send(created()))
    writer.stop()
    assert log.position() == 21
