"""What workers show and tell of their streams at work: our own addition to the contract."""

import asyncio
from typing import Final

import orjson
from fastapi import APIRouter

from api.authentication import MaybeAccountId
from api.dependencies import Context, ReadDb, Send, ServicesDep
from api.errors import answers
from api.routes.streams_shared import EDIT
from api.schemas.live import EventsReport, LiveAnswer, LiveReport, Told, Wanted
from commands.track_callbacks import TellOfEvents
from domain.human_tracking import HUMAN_TRACKING
from domain.shared.fields import written
from domain.stream_statuses import StreamNotFound
from projections.stream_progress import standings
from projections.streams import get_stream

router: Final = APIRouter(prefix="/2")


@router.post(
    "/streams/processing/live",
    tags=["queue"],
    response_model=LiveAnswer,
    include_in_schema=False,
    dependencies=[EDIT],
)
async def post_streams_live(
    body: LiveReport, db: ReadDb, services: ServicesDep, scope: MaybeAccountId
) -> LiveAnswer:
    """Take what streams show, as far as they are under way, and tell what is wanted of them."""
    ids = [one.stream_id for one in body.streams]
    stand = await asyncio.to_thread(standings, db, scope, ids)
    live = services.live
    known = []
    for one in body.streams:
        stream_id = str(one.stream_id)
        if stand.get(one.stream_id) == ("in_progress", one.version):
            known.append(stream_id)
            if (picture := one.jpeg) is not None:
                live.show(stream_id, picture)
            for message in one.messages():
                live.tell(stream_id, message)
        if one.ended and one.stream_id in stand:
            live.end(stream_id)
    return LiveAnswer(
        wanted=Wanted(pictures=live.wanted("pictures", known), tracks=live.wanted("tracks", known))
    )


@router.post(
    "/streams/processing/events",
    tags=["queue"],
    response_model=Told,
    include_in_schema=False,
    responses=answers(StreamNotFound),
    dependencies=[EDIT],
)
async def post_stream_events(
    body: EventsReport, db: ReadDb, send: Send, context: Context, scope: MaybeAccountId
) -> Told:
    """Have the callbacks of an analytic told of the events that a handler made of its people.

    An Idempotency-Key keeps a worker that asks again from telling twice.
    """
    row = await asyncio.to_thread(get_stream, db, scope, body.stream_id)
    analytics = (row["of_v6"] or {}).get("analytics", ())[body.analytics : body.analytics + 1]
    wanted = [one for said in analytics for one in said["parameters"]["callbacks"]]
    callbacks = tuple(one for one in wanted if one["enable"])
    if not callbacks or (row["status"], row["stream_version"]) != ("in_progress", body.version):
        return Told(messages=0)
    about = {
        "account_id": str(row["account_id"]),
        "event_type": HUMAN_TRACKING,
        "event_create_time": written(body.event_create_time),
        "event_end_time": written(body.event_end_time),
    }
    told = TellOfEvents(
        account_id=row["account_id"],
        request_id=context.request_id,
        callbacks=callbacks,
        messages={
            one.event_id: orjson.dumps({**about, "event": one.model_dump(mode="json")})
            for one in body.events
        },
    )
    return Told(messages=await send(told))
