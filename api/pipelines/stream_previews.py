"""Previews of streams, passed on from the workers that show them."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Final, Literal

import httpx
from starlette.responses import Response, StreamingResponse

from api.agent.previews import LIVE_TYPE, Previews, url_of
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


async def preview_of(row: Row, kind: Kind, guard: UrlGuard, own: Previews) -> Response:
    """What the worker shows, as it shows it: one picture, or pictures without end."""
    stream_id = str(row["stream_id"])
    url = ((row["preview"] or {}).get(kind) or {}).get("url")
    if url is None:
        raise NoPreview(kind, stream_id)
    if url == url_of(stream_id, kind):
        return _own_preview(stream_id, kind, own)
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


def _own_preview(stream_id: str, kind: Kind, own: Previews) -> Response:
    """What the agent of this process shows."""
    picture = own.last(stream_id)
    if picture is None:
        raise NoPreview(kind, stream_id)
    if kind == "last_frame":
        return Response(picture, media_type="image/jpeg")
    return StreamingResponse(own.live(stream_id), media_type=LIVE_TYPE)


async def _passed_on(answer: httpx.Response, stack: AsyncExitStack) -> AsyncIterator[bytes]:
    async with stack:
        try:
            async for chunk in answer.aiter_raw():
                yield chunk
        except httpx.HTTPError:
            return  # the worker has gone; so does the picture
