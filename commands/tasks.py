"""What may be asked of tasks, by clients and by those who work on them."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from commands.command import Command, CommandTable
from commands.store import Store
from commands.task_callbacks import tell_of_subtask, tell_of_task
from domain.task_errors import Trouble, task_key
from domain.tasks import KeptResult, Task


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateTask(Command[int]):
    """Give a job, under a number that nobody else has; answers the number."""

    task_id: int
    task_type: int
    content: dict[str, Any]
    description: str = ""
    notification_policy: dict[str, Any] = field(default_factory=dict)
    result_storage_policy: dict[str, Any] = field(default_factory=dict)
    schedule_id: UUID | None = None


def create_task(cmd: CreateTask, store: Store) -> int:
    """Note the job; somebody will begin."""
    store.save(new_task(cmd))
    return cmd.task_id


def new_task(cmd: CreateTask) -> Task:
    """The job, not saved yet."""
    return Task.with_id(
        task_key(cmd.task_id),
        account_id=cmd.account_id,
        task_id=cmd.task_id,
        task_type=cmd.task_type,
        content=cmd.content,
        description=cmd.description,
        notification_policy=cmd.notification_policy,
        result_storage_policy=cmd.result_storage_policy,
        schedule_id=cmd.schedule_id,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class OfTask(Command[bool]):
    """Something about one task; answers whether it counts: a task that is over stays so.

    `request_id` is what those are told who want to know of the task.
    """

    task_id: int
    request_id: str = ""


def the_task(task_id: int, account_id: UUID, store: Store) -> Task:
    """The account's task; refuses unknown, foreign and deleted ones by their number."""
    try:
        return store.get(Task, task_key(task_id), account_id)
    except Task.missing:
        raise Task.missing(task_id) from None


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelTask(OfTask):
    """Stop the task."""


def cancel_task(cmd: CancelTask, store: Store) -> bool:
    """Cancel it, unless it is over."""
    task = the_task(cmd.task_id, cmd.account_id, store)
    counts = not task.is_over
    task.cancel()
    store.save(task)
    if counts:
        tell_of_task(task, store, cmd.request_id)
    return counts


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteTask(Command[list[UUID]]):
    """Remove a task with all that is known of it; answers the ids of results to be removed."""

    task_id: int


def delete_task(cmd: DeleteTask, store: Store) -> list[UUID]:
    """Delete the task, and make what it was about unreadable in the log."""
    task = the_task(cmd.task_id, cmd.account_id, store)
    results = [*task.part_results.values(), *([task.result_id] if task.result_id else [])]
    task.delete()
    store.save(task)
    store.erase_subjects([task.id])
    return results


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplaceTaskNotificationPolicy(Command[None]):
    """Tell others of the task's progress from now on."""

    task_id: int
    notification_policy: dict[str, Any]


def replace_policy(cmd: ReplaceTaskNotificationPolicy, store: Store) -> None:
    """Replace the policy whole."""
    task = the_task(cmd.task_id, cmd.account_id, store)
    task.replace_notification_policy(cmd.notification_policy)
    store.save(task)


@dataclass(frozen=True, slots=True, kw_only=True)
class StartTask(OfTask):
    """Begin to work on the task."""


def start_task(cmd: StartTask, store: Store) -> bool:
    """Start it, if it waits."""
    task = the_task(cmd.task_id, cmd.account_id, store)
    counts = task.start()
    store.save(task)
    return counts


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitTask(OfTask):
    """Set out the parts of the task: their numbers, and what each is about."""

    parts: tuple[tuple[int, dict[str, Any]], ...]


def split_task(cmd: SplitTask, store: Store) -> bool:
    """Note the parts, unless there are some."""
    task = the_task(cmd.task_id, cmd.account_id, store)
    counts = task.split(cmd.parts)
    store.save(task)
    return counts


@dataclass(frozen=True, slots=True, kw_only=True)
class StartSubtask(OfTask):
    """Begin a part, perhaps again."""

    subtask_id: int


def start_subtask(cmd: StartSubtask, store: Store) -> bool:
    """Note that a part is at work."""
    task = the_task(cmd.task_id, cmd.account_id, store)
    counts = task.start_subtask(cmd.subtask_id)
    store.save(task)
    return counts


@dataclass(frozen=True, slots=True, kw_only=True)
class FinishSubtask(OfTask):
    """A part came to something, with errors on the way."""

    subtask_id: int
    result_id: UUID | None
    troubles: tuple[Trouble, ...] = ()


def finish_subtask(cmd: FinishSubtask, store: Store) -> bool:
    """Take the part's result; the last part begins the collection."""
    task = the_task(cmd.task_id, cmd.account_id, store)
    counts = task.finish_subtask(cmd.subtask_id, cmd.result_id, cmd.troubles)
    store.save(task)
    if counts:
        tell_of_subtask(task, cmd.subtask_id, store, cmd.request_id)
    return counts


@dataclass(frozen=True, slots=True, kw_only=True)
class FailSubtask(OfTask):
    """A part came to nothing."""

    subtask_id: int
    troubles: tuple[Trouble, ...]


def fail_subtask(cmd: FailSubtask, store: Store) -> bool:
    """Note why; the last part begins the collection."""
    task = the_task(cmd.task_id, cmd.account_id, store)
    counts = task.fail_subtask(cmd.subtask_id, cmd.troubles)
    store.save(task)
    if counts:
        tell_of_subtask(task, cmd.subtask_id, store, cmd.request_id)
    return counts


@dataclass(frozen=True, slots=True, kw_only=True)
class CompleteTask(OfTask):
    """The task is done."""

    result: KeptResult | None


def complete_task(cmd: CompleteTask, store: Store) -> bool:
    """Keep the result, if there is one."""
    task = the_task(cmd.task_id, cmd.account_id, store)
    counts = task.complete(cmd.result, datetime.now(UTC))
    store.save(task)
    if counts:
        tell_of_task(task, store, cmd.request_id)
    return counts


@dataclass(frozen=True, slots=True, kw_only=True)
class FailTask(OfTask):
    """The task came to nothing."""

    troubles: tuple[Trouble, ...] = ()


def fail_task(cmd: FailTask, store: Store) -> bool:
    """Note why."""
    task = the_task(cmd.task_id, cmd.account_id, store)
    counts = task.fail(cmd.troubles)
    store.save(task)
    if counts:
        tell_of_task(task, store, cmd.request_id)
    return counts


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpireTaskResult(Command[UUID | None]):
    """The result was kept as long as it should be; answers its id, if there was one."""

    task_id: int


def expire_result(cmd: ExpireTaskResult, store: Store) -> UUID | None:
    """Let the result go."""
    task = the_task(cmd.task_id, cmd.account_id, store)
    gone = task.expire_result()
    store.save(task)
    return gone


COMMANDS: CommandTable = {
    CreateTask: create_task,
    CancelTask: cancel_task,
    DeleteTask: delete_task,
    ReplaceTaskNotificationPolicy: replace_policy,
    StartTask: start_task,
    SplitTask: split_task,
    StartSubtask: start_subtask,
    FinishSubtask: finish_subtask,
    FailSubtask: fail_subtask,
    CompleteTask: complete_task,
    FailTask: fail_task,
    ExpireTaskResult: expire_result,
}
