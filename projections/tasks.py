"""Tasks as they are read."""

from typing import Annotated, Any
from uuid import UUID

from psycopg.sql import SQL
from pydantic import Field

from domain.shared.enums import TaskStatus
from domain.shared.fields import Time
from domain.shared.numbered import number_of
from domain.task_errors import TaskNotFound
from domain.tasks import Task
from projections.database import Reader, Row, owned_by
from projections.filtering import CommaList, Conditions, Filter, Where
from projections.table import Delete, Insert, Table, Update


class _Counted(Update):
    """Beside the update, one number of the row grows by one."""

    def __init__(self, event_class: type[Any], counter: str, **columns: Any) -> None:
        super().__init__(event_class, **columns)
        self.counter = counter

    def __call__(self, row: Row | None, event: Any, table: Table) -> Row | None:
        """The row, counted."""
        changed = super().__call__(row, event, table)
        return None if changed is None else {**changed, self.counter: changed[self.counter] + 1}


def _became(event_class: type[Any], status: TaskStatus, *fields: str, **columns: Any) -> Update:
    number = status.value
    return Update(
        event_class,
        *fields,
        task_status=lambda _: number,
        last_update_time="timestamp",
        **columns,
    )


def _schedule(event: Any) -> int | None:
    return None if event.schedule_id is None else number_of(event.schedule_id)


TASKS = Table(
    "tasks",
    key="id",
    columns={
        "id": "uuid PRIMARY KEY",
        "task_id": "bigint NOT NULL",
        "account_id": "uuid NOT NULL",
        "task_type": "smallint NOT NULL",
        "task_status": "smallint NOT NULL",
        "content": "jsonb",
        "description": "text",
        "notification_policy": "jsonb",
        "result_storage_policy": "jsonb NOT NULL",
        "schedule_id": "bigint",
        "count_task_parts_all": "integer NOT NULL",
        "count_task_parts_done": "integer NOT NULL",
        "result_id": "uuid",
        "result_type": "text",
        "result_size": "bigint",
        "result_expire_time": "timestamptz",
        "create_time": "timestamptz NOT NULL",
        "last_update_time": "timestamptz NOT NULL",
        "end_time": "timestamptz",
    },
    defaults={
        "task_status": TaskStatus.PENDING.value,
        "count_task_parts_all": 0,
        "count_task_parts_done": 0,
    },
    unique={"number": "(task_id)"},
    indexes=(
        "(account_id, task_id)",  # pages of one account, newest first
        "(schedule_id) WHERE schedule_id IS NOT NULL",  # the tasks of a schedule
        "(last_update_time) WHERE task_status IN (0, 1, 4)",  # what is to be worked on
        "(result_expire_time) WHERE result_expire_time IS NOT NULL",  # results that may go
    ),
    rules=[
        Insert(
            Task.Created,
            *("task_id", "account_id", "task_type", "content", "description"),
            *("notification_policy", "result_storage_policy"),
            schedule_id=_schedule,
            create_time="timestamp",
            last_update_time="timestamp",
        ),
        _became(Task.Started, TaskStatus.IN_PROGRESS),
        _Counted(Task.SubtaskCreated, "count_task_parts_all", last_update_time="timestamp"),
        Update(Task.SubtaskStarted, last_update_time="timestamp"),
        _Counted(Task.SubtaskDone, "count_task_parts_done", last_update_time="timestamp"),
        Update(Task.SubtaskFailed, last_update_time="timestamp"),
        _became(Task.CollectionStarted, TaskStatus.COLLECTING_RESULTS),
        _became(
            Task.Done,
            TaskStatus.DONE,
            "result_id",
            result_type="content_type",
            result_size="size",
            result_expire_time="expire_time",
            end_time="timestamp",
        ),
        _became(Task.Failed, TaskStatus.FAILED, end_time="timestamp"),
        _became(Task.Cancelled, TaskStatus.CANCELLED, end_time="timestamp"),
        Update(
            Task.NotificationPolicyReplaced, "notification_policy", last_update_time="timestamp"
        ),
        Update(
            Task.ResultExpired,
            result_id=lambda _: None,
            result_expire_time=lambda _: None,
            last_update_time="timestamp",
        ),
        Delete(Task.Deleted),
    ],
)


