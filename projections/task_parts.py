"""The parts of tasks and what went wrong with them, as they are read."""

from collections.abc import Callable
from typing import Annotated, Any, Final
from uuid import UUID

from psycopg.sql import SQL
from pydantic import Field

from domain.shared.enums import SubtaskStatus, TaskStatus
from domain.shared.fields import Time
from domain.shared.numbered import Numbered, id_of
from domain.task_errors import TaskErrorNotFound
from domain.tasks import Task
from projections.database import Reader, Row, owned_by
from projections.filtering import Conditions, Filter, Page, Where
from projections.table import Delete, Insert, Table, Update
from projections.tasks import TaskIds, TaskTypeId, get_task


def _subtask(event: Any) -> UUID:
    return id_of(Numbered.SUBTASK, event.subtask_id)


def _error(event: Any) -> UUID:
    return id_of(Numbered.TASK_ERROR, event.error_id)


def _is(status: SubtaskStatus) -> Callable[[Any], int]:
    number = status.value
    return lambda _: number


class _Attempt(Update):
    """Beside the update, the row counts how often the part was begun."""

    def __call__(self, row: Row | None, event: Any, table: Table) -> Row | None:
        """The row, counted."""
        changed = super().__call__(row, event, table)
        return None if changed is None else {**changed, "attempts": changed["attempts"] + 1}


SUBTASKS = Table(
    "subtasks",
    key="id",
    columns={
        "id": "uuid PRIMARY KEY",
        "subtask_id": "bigint NOT NULL",
        "task_id": "bigint NOT NULL",
        "subtask_status": "smallint NOT NULL",
        "attempts": "integer NOT NULL",
        "result_id": "uuid",
        "content": "jsonb",
        "create_time": "timestamptz NOT NULL",
        "end_time": "timestamptz",
    },
    defaults={"subtask_status": SubtaskStatus.PENDING.value, "attempts": 0},
    indexes=(
        "(task_id, subtask_id)",  # the parts of a task
        "(task_id) WHERE subtask_status IN (0, 1)",  # those that are still to be done
    ),
    rules=[
        Insert(
            Task.SubtaskCreated,
            *("subtask_id", "task_id", "content"),
            key=_subtask,
            create_time="timestamp",
        ),
        _Attempt(Task.SubtaskStarted, key=_subtask, subtask_status=_is(SubtaskStatus.IN_PROGRESS)),
        Update(
            Task.SubtaskDone,
            "result_id",
            key=_subtask,
            subtask_status=_is(SubtaskStatus.DONE),
            end_time="timestamp",
        ),
        Update(
            Task.SubtaskFailed,
            key=_subtask,
            subtask_status=_is(SubtaskStatus.FAILED),
            end_time="timestamp",
        ),
        Delete(Task.SubtaskDropped, key=_subtask),
    ],
)

TASK_ERRORS = Table(
    "task_errors",
    key="id",
    columns={
        "id": "uuid PRIMARY KEY",
        "error_id": "bigint NOT NULL",
        "task_id": "bigint NOT NULL",
        "subtask_id": "bigint",
        "error_code": "integer NOT NULL",
        "status_code": "smallint NOT NULL",
        "description": "text NOT NULL",
        "detail": "text",
        "additional_info": "text",
        "error_time": "timestamptz NOT NULL",
    },
    unique={"number": "(error_id)"},
    indexes=("(task_id, error_id)",),  # the errors of a task
    rules=[
        Insert(
            Task.ErrorRaised,
            *("error_id", "task_id", "subtask_id", "error_code", "status_code"),
            *("description", "detail", "additional_info"),
            key=_error,
            error_time="timestamp",
        ),
        Delete(Task.ErrorDropped, key=_error),
    ],
)

_PART: Final = (
    "subtask_id, task_id, result_id, create_time, end_time, subtask_status, content, attempts"
)


def list_subtasks(db: Reader, account_id: UUID | None, task_id: int) -> list[Row]:
    """All parts of a task, in order; parts that a cancelled task left undone are cancelled."""
    task = get_task(db, account_id, task_id)
    rows = db.fetch_all(
        "SELECT " + _PART + " FROM subtasks WHERE task_id = %s ORDER BY subtask_id", [task_id]
    )
    if task["task_status"] == TaskStatus.CANCELLED:
        undone = (SubtaskStatus.PENDING, SubtaskStatus.IN_PROGRESS)
        for row in rows:
            if row["subtask_status"] in undone:
                row["subtask_status"] = SubtaskStatus.CANCELLED.value
                row["end_time"] = task["end_time"]
    return rows


