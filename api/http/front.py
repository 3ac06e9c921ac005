"""What all requests and answers of a service have in common, in one pass around the routes."""

import time
from collections.abc import Awaitable
from typing import Protocol

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.http.access_log import AccessLog
from api.http.asgi import STARTS
from api.http.limits import RequestLimits, bounded, check_size
from api.http.positions import Positions, await_position
from api.http.request_id import REQUEST_ID, request_id_of


class Errors(Protocol):
    """Answers for the routes that raised."""

    async def answer(
        self, error: Exception, started: bool, scope: Scope, receive: Receive, send: Send
    ) -> None:
        """Tell the client of the error; raises it where the answer has `started` without it."""
        ...


class Front:
    """ASGI application around another: ids, limits, positions, errors and the access log.

    Layers of their own would each wrap every message of an answer once more, which for a small
    request takes longer than the request.
    """

    def __init__(
        self,
        app: ASGIApp,
        errors: Errors,
        access_log: AccessLog,
        limits: RequestLimits,
        positions: Positions | None = None,
        longest_wait_s: float = 0.0,
    ) -> None:
        self._app = app
        self._errors = errors
        self._access_log = access_log
        self._limits = limits
        self._positions = positions
        self._longest_wait_s = longest_wait_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            return await self._app(scope, receive, send)
        start = time.perf_counter()
        headers = dict(scope["headers"])  # of a repeated one the last value counts
        request_id = request_id_of(headers)
        token = REQUEST_ID.set(request_id)
        answer = _Answer(send, request_id, self._positions)
        try:
            check_size(scope, headers, self._limits)
            if self._positions is not None and b"selene-min-position" in headers:
                demanded = headers[b"selene-min-position"]
                await await_position(demanded, self._positions, self._longest_wait_s)
            await self._app(scope, bounded(scope, headers, receive, self._limits), answer.send)
        except Exception as error:
            await self._errors.answer(error, answer.started, scope, receive, answer.send)
        finally:
            self._access_log.note(scope, answer.status, answer.bytes, time.perf_counter() - start)
            REQUEST_ID.reset(token)


class _Answer:
    """An answer on its way out: puts our headers on it and notes what the access log says."""

    __slots__ = ("_positions", "_request_id", "_send", "bytes", "status")

    def __init__(self, send: Send, request_id: str, positions: Positions | None) -> None:
        self._send = send
        self._request_id = request_id
        self._positions = positions
        self.status = 0
        self.bytes = 0

    @property
    def started(self) -> bool:
        """Whether the client has seen a part of it."""
        return self.status != 0

    def send(self, message: Message) -> Awaitable[None]:
        """The `send` of the application around which this is."""
        kind = message["type"]
        if kind == "http.response.body":
            self.bytes += len(message.get("body", b""))
        elif kind in STARTS:
            self.status = message.get("status", 101)
            headers = [*message.get("headers", ())]
            headers.append((b"luna-request-id", self._request_id.encode("ascii")))
            if self._positions is not None:
                headers.append((b"selene-position", b"%d" % self._positions.current()))
            message["headers"] = headers
        return self._send(message)
