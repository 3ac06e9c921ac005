"""Bodies about tasks."""

from typing import Annotated, Any, Generic, TypeVar
from uuid import UUID

from pydantic import BaseModel, Field

from domain.estimator_task import EstimatorContent
from domain.gc_task import GcContent
from domain.shared.fields import Absent, Id, Record, Text, Time
from domain.task_kinds import (
    ClusteringContent,
    CrossMatchContent,
    ExporterContent,
    LinkerContent,
    ReporterContent,
    RocContent,
)
from domain.task_policies import ResultStoragePolicy, TaskNotificationPolicy
from projections.task_parts import TaskErrorConditions, TaskErrorFilter
from projections.tasks import TaskConditions, TaskFilter

C = TypeVar("C", bound=Record)


class TaskCreate(Record, Generic[C]):
    """A task to be done: what, who is told of it, and how long its result is kept."""

    content: C
    description: Annotated[Text, Field(max_length=128)] = ""
    notification_policy: TaskNotificationPolicy = TaskNotificationPolicy()
    result_storage_policy: ResultStoragePolicy = ResultStoragePolicy()


class ClusteringTask(TaskCreate[ClusteringContent]):
    """A clustering task."""


class CrossMatchTask(TaskCreate[CrossMatchContent]):
    """A cross-matching task."""


class RocTask(TaskCreate[RocContent]):
    """A task that draws a ROC curve."""


class ReporterTask(TaskCreate[ReporterContent]):
    """A report about a clustering."""


class ExporterTask(TaskCreate[ExporterContent]):
    """An export of objects."""


class EstimatorTask(TaskCreate[EstimatorContent]):
    """A task that makes events of many images."""


class LinkerTask(TaskCreate[LinkerContent]):
    """A task that puts objects into a list."""


class GcTask(TaskCreate[GcContent]):
    """A task that removes objects."""


class TaskCreated(BaseModel):
    """The number of a new task."""

    task_id: int


class TaskView(BaseModel):
    """How far a task is: `count_task_parts_done` of `count_task_parts_all`."""

    task_id: int
    account_id: UUID
    create_time: Time
    end_time: Time | None
    last_update_time: Time
    task_type: int
    task_status: int
    result_id: UUID | None
    count_task_parts_done: int
    count_task_parts_all: int
    content: dict[str, Any]
    description: str
    notification_policy: TaskNotificationPolicy
    result_storage_policy: ResultStoragePolicy
    schedule_id: int | None


class TasksPage(BaseModel):
    """One page of tasks, newest first."""

    tasks: list[TaskView]


class TaskCount(BaseModel):
    """How many there are."""

    count: int


class SubtaskView(BaseModel):
    """A part of a task; `subtask_status` has a scale of its own, on which 4 is done."""

    subtask_id: int
    task_id: int
    result_id: UUID | None
    create_time: Time
    end_time: Time | None
    subtask_status: int
    content: dict[str, Any]


class SubtasksView(BaseModel):
    """All parts of a task."""

    subtasks: list[SubtaskView]


class TaskErrorView(BaseModel):
    """What went wrong; `additional_info` is the id of the object at fault, if any."""

    error_id: int
    task_id: int
    subtask_id: int | None
    error_code: int
    description: str
    detail: str
    additional_info: str | None
    error_time: Time
    link: str


class TaskErrorsPage(BaseModel):
    """One page of errors."""

    errors: list[TaskErrorView]


class TaskResultView(BaseModel):
    """What a task came to, with the errors on the way."""

    result: Any
    errors: list[TaskErrorView]


class _OfAccount(BaseModel):
    account_id: Absent[Id] = None
    """The account whose tasks are meant, among those that the caller may read."""


class TasksQuery(TaskFilter, _OfAccount):
    """The query parameters of `GET /6/tasks`."""


class TaskCountQuery(TaskConditions, _OfAccount):
    """The query parameters of `GET /6/tasks/count`."""


class TaskErrorsQuery(TaskErrorFilter, _OfAccount):
    """The query parameters of `GET /6/tasks/errors`."""


class TaskErrorCountQuery(TaskErrorConditions, _OfAccount):
    """The query parameters of `GET /6/tasks/errors/count`."""
