"""Streams, as the first generation of the contract has them."""

from typing import Annotated, Any

from fastapi import APIRouter, Query
from starlette.responses import Response

from api.authentication import MaybeAccountId, chosen_of
from api.dependencies import ReadDb, Send, ServicesDep
from api.errors import answers
from api.http.answers import json_answer
from api.pipelines import streams as work
from api.routes.stream_groups import add_groups
from api.routes.stream_reading import add_reading
from api.routes.streams_shared import EDIT, MAKE, VIEW, add_shared
from api.schemas.streams import StreamCreate, StreamMade, shown_v1
from domain.shared.fields import Id
from domain.stream_groups import GroupNotFound
from domain.stream_statuses import StreamNotFound
from projections import streams

router = APIRouter(prefix="/1")


@router.post(
    "/streams",
    status_code=201,
    tags=["streams"],
    response_model=StreamMade,
    responses=answers(GroupNotFound),
    dependencies=[MAKE],
)
async def create_stream(
    body: StreamCreate, db: ReadDb, send: Send, scope: MaybeAccountId
) -> Response:
    """Make a stream; it waits for a worker, or is paused."""
    made = await work.create(body, send, db, scope)
    return json_answer(made, 201, {"Location": f"/1/streams/{made['stream_id']}"})


@router.get("/streams", tags=["streams"], dependencies=[VIEW])
def get_streams(
    db: ReadDb,
    services: ServicesDep,
    scope: MaybeAccountId,
    wanted: Annotated[streams.StreamFilterV1, Query()],
) -> Response:
    """Find streams, oldest first."""
    rows = streams.list_streams(db, chosen_of(scope, wanted.account_id), wanted)
    origin = services.settings.api_origin
    return json_answer({"streams": [shown_v1(row, origin) for row in rows]})


@router.put(
    "/streams/{stream_id}",
    tags=["streams"],
    response_model=StreamMade,
    responses=answers(StreamNotFound, GroupNotFound),
    dependencies=[EDIT],
)
async def put_stream(
    stream_id: Id, body: StreamCreate, db: ReadDb, send: Send, scope: MaybeAccountId
) -> Any:
    """Make a stream another one; whoever processes it must load it anew."""
    return await work.replace(stream_id, body, send, db, scope)


add_reading(router, "", shown_v1)
add_shared(router, "")
add_groups(router, "")
