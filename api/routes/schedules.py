"""Schedules: tasks that are given again and again."""

import asyncio
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Query
from starlette.responses import Response

from api.authentication import (
    AccountId,
    Caller,
    ChosenAccountId,
    Identity,
    MaybeAccountId,
    chosen_of,
    permitted,
)
from api.dependencies import ReadDb, Send
from api.errors import answers
from api.http.answers import json_answer
from api.http.refusals import BadApiBody, BadQuery
from api.pipelines.task_permissions import demand_task
from api.schemas.schedules import (
    Action,
    ScheduleAction,
    ScheduleCreated,
    SchedulesQuery,
    ScheduleView,
    ScheduleWanted,
)
from commands.schedules import CreateSchedule, DeleteSchedule, ReplaceSchedule, SwitchSchedule
from domain.estimator_task import without_secrets
from domain.schedules import ScheduleNotFound
from domain.shared.fields import written
from domain.shared.numbered import Numbered
from domain.task_kinds import accounts_in
from projections import schedules
from projections.database import Reader
from projections.task_numbers import new_numbers

router = APIRouter(prefix="/tasks/schedules", tags=["schedules"])

_MISSING: Final = answers(ScheduleNotFound)
_VIEW: Final = Depends(permitted("task", "view"))
_MAKE: Final = Depends(permitted("task", "creation"))
_EDIT: Final = Depends(permitted("task", "modification"))
_DELETE: Final = Depends(permitted("task", "deletion"))
ScheduleId = Annotated[int, Path(ge=1, le=2**63 - 1)]


@router.post("", status_code=201, response_model=ScheduleCreated, dependencies=[_MAKE])
async def create_schedule(
    body: ScheduleWanted, db: ReadDb, send: Send, account_id: AccountId, caller: Caller
) -> Response:
    """Have a task given again and again."""
    (schedule_id,) = await asyncio.to_thread(new_numbers, db, Numbered.SCHEDULE)
    wanted = await asyncio.to_thread(_wanted, body, db, caller, account_id)
    made = CreateSchedule(account_id=account_id, schedule_id=schedule_id, **wanted)
    return json_answer({"schedule_id": await send(made)}, 201)


@router.get("", response_model=list[ScheduleView], dependencies=[_VIEW])
def get_schedules(
    db: ReadDb, account_id: MaybeAccountId, wanted: Annotated[SchedulesQuery, Query()]
) -> Response:
    """Find schedules, newest first."""
    chosen = chosen_of(account_id, wanted.account_id)
    return json_answer([_shown(row) for row in schedules.list_schedules(db, chosen, wanted)])


@router.get("/{schedule_id}", response_model=ScheduleView, responses=_MISSING, dependencies=[_VIEW])
def get_schedule(schedule_id: ScheduleId, db: ReadDb, account_id: ChosenAccountId) -> Response:
    """Get a schedule: what it gives, when it is due next, and what it gave."""
    return json_answer(_shown(schedules.get_schedule(db, account_id, schedule_id)))


@router.put(
    "/{schedule_id}", response_model=ScheduleCreated, responses=_MISSING, dependencies=[_EDIT]
)
async def put_schedule(
    schedule_id: ScheduleId,
    body: ScheduleWanted,
    db: ReadDb,
    send: Send,
    account_id: AccountId,
    caller: Caller,
) -> Response:
    """Replace a schedule whole; the tasks that it gave stay."""
    wanted = await asyncio.to_thread(_wanted, body, db, caller, account_id)
    put = ReplaceSchedule(account_id=account_id, schedule_id=schedule_id, **wanted)
    return json_answer({"schedule_id": await send(put)})


@router.patch("/{schedule_id}", status_code=204, responses=_MISSING, dependencies=[_EDIT])
async def patch_schedule(
    schedule_id: ScheduleId,
    send: Send,
    account_id: AccountId,
    body: ScheduleAction | None = None,
    action: Annotated[Action | None, Query()] = None,
) -> None:
    """Start or stop a schedule; the action is in the body or in the query."""
    chosen = action if body is None else body.action
    if chosen is None:
        raise BadApiBody("action", "field required")
    if action not in (None, chosen):
        raise BadQuery("action")
    await send(
        SwitchSchedule(account_id=account_id, schedule_id=schedule_id, running=chosen == "start")
    )


@router.delete("/{schedule_id}", status_code=204, responses=_MISSING, dependencies=[_DELETE])
async def delete_schedule(schedule_id: ScheduleId, send: Send, account_id: AccountId) -> None:
    """Remove a schedule; the tasks that it gave stay."""
    await send(DeleteSchedule(account_id=account_id, schedule_id=schedule_id))


def _wanted(body: ScheduleWanted, db: Reader, caller: Identity, account_id: UUID) -> dict[str, Any]:
    demand_task(caller, body.task.content, db, account_id)
    for path, named in accounts_in(body.task.content):
        if named != account_id:
            raise BadApiBody(f"task.content.{path}", "it is not the account of the request")
    at_once = body.behaviour.start_immediately
    return {
        "task": body.task.as_dict(),
        "trigger": body.trigger.as_dict(),
        "stopped": body.behaviour.create_stopped,
        "first_task_id": new_numbers(db, Numbered.TASK)[0] if at_once else None,
    }


_TIMES: Final = ("next_run_time", "create_time", "last_update_time")


def _shown(row: dict[str, Any]) -> dict[str, Any]:
    times = {name: row[name] and written(row[name]) for name in _TIMES}
    status = "stopped" if row["next_run_time"] is None else "running"
    task = row["task"] or {}
    if content := task.get("content"):
        task = {**task, "content": without_secrets(content)}
    return {**row, **times, "status": status, "task": task}
