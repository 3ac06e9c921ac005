"""Bodies about schedules."""

from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, Field

from domain.cron import Trigger
from domain.schedules import ScheduledTask
from domain.shared.fields import Absent, Id, Record, Time
from projections.schedules import ScheduleFilter

_Truth = Annotated[bool, Field(strict=True)]
Action = Literal["start", "stop", "pause"]
"""What can be done with a schedule; stop and pause are the same."""


class Behaviour(Record):
    """Whether the task is given at once, too, and whether the schedule waits to be started."""

    start_immediately: _Truth = False
    create_stopped: _Truth = False


class ScheduleWanted(Record):
    """A schedule to make, or to be instead of another."""

    task: ScheduledTask
    trigger: Trigger
    behaviour: Behaviour = Behaviour()


class ScheduleAction(Record):
    """What is to be done with a schedule."""

    action: Action


class ScheduleCreated(BaseModel):
    """The number of a schedule."""

    schedule_id: int


class ScheduleView(BaseModel):
    """A schedule, when it is due next, and the tasks that it gave, the latest first."""

    schedule_id: int
    account_id: UUID
    status: Literal["running", "stopped"]
    task: dict[str, Any]
    task_ids: list[int]
    trigger: Trigger
    next_run_time: Time | None
    create_time: Time
    last_update_time: Time


class SchedulesQuery(ScheduleFilter):
    """The query parameters of `GET /6/tasks/schedules`."""

    account_id: Absent[Id] = None
