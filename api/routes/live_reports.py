"""What workers show of their streams while they work: our own addition to the contract."""

import asyncio
from typing import Final

from fastapi import APIRouter

from api.authentication import MaybeAccountId
from api.dependencies import ReadDb, ServicesDep
from api.routes.streams_shared import EDIT
from api.schemas.live import LiveAnswer, LiveReport, Wanted
from projections.stream_progress import standings

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
