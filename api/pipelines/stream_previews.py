"""Previews of streams, passed on from the workers that show them."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Final, Literal

import httpx
from starlette.responses import Response, StreamingResponse

from api.live.hub import LiveHub
from api.live.previews import LIVE_TYPE, url_of
from api.url_guard import UrlGuard, UrlRefused
from domain.shared.refusal import Refusal
from projections.database import Row

Kind = Literal["live", "last_frame"]
_TYPES: Final = ("image/", "multipart/x-mixed-replace")


class NoPreview(Refusal):
    """The stream's worker has not said where it shows what it sees."""

    detail = "Not found `{}` preview url for stream with id '{}'."


class PreviewFailed(Refusal):
    """The stream's worker does not show what it sees where it said it would."""


async def preview_of(row: Row, kind: Kind, guard: UrlGuard, hub: LiveHub) -> Response:
    """What the worker shows, as it shows it: one picture, or pictures without end."""
    stream_id = str(row["stream_id"])
    url = ((row["preview"] or {}).get(kind) or {}).get("url")
    if url is None:
        raise NoPreview(kind, stream_id)
    if url == url_of(stream_id, kind):
        return await _own_preview(row, kind, hub)
    try:
        async with AsyncExitStack() as opening:
            answer = await opening.enter_async_context(guard.opened(url))
            kind_told = answer.headers.get("content-type", "")
            if answer.status_code != 200 or not kind_told.startswith(_TYPES):
                raise PreviewFailed(f"the worker answers {answer.status_code} with '{kind_told}'")
            stack = opening.pop_all()
    except (httpx.HTTPError, OSError, UrlRefused) as error:
        raise PreviewFailed(str(error) or type(error).__name__) from None
    headers = {"Content-Type": kind_told, "X-Content-Type-Options": "nosniff"}
    return StreamingResponse(_passed_on(answer, stack), headers=headers)


async def _own_preview(row: Row, kind: Kind, hub: LiveHub) -> Response:
    """What an agent of this installation shows, wherever it is."""
    stream_id = str(row["stream_id"])
    picture = await hub.picture(stream_id) if row["status"] == "in_progress" else None
    if picture is None:
        raise NoPreview(kind, stream_id)
    if kind == "last_frame":
        return Response(picture, media_type="image/jpeg")
    return StreamingResponse(hub.live(stream_id), media_type=LIVE_TYPE)


async def _passed_on(answer: httpx.Response, stack: AsyncExitStack) -> AsyncIterator[bytes]:
    async with stack:
        try:
            async for chunk in answer.aiter_raw():
                yield chunk
        except httpx.HTTPError:
            return  # the worker has gone; so does the picture
