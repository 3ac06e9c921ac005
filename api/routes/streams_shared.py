"""What streams have in common in both generations of the contract."""

import asyncio
from datetime import UTC, datetime
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Query
from starlette.responses import Response

from api.authentication import ChosenAccountId, MaybeAccountId, chosen_of, permitted
from api.dependencies import ReadDb, Send, ServicesDep
from api.errors import answers
from api.http.answers import json_answer
from api.pipelines import streams as work
from api.pipelines.stream_previews import NoPreview, PreviewFailed, preview_of
from api.schemas.streams import (
    FeedbackAnswer,
    FeedbackRequest,
    LogsDeleted,
    LogsPage,
    StreamPatch,
    StreamsCount,
    StreamsToDelete,
)
from commands.stream_processing import ClearLogs
from commands.streams import DeleteStreams, EditStream
from domain.shared.fields import Id, Time, written
from domain.stream_logs import EVERYBODY
from domain.stream_statuses import CannotCancel, CannotStop, StreamNotFound, StreamStatus
from projections import stream_logs, streams
from projections.database import Row
from projections.stream_progress import forget_progress

VIEW: Final = Depends(permitted("video_stream", "view"))
MAKE: Final = Depends(permitted("video_stream", "creation"))
EDIT: Final = Depends(permitted("video_stream", "modification"))
DELETE: Final = Depends(permitted("video_stream", "deletion"))


def count_streams(
    db: ReadDb, scope: MaybeAccountId, wanted: Annotated[streams.StreamConditions, Query()]
) -> Any:
    """Count streams."""
    owner = chosen_of(scope, wanted.account_id)
    return {"streams_count": streams.count_streams(db, owner, wanted)}


async def patch_stream(
    stream_id: Id, body: StreamPatch, db: ReadDb, send: Send, scope: ChosenAccountId
) -> None:
    """Change a stream's description, or ask for it to wait, to pause or to be cancelled."""
    owner = await work.owner_of(db, scope, stream_id)
    status = None if body.status is None else StreamStatus(body.status)
    edited = EditStream(
        account_id=owner, stream_id=stream_id, description=body.description, status=status
    )
    await send(edited)


async def remove_stream(stream_id: Id, db: ReadDb, send: Send, scope: ChosenAccountId) -> None:
    """Remove a stream; its log stays, and says so."""
    owner = await work.owner_of(db, scope, stream_id)
    await send(DeleteStreams(account_id=owner, stream_ids=(stream_id,), strict=True))
    await asyncio.to_thread(forget_progress, db, [stream_id])


async def delete_streams(
    body: StreamsToDelete, db: ReadDb, send: Send, scope: ChosenAccountId
) -> None:
    """Remove the streams that have one of the ids or one of the names."""
    ids, names = body.stream_ids or (), body.names or ()
    rows = await asyncio.to_thread(streams.find_streams, db, scope, ids, names)
    for owner in dict.fromkeys(row["account_id"] for row in rows):
        mine = tuple(row["stream_id"] for row in rows if row["account_id"] == owner)
        await send(DeleteStreams(account_id=owner, stream_ids=mine))
    await asyncio.to_thread(forget_progress, db, [row["stream_id"] for row in rows])


async def post_streams_feedback(
    body: FeedbackRequest, db: ReadDb, send: Send, scope: MaybeAccountId
) -> Response:
    """Tell where the processing of streams stands, and learn which must be loaded anew."""
    return json_answer(await work.take_feedback(body, send, db, scope))


async def preview_frame_proxy(
    stream_id: Id, db: ReadDb, services: ServicesDep, scope: ChosenAccountId
) -> Response:
    """Get the last frame that the stream's worker has seen."""
    row = await asyncio.to_thread(streams.get_stream, db, scope, stream_id)
    return await preview_of(row, "last_frame", services.guard, services.live)


async def preview_live_proxy(
    stream_id: Id, db: ReadDb, services: ServicesDep, scope: ChosenAccountId
) -> Response:
    """Watch what the stream's worker sees."""
    row = await asyncio.to_thread(streams.get_stream, db, scope, stream_id)
    return await preview_of(row, "live", services.guard, services.live)


def get_streams_logs(
    db: ReadDb, scope: MaybeAccountId, wanted: Annotated[stream_logs.LogFilter, Query()]
) -> Response:
    """Find records of what became of streams, newest first."""
    rows = stream_logs.list_logs(db, chosen_of(scope, wanted.account_id), wanted)
    return json_answer({"logs": [_shown(row, wanted.targets) for row in rows]})


async def delete_streams_logs(
    db: ReadDb, send: Send, scope: MaybeAccountId, log_time__lt: Time | None = None
) -> Response:
    """Clear records older than a time, or all; the last one of each stream stays."""
    before, owner = log_time__lt or datetime.now(UTC), scope or EVERYBODY
    count = await asyncio.to_thread(stream_logs.count_clearable, db, owner, before)
    await send(ClearLogs(account_id=owner, before=before))
    return json_answer({"deleted_count": count})


def _shown(row: Row, targets: list[stream_logs.LogTarget] | None) -> dict[str, Any]:
    shown = {
        **{name: row[name] for name in ("stream_id", "status", "error", "video_info")},
        "log_time": written(row["log_time"]),
        "version": row["stream_version"],
        "preview": None,
    }
    return {name: shown[name] for name in targets} if targets else shown


_MISSING: Final = answers(StreamNotFound)
_PREVIEW: Final = answers(StreamNotFound, NoPreview, PreviewFailed)


def add_shared(router: APIRouter, version: str) -> APIRouter:
    """The routes whose paths come after those of one stream."""
    one, preview = "/streams/{stream_id}", "/streams/{stream_id}/preview/handler"

    def add(method: str, path: str, endpoint: Any, tag: str, **options: Any) -> None:
        name = endpoint.__name__ + version
        router.add_api_route(path, endpoint, methods=[method], name=name, tags=[tag], **options)

    post_feedback = {"response_model": FeedbackAnswer, "dependencies": [EDIT]}
    patched = answers(StreamNotFound, CannotStop, CannotCancel)
    add("GET", "/streams/count", count_streams, "streams",
        response_model=StreamsCount, dependencies=[VIEW])  # fmt: skip
    add("DELETE", "/streams", delete_streams, "streams", status_code=204, dependencies=[DELETE])
    add("GET", "/streams/logs", get_streams_logs, "streams logs",
        response_model=LogsPage, dependencies=[VIEW])  # fmt: skip
    add("DELETE", "/streams/logs", delete_streams_logs, "streams logs",
        response_model=LogsDeleted, dependencies=[DELETE])  # fmt: skip
    add("POST", "/streams/processing/feedback", post_streams_feedback, "queue", **post_feedback)
    add("PATCH", one, patch_stream, "streams",
        status_code=204, responses=patched, dependencies=[EDIT])  # fmt: skip
    add("DELETE", one, remove_stream, "streams",
        status_code=204, responses=_MISSING, dependencies=[DELETE])  # fmt: skip
    add("GET", f"{preview}/frame", preview_frame_proxy, "preview",
        responses=_PREVIEW, dependencies=[VIEW])  # fmt: skip
    add("GET", f"{preview}/live", preview_live_proxy, "preview",
        responses=_PREVIEW, dependencies=[VIEW])  # fmt: skip
    return router
