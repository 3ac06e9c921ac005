"""One stream, and the queue: the same in both generations but for how a stream is shown."""

from collections.abc import Iterable
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import Field
from starlette.responses import Response

from api.authentication import ChosenAccountId, MaybeAccountId
from api.dependencies import ReadDb, Send, ServicesDep
from api.errors import answers
from api.http.answers import json_answer
from api.pipelines import streams as work
from api.routes.streams_shared import EDIT, VIEW
from api.schemas.streams import QueueRequest
from api.services import Services
from domain.shared.fields import Id
from domain.stream_statuses import StreamNotFound
from projections import streams
from projections.database import Row


class QueueWanted(streams.QueueConditions):
    """Which waiting streams to show, and how many."""

    limit: Annotated[int, Field(ge=1, le=2**63 - 1)]


def add_reading(router: APIRouter, version: str, shown: work.Shown) -> None:
    """Add the routes whose answers are streams, shown as the generation shows them."""

    def page(rows: Iterable[Row], services: Services) -> Response:
        origin = services.settings.api_origin
        return json_answer({"streams": [shown(row, origin) for row in rows]})

    @router.get(
        "/streams/processing/queue",
        name="get_streams_queue" + version,
        tags=["queue"],
        dependencies=[VIEW],
    )
    def get_streams_queue(
        db: ReadDb,
        services: ServicesDep,
        scope: MaybeAccountId,
        wanted: Annotated[QueueWanted, Query()],
    ) -> Response:
        """See which streams wait, the longest waiting first; they go on waiting."""
        return page(streams.queue(db, scope, wanted, min(wanted.limit, 1000)), services)

    @router.post(
        "/streams/processing/queue",
        name="get_streams_from_queue" + version,
        tags=["queue"],
        dependencies=[EDIT],
    )
    async def get_streams_from_queue(
        body: QueueRequest, db: ReadDb, services: ServicesDep, send: Send, scope: MaybeAccountId
    ) -> Response:
        """Take waiting streams, the longest waiting first: no other worker gets them."""
        return page(await work.claim(body, send, db, scope), services)

    @router.get(
        "/streams/{stream_id}",
        name="get_stream" + version,
        tags=["streams"],
        responses=answers(StreamNotFound),
        dependencies=[VIEW],
    )
    def get_stream(
        stream_id: Id, db: ReadDb, services: ServicesDep, scope: ChosenAccountId
    ) -> Response:
        """Get a stream."""
        row = streams.get_stream(db, scope, stream_id)
        if not row["older_words"]:
            raise StreamNotFound(stream_id)
        return json_answer(shown(row, services.settings.api_origin))
