"""Commands and a log that show what the writer does with them."""

import asyncio
import threading
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, ClassVar
from uuid import UUID, uuid4

from commands.command import Command, CommandTable, RequestContext
from commands.events import NewEvent, record_events
from commands.memory_log import MemoryLog
from commands.router import COMMANDS
from commands.store import Store
from commands.writer import GroupCommitWriter
from domain.faces import Face
from domain.lists import FaceList
from domain.log.port import Batch, Committed, Log
from domain.shared.refusal import Refusal

ACCOUNT = uuid4()


class Changed(Refusal):
    """Said by `EditThenRefuse` after it has changed the face."""

    detail = "changed {}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold(Command[None]):
    """Keep the writer busy from `begun` until `release`, so that others gather behind it."""

    begun: threading.Event
    release: threading.Event


@dataclass(frozen=True, slots=True, kw_only=True)
class EditThenRefuse(Command[None]):
    """Change a face, save it or not, and refuse."""

    face_id: UUID
    save: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteNonsense(Command[None]):
    """Save a face whose user data no log can store."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ForgetToSave(Command[None]):
    """Change a face and leave it at that."""

    face_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class SayUserData(Command[str]):
    """What is said about a face, as the writer sees it; changes nothing."""

    face_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class TellOfEvent(Command[str]):
    """Record an event and answer what it shows."""

    tells: ClassVar[bool] = True
    event: NewEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class AppendToList(Command[None]):
    """Add a letter to a list's user data: lost updates would show."""

    list_id: UUID
    letter: str


def _hold(cmd: Hold, store: Store) -> None:
    cmd.begun.set()
    assert cmd.release.wait(60)


def _edit_then_refuse(cmd: EditThenRefuse, store: Store) -> None:
    face = store.get(Face, cmd.face_id, cmd.account_id)
    face.edit(user_data="never")
    if cmd.save:
        store.save(face)
    raise Changed(cmd.face_id)


def _write_nonsense(cmd: WriteNonsense, store: Store) -> None:
    store.save(Face(account_id=cmd.account_id, user_data="\ud800"))


def _forget_to_save(cmd: ForgetToSave, store: Store) -> None:
    store.get(Face, cmd.face_id, cmd.account_id).edit(user_data="never")


def _say_user_data(cmd: SayUserData, store: Store) -> str:
    return store.get(Face, cmd.face_id, cmd.account_id).user_data


def _tell_of_event(cmd: TellOfEvent, store: Store) -> str:
    record_events([cmd.event], cmd.account_id, "", store)
    return str(cmd.event.generated["user_data"])


def _append_to_list(cmd: AppendToList, store: Store) -> None:
    wanted = store.get(FaceList, cmd.list_id, cmd.account_id)
    wanted.edit(wanted.user_data + cmd.letter)
    store.save(wanted)


TEST_COMMANDS: CommandTable = {
    **COMMANDS,
    Hold: _hold,
    EditThenRefuse: _edit_then_refuse,
    WriteNonsense: _write_nonsense,
    ForgetToSave: _forget_to_save,
    SayUserData: _say_user_data,
    AppendToList: _append_to_list,
    TellOfEvent: _tell_of_event,
}


class WatchedLog(MemoryLog):
    """A log in memory that remembers how many commands' events each commit had."""

    def __init__(self) -> None:
        super().__init__()
        self.commits: list[int] = []

    def commit(self, batch: Batch) -> Committed:
        committed = super().commit(batch)
        self.commits.append(len(batch.events))
        return committed


@asynccontextmanager
async def running(log: Log, **options: Any) -> AsyncIterator[GroupCommitWriter]:
    """A writer with the test commands, started and stopped."""
    writer = GroupCommitWriter(log, TEST_COMMANDS, **options)
    await asyncio.to_thread(writer.start)
    try:
        yield writer
    finally:
        await asyncio.to_thread(writer.stop)


async def together(
    writer: GroupCommitWriter,
    *commands: Command[Any],
    contexts: tuple[RequestContext | None, ...] = (),
) -> list[Any]:
    """What each command answers or raises, when all of them wait at once for one batch."""
    hold = Hold(account_id=ACCOUNT, begun=threading.Event(), release=threading.Event())
    held = asyncio.create_task(writer.send(hold))
    await asyncio.to_thread(hold.begun.wait, 60)
    given = contexts or (None,) * len(commands)
    waiting: list[Awaitable[Any]] = [
        asyncio.create_task(writer.send(command, context))
        for command, context in zip(commands, given, strict=True)
    ]
    await asyncio.sleep(0)  # each task runs once, and everything is in the queue
    hold.release.set()
    await held
    return await asyncio.gather(*waiting, return_exceptions=True)
