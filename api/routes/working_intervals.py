"""When the analytics of a stream work: numbered sets of stretches of time."""

import asyncio
from datetime import UTC, datetime
from typing import Annotated, Final

from fastapi import APIRouter, Path, Query
from starlette.responses import Response

from api.authentication import AccountId, ChosenAccountId
from api.dependencies import ReadDb, Send
from api.errors import answers
from api.http.answers import json_answer
from api.pipelines.managed_streams import times_of
from api.pipelines.streams import owner_of
from api.routes.streams_shared import EDIT, VIEW
from api.schemas.working_intervals import AllIntervals, SomeIntervals
from commands.streams import ScheduleAnalytic
from domain.schedule_templates import TooManyIntervals
from domain.schedules import ScheduleNotFound
from domain.shared.fields import Id
from domain.stream_statuses import IntervalsNotFound, StreamAnalyticNotFound, StreamNotFound
from domain.streams_content.v6 import Schedule
from domain.working_hours import Sets, as_told, merged
from projections.database import Row
from projections.streams import get_stream

router = APIRouter(
    prefix="/streams/{stream_id}/analytics/{analytic_idx}/intervals", tags=["working intervals"]
)

Index = Annotated[int, Path(ge=0, le=999)]
_MISSING: Final = (StreamNotFound, StreamAnalyticNotFound)
_ONE: Final = "/{intervals_idx}"


@router.get("", response_model=AllIntervals, responses=answers(*_MISSING), dependencies=[VIEW])
def get_all_stream_analytics_working_intervals(
    stream_id: Id,
    analytic_idx: Index,
    db: ReadDb,
    scope: ChosenAccountId,
    merged_: Annotated[bool, Query(alias="merged", description="All sets as one.")] = False,
) -> Response:
    """Get the sets of an analytic; without any it works always."""
    sets = _sets(get_stream(db, scope, stream_id), analytic_idx)
    if merged_:
        return json_answer({"intervals": as_told(merged(sets))})
    told = [{"intervals_idx": int(number), "intervals": sets[number]} for number in sets]
    return json_answer({"intervals": sorted(told, key=lambda one: one["intervals_idx"])})


@router.get(
    _ONE,
    response_model=SomeIntervals,
    responses=answers(*_MISSING, IntervalsNotFound),
    dependencies=[VIEW],
)
def get_stream_analytics_working_intervals(
    stream_id: Id, analytic_idx: Index, intervals_idx: Index, db: ReadDb, scope: ChosenAccountId
) -> Response:
    """Get one set of an analytic."""
    sets = _sets(get_stream(db, scope, stream_id), analytic_idx)
    if str(intervals_idx) not in sets:
        raise IntervalsNotFound(intervals_idx, analytic_idx, stream_id)
    return json_answer({"intervals": sets[str(intervals_idx)]})


@router.put(
    _ONE,
    status_code=204,
    responses=answers(*_MISSING, ScheduleNotFound, TooManyIntervals),
    dependencies=[EDIT],
)
async def put_stream_analytics_working_intervals(
    stream_id: Id,
    analytic_idx: Index,
    intervals_idx: Index,
    body: Schedule,
    db: ReadDb,
    send: Send,
    account_id: AccountId,
) -> None:
    """Make or replace one set of an analytic; whoever has the stream must take it anew."""
    times = await asyncio.to_thread(times_of, body, db, account_id)
    put = ScheduleAnalytic(
        account_id=account_id,
        stream_id=stream_id,
        analytic_idx=analytic_idx,
        intervals_idx=intervals_idx,
        intervals=times,
        now=datetime.now(UTC),
    )
    await send(put)


@router.delete(
    _ONE, status_code=204, responses=answers(*_MISSING, IntervalsNotFound), dependencies=[EDIT]
)
async def delete_stream_analytics_working_intervals(
    stream_id: Id,
    analytic_idx: Index,
    intervals_idx: Index,
    db: ReadDb,
    send: Send,
    scope: ChosenAccountId,
) -> None:
    """Take one set of an analytic away; when it was the last, the analytic works always."""
    taken = ScheduleAnalytic(
        account_id=await owner_of(db, scope, stream_id),
        stream_id=stream_id,
        analytic_idx=analytic_idx,
        intervals_idx=intervals_idx,
        intervals=None,
        now=datetime.now(UTC),
    )
    await send(taken)


def _sets(row: Row, analytic_idx: int) -> Sets:
    if analytic_idx >= len(row["analytics"]):
        raise StreamAnalyticNotFound(analytic_idx, row["stream_id"])
    found: Sets = row["schedules"][analytic_idx] if row["schedules"] else {}
    return found
