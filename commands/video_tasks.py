"""What may be asked of video tasks."""

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from commands.command import Command, CommandTable
from commands.store import Store
from domain.shared.ids import new_id
from domain.video_tasks import VideoTask


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateVideoTask(Command[UUID]):
    """Have the analytics of a film computed later; answers the task's id."""

    task_id: UUID = field(default_factory=new_id)
    content: dict[str, Any]


def create_video_task(cmd: CreateVideoTask, store: Store) -> UUID:
    """Make the task."""
    made = VideoTask.with_id(cmd.task_id, account_id=cmd.account_id, content=cmd.content)
    store.save(made)
    return made.id


@dataclass(frozen=True, slots=True, kw_only=True)
class BeginVideoTask(Command[bool]):
    """Take a task that waits; answers whether it did."""

    task_id: UUID


def begin_video_task(cmd: BeginVideoTask, store: Store) -> bool:
    """Begin the task, unless somebody else has."""
    task = store.get(VideoTask, cmd.task_id, cmd.account_id)
    begun = task.begin()
    store.save(task)
    return begun


@dataclass(frozen=True, slots=True, kw_only=True)
class EndVideoTask(Command[None]):
    """Tell what came of a task: the object that holds the result, or what went wrong."""

    task_id: UUID
    result_id: UUID | None = None
    error: str | None = None


def end_video_task(cmd: EndVideoTask, store: Store) -> None:
    """End the task."""
    task = store.get(VideoTask, cmd.task_id, cmd.account_id)
    task.end(cmd.result_id, cmd.error)
    store.save(task)


@dataclass(frozen=True, slots=True, kw_only=True)
class LoseVideoWorker(Command[None]):
    """Have a task wait for another worker, since nobody is heard of it."""

    task_id: UUID


def lose_video_worker(cmd: LoseVideoWorker, store: Store) -> None:
    """Give the task back."""
    task = store.get(VideoTask, cmd.task_id, cmd.account_id)
    task.lose_worker()
    store.save(task)


COMMANDS: CommandTable = {
    CreateVideoTask: create_video_task,
    BeginVideoTask: begin_video_task,
    EndVideoTask: end_video_task,
    LoseVideoWorker: lose_video_worker,
}
