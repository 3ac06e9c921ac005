"""What may be asked of schedules, by clients and by who watches the clock."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from commands.command import Command, CommandTable
from commands.store import Store
from commands.tasks import CreateTask, new_task
from domain.cron import Trigger
from domain.schedules import Schedule, schedule_key


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wanted(Command[int]):
    """What a schedule shall be; with `first_task_id` its task is given at once, too."""

    schedule_id: int
    task: dict[str, Any]
    trigger: dict[str, Any]
    stopped: bool = False
    first_task_id: int | None = None

    def next_run_time(self, now: datetime) -> datetime | None:
        """When the task is due next, if ever."""
        return None if self.stopped else Trigger.model_validate(self.trigger).next_after(now)


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateSchedule(_Wanted):
    """Have a task given again and again; answers the schedule's number."""


def create_schedule(cmd: CreateSchedule, store: Store) -> int:
    """Note what is to be done, and when."""
    now = datetime.now(UTC)
    made = Schedule.with_id(
        schedule_key(cmd.schedule_id),
        account_id=cmd.account_id,
        schedule_id=cmd.schedule_id,
        task=cmd.task,
        trigger=cmd.trigger,
        next_run_time=cmd.next_run_time(now),
    )
    _give(made, cmd.first_task_id, now, store)
    return cmd.schedule_id


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplaceSchedule(_Wanted):
    """Have another task given, or at other times; answers the schedule's number."""


def replace_schedule(cmd: ReplaceSchedule, store: Store) -> int:
    """Replace the schedule whole."""
    now = datetime.now(UTC)
    schedule = _the_schedule(cmd.schedule_id, cmd.account_id, store)
    schedule.replace(cmd.task, cmd.trigger, cmd.next_run_time(now))
    _give(schedule, cmd.first_task_id, now, store)
    return cmd.schedule_id


@dataclass(frozen=True, slots=True, kw_only=True)
class SwitchSchedule(Command[None]):
    """Start or stop a schedule."""

    schedule_id: int
    running: bool


def switch_schedule(cmd: SwitchSchedule, store: Store) -> None:
    """Let it go on, or not."""
    schedule = _the_schedule(cmd.schedule_id, cmd.account_id, store)
    if cmd.running:
        schedule.start(datetime.now(UTC))
    else:
        schedule.stop()
    store.save(schedule)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteSchedule(Command[None]):
    """Remove a schedule; the tasks that it gave stay."""

    schedule_id: int


def delete_schedule(cmd: DeleteSchedule, store: Store) -> None:
    """Delete the schedule, and make what it was about unreadable in the log."""
    schedule = _the_schedule(cmd.schedule_id, cmd.account_id, store)
    schedule.delete()
    store.save(schedule)
    store.erase_subjects([schedule.id])


@dataclass(frozen=True, slots=True, kw_only=True)
class FireSchedule(Command[bool]):
    """Give the task that is due at a time; answers whether it was not given before."""

    schedule_id: int
    due_time: datetime
    task_id: int


def fire_schedule(cmd: FireSchedule, store: Store) -> bool:
    """Give the task, unless another process did or the times have changed."""
    schedule = _the_schedule(cmd.schedule_id, cmd.account_id, store)
    now = datetime.now(UTC)
    if schedule.next_run_time != cmd.due_time or cmd.due_time > now:
        return False
    _give(schedule, cmd.task_id, now, store)
    return True


def _give(schedule: Schedule, task_id: int | None, now: datetime, store: Store) -> None:
    """Save the schedule, with a task of it if there is a number for one."""
    if task_id is None:
        store.save(schedule)
        return
    schedule.fire(task_id, now)
    given = CreateTask(
        account_id=schedule.account_id,
        task_id=task_id,
        schedule_id=schedule.id,
        **schedule.task,
    )
    store.save(schedule, new_task(given))


def _the_schedule(schedule_id: int, account_id: UUID, store: Store) -> Schedule:
    try:
        return store.get(Schedule, schedule_key(schedule_id), account_id)
    except Schedule.missing:
        raise Schedule.missing(schedule_id) from None


COMMANDS: CommandTable = {
    CreateSchedule: create_schedule,
    ReplaceSchedule: replace_schedule,
    SwitchSchedule: switch_schedule,
    DeleteSchedule: delete_schedule,
    FireSchedule: fire_schedule,
}
