"""Schedules: tasks that are given again and again."""

from datetime import datetime
from typing import Annotated, Any, ClassVar, Final
from uuid import UUID

from eventsourcing.domain import Aggregate, event
from pydantic import Field, ValidationInfo, field_validator

from domain.cron import Trigger
from domain.estimator_task import EstimatorContent
from domain.gc_task import GcContent
from domain.shared.enums import TaskType
from domain.shared.fields import Integer, Record, Text
from domain.shared.numbered import MOST, Numbered, id_of
from domain.shared.owned import Owned
from domain.shared.refusal import Refusal
from domain.task_kinds import (
    ClusteringContent,
    CrossMatchContent,
    ExporterContent,
    LinkerContent,
    ReporterContent,
    RocContent,
)
from domain.task_policies import ResultStoragePolicy, TaskNotificationPolicy

CONTENT_OF: Final[dict[int, type[Record]]] = {
    TaskType.LINKER: LinkerContent,
    TaskType.CLUSTERING: ClusteringContent,
    TaskType.REPORTER: ReporterContent,
    TaskType.GARBAGE_COLLECTION: GcContent,
    TaskType.CROSS_MATCHING: CrossMatchContent,
    TaskType.ROC: RocContent,
    TaskType.EXPORTER: ExporterContent,
    TaskType.ESTIMATOR: EstimatorContent,
}
"""The content of every type of task that can be given again and again."""


class ScheduleNotFound(Refusal):
    """The schedule is unknown, foreign or deleted."""

    detail = "Schedule with id '{}' not found"


class ScheduledTask(Record):
    """The task that is given each time."""

    task_type: Annotated[int, Integer]
    content: Any
    description: Annotated[Text, Field(max_length=128)] = ""
    notification_policy: TaskNotificationPolicy = TaskNotificationPolicy()
    result_storage_policy: ResultStoragePolicy = ResultStoragePolicy()

    @field_validator("task_type")
    @classmethod
    def _offered(cls, given: int) -> int:
        if given not in CONTENT_OF:
            permitted = ", ".join(str(int(number)) for number in CONTENT_OF)
            raise ValueError(f"unexpected value; permitted: {permitted}")
        return given

    @field_validator("content")
    @classmethod
    def _of_the_type(cls, given: Any, info: ValidationInfo) -> Any:
        model = CONTENT_OF.get(info.data.get("task_type", 0))
        return given if model is None else model.model_validate(given)

    def as_dict(self) -> dict[str, Any]:
        """The task as JSON values, with all defaults filled in."""
        return {**self.model_dump(mode="json", exclude={"content"}), "content": self.content_dict}

    @property
    def content_dict(self) -> dict[str, Any]:
        """The content as JSON values."""
        content: Record = self.content
        return content.as_dict()


def schedule_key(schedule_id: int) -> UUID:
    """The id under which the log keeps a schedule; refuses numbers that no schedule has."""
    if not 0 < schedule_id <= MOST:
        raise ScheduleNotFound(schedule_id)
    return id_of(Numbered.SCHEDULE, schedule_id)


class Schedule(Owned):
    """A task of one account and when it is due; one that is stopped is never due.

    Every fact says when the task is due next, so that nobody else needs to know the calendar.
    """

    TOPIC = "schedule"
    missing = ScheduleNotFound

    class Created(Owned.Created):
        """A task is to be given again and again."""

        TOPIC = "schedule.created"
        PII: ClassVar[frozenset[str]] = frozenset({"task"})
        schedule_id: int
        task: dict[str, Any]
        trigger: dict[str, Any]
        next_run_time: datetime | None

    class Replaced(Aggregate.Event):
        """Another task, or other times."""

        TOPIC = "schedule.replaced"
        PII: ClassVar[frozenset[str]] = frozenset({"task"})
        task: dict[str, Any]
        trigger: dict[str, Any]
        next_run_time: datetime | None

    class Started(Aggregate.Event):
        """It goes on."""

        TOPIC = "schedule.started"
        next_run_time: datetime | None

    class Stopped(Aggregate.Event):
        """No more tasks for the time being."""

        TOPIC = "schedule.stopped"

    class Fired(Aggregate.Event):
        """The task was given, under this number."""

        TOPIC = "schedule.fired"
        task_id: int
        next_run_time: datetime | None

    class Deleted(Owned.Deleted):
        """The schedule is gone; its tasks stay."""

        TOPIC = "schedule.deleted"

    @event(Created)
    def __init__(
        self,
        account_id: UUID,
        schedule_id: int,
        task: dict[str, Any],
        trigger: dict[str, Any],
        next_run_time: datetime | None,
    ) -> None:
        super().__init__(account_id)
        self.schedule_id = schedule_id
        self.task, self.trigger, self.next_run_time = task, trigger, next_run_time

    @property
    def is_running(self) -> bool:
        """Whether a time is set at which the task is given."""
        return self.next_run_time is not None

    @event(Replaced)
    def replace(
        self, task: dict[str, Any], trigger: dict[str, Any], next_run_time: datetime | None
    ) -> None:
        """Be this from now on."""
        self.task, self.trigger, self.next_run_time = task, trigger, next_run_time

    def start(self, now: datetime) -> None:
        """Go on; what would have been due meanwhile is not made up for."""
        if not self.is_running:
            self._start(Trigger.model_validate(self.trigger).next_after(now))

    @event(Started)
    def _start(self, next_run_time: datetime | None) -> None:
        self.next_run_time = next_run_time

    def stop(self) -> None:
        """Give no more tasks for the time being."""
        if self.is_running:
            self._stop()

    @event(Stopped)
    def _stop(self) -> None:
        self.next_run_time = None

    def fire(self, task_id: int, now: datetime) -> None:
        """Note that the task was given; all times up to now count as this one."""
        due = self.next_run_time
        if due is not None and due <= now:
            due = Trigger.model_validate(self.trigger).next_after(now)
        self._fire(task_id, due)

    @event(Fired)
    def _fire(self, task_id: int, next_run_time: datetime | None) -> None:
        self.next_run_time = next_run_time