def open_subtasks(db: Reader, task_id: int, limit: int = 16) -> list[int]:
    """The numbers of the first parts that are still to be done."""
    rows = db.fetch_all(
        "SELECT subtask_id FROM subtasks WHERE task_id = %s AND subtask_status IN (0, 1) "
        "ORDER BY subtask_id LIMIT %s",
        [task_id, limit],
    )
    return [row["subtask_id"] for row in rows]


def get_subtask(db: Reader, subtask_id: int) -> Row | None:
    """One part, if it is there."""
    return db.fetch_one("SELECT " + _PART + " FROM subtasks WHERE subtask_id = %s", [subtask_id])


def finished_parts(db: Reader, task_id: int) -> list[Row]:
    """What the parts came to, in order: `subtask_status` and `result_id`."""
    return db.fetch_all(
        "SELECT subtask_id, subtask_status, result_id FROM subtasks "
        "WHERE task_id = %s ORDER BY subtask_id",
        [task_id],
    )


class TaskErrorConditions(Conditions):
    """Which errors are meant; the query parameters of `GET /6/tasks/errors/count`."""

    error_ids: Annotated[TaskIds | None, Where("e.error_id = ANY(%s)")] = None
    task_ids: Annotated[TaskIds | None, Where("e.task_id = ANY(%s)")] = None
    task_type: Annotated[TaskTypeId | None, Where("t.task_type = %s")] = None
    error_code: Annotated[
        int | None, Field(ge=-(2**31), le=2**31 - 1), Where("e.error_code = %s")
    ] = None
    status_code: Annotated[int | None, Field(ge=400, le=599), Where("e.status_code = %s")] = None
    error_time__gte: Annotated[Time | None, Where("e.error_time >= %s")] = None
    error_time__lt: Annotated[Time | None, Where("e.error_time < %s")] = None


class TaskErrorFilter(TaskErrorConditions, Filter):
    """Which page of errors to show; the query parameters of `GET /6/tasks/errors`."""


_ERROR: Final = (
    "e.error_id, e.task_id, e.subtask_id, e.error_code, e.description, e.detail, "
    "e.additional_info, e.error_time"
)
_OF_TASKS: Final = " FROM task_errors e JOIN tasks t USING (task_id) WHERE {} AND {} "


def list_errors(db: Reader, account_id: UUID | None, wanted: TaskErrorFilter) -> list[Row]:
    """One page of the errors of all tasks, newest first."""
    owner, of_owner = owned_by(account_id)
    where, values = wanted.where()
    query = SQL(
        "SELECT " + _ERROR + _OF_TASKS + "ORDER BY e.error_id DESC LIMIT %s OFFSET %s"
    ).format(owner, where)
    return db.fetch_all(query, [*of_owner, *values, wanted.page_size, wanted.offset])


def count_errors(db: Reader, account_id: UUID | None, wanted: TaskErrorConditions) -> int:
    """How many errors pass all conditions."""
    owner, of_owner = owned_by(account_id)
    where, values = wanted.where()
    query = SQL("SELECT count(*)" + _OF_TASKS).format(owner, where)
    return int(db.fetch_value(query, [*of_owner, *values]))


def errors_of_task(
    db: Reader, account_id: UUID | None, task_id: int, page: Page | None = None
) -> list[Row]:
    """The errors of one task in order, a page or all of them; refuses a missing task."""
    get_task(db, account_id, task_id)
    query = "SELECT " + _ERROR + " FROM task_errors e WHERE e.task_id = %s ORDER BY e.error_id"
    if page is None:
        return db.fetch_all(query, [task_id])
    return db.fetch_all(query + " LIMIT %s OFFSET %s", [task_id, page.page_size, page.offset])


def get_error(db: Reader, account_id: UUID | None, error_id: int) -> Row:
    """One error; refuses an unknown or foreign one."""
    owner, of_owner = owned_by(account_id)
    query = SQL("SELECT " + _ERROR + _OF_TASKS).format(owner, SQL("e.error_id = %s"))
    row = db.fetch_one(query, [*of_owner, error_id])
    if row is None:
        raise TaskErrorNotFound(error_id)
    return row
