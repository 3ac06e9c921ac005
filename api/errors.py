"""The error catalogue: every refusal with its code, status and title, and how it is answered."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

import orjson
import structlog
from fastapi.exceptions import RequestValidationError, WebSocketRequestValidationError
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, HTTPConnection, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket, WebSocketState

from api.catalogue import (
    accounts,
    attributes,
    commands,
    events,
    faces,
    http,
    image_input,
    images,
    lists,
    matching,
    models,
    objects,
    samples,
    streams,
    task_kinds,
    tasks,
    verifiers,
    video_manager,
)
from api.catalogue import handlers as of_handlers
from api.catalogue.entry import Entries, Entry
from api.http.negotiation import in_wanted_format
from api.http.refusals import BadBody, HttpRefusal, MethodNotAllowed, PageNotFound, PayloadTooLarge
from api.http.validation import refusal_of
from domain.shared.refusal import Refusal

log = structlog.get_logger("selene.errors")

INTERNAL: Final = Entry(1, 500, "Internal server error")


class ErrorBody(BaseModel):
    """What a client gets instead of a result; code 0 is success, used for single images."""

    error_code: int
    desc: str
    detail: str
    link: str


SUCCESS: Final = ErrorBody(error_code=0, desc="Success", detail="Success", link="/docs/errors/0")


def merged(catalogues: Iterable[Entries]) -> dict[type[Refusal], Entry]:
    """One catalogue of many; a refusal that two of them list is a mistake in the code."""
    whole: dict[type[Refusal], Entry] = {}
    for entries in catalogues:
        if twice := whole.keys() & entries.keys():
            raise ValueError(f"catalogued twice: {sorted(kind.__name__ for kind in twice)}")
        whole.update(entries)
    return whole


# A resource with refusals of its own adds its module of api/catalogue here.
CATALOGUE: Final = merged(
    module.ENTRIES
    for module in (
        http,
        image_input,
        models,
        commands,
        events,
        faces,
        lists,
        matching,
        accounts,
        attributes,
        images,
        samples,
        task_kinds,
        tasks,
        verifiers,
        objects,
        of_handlers,
        streams,
        video_manager,
    )
)


def entry_of(refusal: BaseException) -> Entry:
    """The entry of a refusal or of its nearest base; of anything else, the internal error."""
    for kind in type(refusal).__mro__:
        if entry := CATALOGUE.get(kind):
            return entry
    return INTERNAL


def error_body(refusal: BaseException) -> ErrorBody:
    """What is said about one refusal, in an answer of its own or beside a failed image."""
    code, _, desc = entry = entry_of(refusal)
    detail = str(refusal) if entry is not INTERNAL else desc
    return ErrorBody(error_code=code, desc=desc, detail=detail, link=f"/docs/errors/{code}")


def answers(*refusals: type[Refusal]) -> dict[int | str, dict[str, Any]]:
    """The `responses=` of a route that may refuse in these ways."""
    by_status: dict[int | str, dict[str, Any]] = {}
    for refusal in refusals:
        entry = CATALOGUE[refusal]
        said = by_status.setdefault(entry.status, {"model": ErrorBody, "description": ""})
        said["description"] += f"{entry.code}: {refusal.__doc__} "
    return by_status


def answer(refusal: BaseException, status: int | None = None) -> Response:
    """The answer that tells a client about a refusal."""
    entry = entry_of(refusal)
    headers: dict[str, str] = dict(getattr(refusal, "headers", {}))
    if retry := getattr(refusal, "retry_after_s", None):
        headers["Retry-After"] = str(retry)
    return Response(
        orjson.dumps(error_body(refusal).model_dump()),
        status or entry.status,
        headers,
        media_type="application/json",
    )


Handlers = Mapping[Any, Any]
"""By class of exception, the function that answers it; the form in which Starlette wants it."""


class ErrorAnswers:
    """Answers exceptions by their handlers, in the format the client prefers.

    Whatever has no handler is logged whole and answered with no detail.
    """

    def __init__(self, by_class: Handlers) -> None:
        self._handlers = by_class

    async def answer(
        self, error: Exception, started: bool, scope: Scope, receive: Receive, send: Send
    ) -> None:
        """Tell the client of the error; raises it where the answer has `started` without it."""
        if isinstance(error, ClientDisconnect):
            log.info("client went away", path=scope["path"])
            return
        handler = next(filter(None, map(self._handlers.get, type(error).__mro__)), None)
        if handler is not None and not started:
            of = WebSocket if scope["type"] == "websocket" else Request
            try:
                response = await handler(of(scope, receive, send), error)
            except Exception as broken:
                error = broken
            else:
                if response is not None:
                    await response(scope, receive, send)
                return
        log.error("request failed", path=scope["path"], exc_info=error)
        if started:  # the answer cannot be taken back; closing the connection tells it
            raise error
        await in_wanted_format(scope, answer(error))(scope, receive, send)


def handlers(bad_body: type[BadBody]) -> Handlers:
    """What answers exceptions of routes; `bad_body` is how this service words a bad body."""

    async def refused(connection: HTTPConnection, exc: Exception) -> Response | None:
        if (
            isinstance(connection, WebSocket)
            and connection.application_state is not WebSocketState.CONNECTING
        ):
            await connection.close(code=1008, reason=str(exc)[:120])
            return None
        if type(exc) is BadBody:
            exc = bad_body(*exc.args)
        if entry_of(exc) is INTERNAL:  # a refusal nobody catalogued is a mistake in the code
            raise exc
        return in_wanted_format(connection.scope, answer(exc))

    async def invalid(connection: HTTPConnection, exc: Exception) -> Response | None:
        assert isinstance(exc, RequestValidationError | WebSocketRequestValidationError)
        body = getattr(exc, "body", None)
        return await refused(connection, refusal_of(exc.errors(), body, bad_body))

    async def by_status(connection: HTTPConnection, exc: Exception) -> Response | None:
        assert isinstance(exc, HTTPException)
        if isinstance(exc.__cause__, Refusal):  # FastAPI wraps what reading a body raises
            return await refused(connection, exc.__cause__)
        known = {
            400: bad_body("", str(exc.detail)),
            404: PageNotFound(),
            405: MethodNotAllowed(),
            413: PayloadTooLarge(),
        }
        refusal = known.get(exc.status_code) or HttpRefusal(exc.detail)
        refusal.headers = {**refusal.headers, **(exc.headers or {})}
        return in_wanted_format(connection.scope, answer(refusal, exc.status_code))

    return {
        Refusal: refused,
        RequestValidationError: invalid,
        WebSocketRequestValidationError: invalid,
        HTTPException: by_status,
    }
