"""Schedules as they are read."""

from typing import Annotated, Any, Final
from uuid import UUID

from psycopg.sql import SQL

from domain.schedules import Schedule, ScheduleNotFound
from domain.shared.fields import Time
from projections.database import Reader, Row, owned_by
from projections.filtering import Filter, Where
from projections.table import Delete, Insert, Table, Update
from projections.tasks import TaskTypeId

MOST_TASKS: Final = 1000
"""So many of its latest tasks a schedule shows."""


def _task_type(event: Any) -> int:
    return 0 if event.task is None else event.task["task_type"]


SCHEDULES = Table(
    "schedules",
    key="id",
    columns={
        "id": "uuid PRIMARY KEY",
        "schedule_id": "bigint NOT NULL",
        "account_id": "uuid NOT NULL",
        "task": "jsonb",
        "task_type": "smallint NOT NULL",
        "trigger": "jsonb NOT NULL",
        "next_run_time": "timestamptz",
        "create_time": "timestamptz NOT NULL",
        "last_update_time": "timestamptz NOT NULL",
    },
    unique={"number": "(schedule_id)"},
    indexes=(
        "(account_id, schedule_id)",  # pages of one account, newest first
        "(next_run_time) WHERE next_run_time IS NOT NULL",  # what is due
    ),
    rules=[
        Insert(
            Schedule.Created,
            *("schedule_id", "account_id", "task", "trigger", "next_run_time"),
            task_type=_task_type,
            create_time="timestamp",
            last_update_time="timestamp",
        ),
        Update(
            Schedule.Replaced,
            *("task", "trigger", "next_run_time"),
            task_type=_task_type,
            last_update_time="timestamp",
        ),
        Update(Schedule.Started, "next_run_time", last_update_time="timestamp"),
        Update(Schedule.Stopped, next_run_time=lambda _: None, last_update_time="timestamp"),
        Update(Schedule.Fired, "next_run_time"),
        Delete(Schedule.Deleted),
    ],
)


class ScheduleFilter(Filter):
    """Which page of schedules to show; the query parameters of `GET /6/tasks/schedules`."""

    task_type: Annotated[TaskTypeId | None, Where("task_type = %s")] = None
    create_time__gte: Annotated[Time | None, Where("create_time >= %s")] = None
    create_time__lt: Annotated[Time | None, Where("create_time < %s")] = None


_SHOWN: Final = (
    "schedule_id, account_id, task, trigger, next_run_time, create_time, last_update_time, "
    "ARRAY(SELECT task_id FROM tasks t WHERE t.schedule_id = s.schedule_id "
    f"ORDER BY task_id DESC LIMIT {MOST_TASKS}) AS task_ids"
)


def list_schedules(db: Reader, account_id: UUID | None, wanted: ScheduleFilter) -> list[Row]:
    """One page, newest first."""
    owner, of_owner = owned_by(account_id)
    where, values = wanted.where()
    query = SQL(
        "SELECT " + _SHOWN + " FROM schedules s WHERE {} AND {} "
        "ORDER BY schedule_id DESC LIMIT %s OFFSET %s"
    ).format(owner, where)
    return db.fetch_all(query, [*of_owner, *values, wanted.page_size, wanted.offset])


def get_schedule(db: Reader, account_id: UUID | None, schedule_id: int) -> Row:
    """One schedule; refuses an unknown or foreign one."""
    owner, of_owner = owned_by(account_id)
    query = SQL("SELECT " + _SHOWN + " FROM schedules s WHERE schedule_id = %s AND {}").format(
        owner
    )
    row = db.fetch_one(query, [schedule_id, *of_owner])
    if row is None:
        raise ScheduleNotFound(schedule_id)
    return row


def due_schedules(db: Reader, limit: int = 100) -> list[Row]:
    """What is due now: `schedule_id`, `account_id`, `next_run_time`; longest due first."""
    return db.fetch_all(
        "SELECT schedule_id, account_id, next_run_time FROM schedules "
        "WHERE next_run_time <= now() ORDER BY next_run_time LIMIT %s",
        [limit],
    )
