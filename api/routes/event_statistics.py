"""Statistics of events."""

from fastapi import APIRouter, Depends
from starlette.responses import Response

from api.authentication import MaybeAccountId, permitted
from api.dependencies import ReadDb
from api.errors import answers
from api.http.answers import json_answer
from api.schemas.event_statistics import EventStats, EventStatsQuery
from projections.event_statistics import TooManyGroups, event_statistics

router = APIRouter(prefix="/events", tags=["events"])


@router.post(
    "/stats",
    response_model=EventStats,
    responses=answers(TooManyGroups),
    dependencies=[Depends(permitted("event", "view"))],
)
def get_event_stats(body: EventStatsQuery, db: ReadDb, account_id: MaybeAccountId) -> Response:
    """Count events, or take extremes and averages, by fields and by time."""
    return json_answer(event_statistics(db, account_id, body.asked()))
