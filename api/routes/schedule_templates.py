"""Templates of schedules: when analytics of streams work."""

from datetime import datetime
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Query
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from api.authentication import (
    AccountId,
    ChosenAccountId,
    MaybeAccountId,
    chosen_of,
    permitted,
)
from api.dependencies import ReadDb, Send
from api.errors import answers
from api.http.answers import json_answer
from api.local_zone import local_zone
from api.schemas.schedule_templates import (
    Intervals,
    TemplateMade,
    TemplatesPage,
    TemplatesQuery,
    TemplateView,
)
from commands.schedule_templates import CreateTemplate, DeleteTemplate, ReplaceTemplate
from domain.schedule_templates import TemplateContent, TooManyIntervals
from domain.schedules import ScheduleNotFound
from domain.shared.fields import Id, written
from projections import schedule_templates as templates

router = APIRouter(prefix="/schedules", tags=["schedule templates"])

_MISSING: Final = answers(ScheduleNotFound)
_REFUSED: Final = answers(TooManyIntervals)
_VIEW: Final = Depends(permitted("video_stream", "view"))
_MAKE: Final = Depends(permitted("video_stream", "creation"))
_EDIT: Final = Depends(permitted("video_stream", "modification"))
_DELETE: Final = Depends(permitted("video_stream", "deletion"))
_Times = list[dict[str, datetime]]


@router.post(
    "", status_code=201, response_model=TemplateMade, responses=_REFUSED, dependencies=[_MAKE]
)
async def create_schedule_template(
    body: TemplateContent, send: Send, account_id: AccountId
) -> Response:
    """Make a template; the time zone `local` is that of the server now."""
    times = await _intervals(body)
    made = CreateTemplate(account_id=account_id, content=body.as_dict(), intervals=tuple(times))
    return json_answer({"schedule_id": await send(made), "intervals": _told(times)}, 201)


@router.post("/intervals", response_model=Intervals, responses=_REFUSED, dependencies=[_VIEW])
async def calculate_intervals(body: TemplateContent) -> Response:
    """Say which times a template would name; nothing is kept."""
    return json_answer({"intervals": _told(await _intervals(body))})


@router.get("", response_model=TemplatesPage, dependencies=[_VIEW])
def get_schedule_templates(
    db: ReadDb, account_id: MaybeAccountId, wanted: Annotated[TemplatesQuery, Query()]
) -> Response:
    """Find templates, newest first."""
    chosen = chosen_of(account_id, wanted.account_id)
    return json_answer({"schedules": templates.list_templates(db, chosen, wanted)})


@router.get("/{schedule_id}", response_model=TemplateView, responses=_MISSING, dependencies=[_VIEW])
def get_schedule_template(schedule_id: Id, db: ReadDb, account_id: ChosenAccountId) -> Response:
    """Get a template."""
    return json_answer(templates.get_template(db, account_id, schedule_id))


@router.get(
    "/{schedule_id}/intervals", response_model=Intervals, responses=_MISSING, dependencies=[_VIEW]
)
def get_schedule_template_intervals(
    schedule_id: Id, db: ReadDb, account_id: ChosenAccountId
) -> Response:
    """Get the times that a template names."""
    row = templates.get_template(db, account_id, schedule_id)
    return json_answer({"intervals": row["intervals"]})


@router.put(
    "/{schedule_id}",
    status_code=201,
    response_model=TemplateMade,
    responses=answers(ScheduleNotFound, TooManyIntervals),
    dependencies=[_EDIT],
)
async def replace_schedule_template(
    schedule_id: Id, body: TemplateContent, send: Send, account_id: AccountId
) -> Response:
    """Replace a template whole."""
    times = await _intervals(body)
    put = ReplaceTemplate(
        account_id=account_id,
        template_id=schedule_id,
        content=body.as_dict(),
        intervals=tuple(times),
    )
    return json_answer({"schedule_id": await send(put), "intervals": _told(times)}, 201)


@router.delete("/{schedule_id}", status_code=204, responses=_MISSING, dependencies=[_DELETE])
async def delete_schedule_template(schedule_id: Id, send: Send, account_id: AccountId) -> None:
    """Remove a template."""
    await send(DeleteTemplate(account_id=account_id, template_id=schedule_id))


async def _intervals(body: TemplateContent) -> _Times:
    return await run_in_threadpool(body.intervals_at, local_zone())


def _told(times: _Times) -> list[dict[str, Any]]:
    return [{name: written(time) for name, time in one.items()} for one in times]