TaskNumber = Annotated[int, Field(ge=1, le=2**63 - 1)]
TaskIds = Annotated[list[TaskNumber], Field(min_length=1), CommaList]
TaskTypeId = Annotated[int, Field(ge=0, le=10)]


class TaskConditions(Conditions):
    """Which tasks are meant; every field is a query parameter of `GET /6/tasks/count`."""

    task_ids: Annotated[TaskIds | None, Where("task_id = ANY(%s)")] = None
    task_id: Annotated[TaskNumber | None, Where("task_id = %s")] = None
    task_type: Annotated[TaskTypeId | None, Where("task_type = %s")] = None
    task_status: Annotated[int | None, Field(ge=0, le=5), Where("task_status = %s")] = None
    schedule_id: Annotated[TaskNumber | None, Where("schedule_id = %s")] = None
    create_time__gte: Annotated[Time | None, Where("create_time >= %s")] = None
    create_time__lt: Annotated[Time | None, Where("create_time < %s")] = None
    end_time__gte: Annotated[Time | None, Where("end_time >= %s")] = None
    end_time__lt: Annotated[Time | None, Where("end_time < %s")] = None


class TaskFilter(TaskConditions, Filter):
    """Which page of tasks to show; the query parameters of `GET /6/tasks`."""


_SHOWN = (
    "task_id, account_id, create_time, end_time, last_update_time, task_type, task_status, "
    "result_id, count_task_parts_done, count_task_parts_all, content, description, "
    "notification_policy, result_storage_policy, schedule_id"
)


def list_tasks(db: Reader, account_id: UUID | None, wanted: TaskFilter) -> list[Row]:
    """One page, newest first."""
    owner, of_owner = owned_by(account_id)
    where, values = wanted.where()
    query = SQL(
        "SELECT " + _SHOWN + " FROM tasks WHERE {} AND {} ORDER BY task_id DESC LIMIT %s OFFSET %s"
    ).format(owner, where)
    return db.fetch_all(query, [*of_owner, *values, wanted.page_size, wanted.offset])


def count_tasks(db: Reader, account_id: UUID | None, wanted: TaskConditions) -> int:
    """How many tasks pass all conditions."""
    owner, of_owner = owned_by(account_id)
    where, values = wanted.where()
    query = SQL("SELECT count(*) FROM tasks WHERE {} AND {}").format(owner, where)
    return int(db.fetch_value(query, [*of_owner, *values]))


def get_task(db: Reader, account_id: UUID | None, task_id: int) -> Row:
    """One task; refuses an unknown or foreign one."""
    return _get(db, account_id, task_id, _SHOWN)


def get_task_result(db: Reader, account_id: UUID | None, task_id: int) -> Row:
    """Where the result of a task is: `result_id` (or None), `result_type`, `result_size`."""
    return _get(db, account_id, task_id, "task_id, result_id, result_type, result_size")


def _get(db: Reader, account_id: UUID | None, task_id: int, columns: str) -> Row:
    owner, of_owner = owned_by(account_id)
    query = SQL("SELECT " + columns + " FROM tasks WHERE task_id = %s AND {}").format(owner)
    row = db.fetch_one(query, [task_id, *of_owner])
    if row is None:
        raise TaskNotFound(task_id)
    return row


def open_tasks(db: Reader, limit: int = 100) -> list[Row]:
    """Tasks that are to be worked on, the one that waits longest first."""
    return db.fetch_all(
        "SELECT task_id, account_id, task_type, task_status, count_task_parts_all FROM tasks "
        "WHERE task_status IN (0, 1, 4) ORDER BY last_update_time, task_id LIMIT %s",
        [limit],
    )


def expired_results(db: Reader, limit: int = 100) -> list[Row]:
    """Tasks whose results were kept long enough: `task_id` and `account_id`."""
    return db.fetch_all(
        "SELECT task_id, account_id FROM tasks WHERE result_expire_time < now() LIMIT %s", [limit]
    )
