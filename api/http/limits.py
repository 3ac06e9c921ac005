"""How much of a request is read: URL, headers and body, checked before work is done."""

from dataclasses import dataclass
from urllib.parse import parse_qsl

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.http.asgi import header
from api.http.refusals import (
    BadHeader,
    BadQuery,
    HeadersTooLarge,
    PageNotFound,
    PayloadTooLarge,
    UrlTooLong,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestLimits:
    """The largest request that is read, in bytes."""

    body: int = 64 << 20
    url: int = 32 << 10
    headers: int = 32 << 10


class LimitRequests:
    """ASGI middleware: refuses what is too long at once, and endless bodies while they arrive."""

    def __init__(self, app: ASGIApp, limits: RequestLimits) -> None:
        self._app = app
        self._limits = limits

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            return await self._app(scope, receive, send)
        self._check(scope)
        if scope["type"] == "websocket" or scope["method"] in ("GET", "HEAD", "OPTIONS"):
            return await self._app(scope, receive, send)
        left = self._limits.body

        async def limited() -> Message:
            nonlocal left
            message = await receive()
            if message["type"] == "http.request":
                left -= len(message.get("body", b""))
                if left < 0:
                    raise PayloadTooLarge
            return message

        await self._app(scope, limited, send)

    def _check(self, scope: Scope) -> None:
        url = len(scope.get("raw_path") or scope["path"]) + len(scope["query_string"])
        if url > self._limits.url:
            raise UrlTooLong(url, self._limits.url)
        if "\0" in scope["path"]:
            raise PageNotFound
        if b"%00" in scope["query_string"]:  # no database stores it, whoever reads the parameter
            pairs = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
            raise BadQuery(", ".join(name for name, value in pairs if "\0" in name + value))
        headers = sum(len(name) + len(value) for name, value in scope["headers"])
        if headers > self._limits.headers:
            raise HeadersTooLarge(headers, self._limits.headers)
        declared = header(scope, b"content-length")
        if declared is None:
            return
        if not (declared.isascii() and declared.isdigit()):
            raise BadHeader("Content-Length")
        if int(declared[:20]) > self._limits.body:
            raise PayloadTooLarge
