"""Cross-origin requests: which web pages may call the services."""

from starlette.types import ASGIApp, Receive, Scope, Send

from api.http.asgi import Header, header, with_headers

_EXPOSED = (
    b"Luna-Request-Id, Selene-Position, Selene-Match-Position, Selene-Match-Exact, "
    b"Selene-Match-Recall, Selene-Models, Selene-Checks-Off, Location, Allow"
)
_ACCEPTED = (
    b"Authorization, Content-Type, Accept, Luna-Account-Id, Luna-Request-Id, Luna-Event-Time, "
    b"Luna-Event-End-Time, Selene-Min-Position, Idempotency-Key"
)
_A_DAY = b"86400"


class AllowOrigins:
    """ASGI middleware: CORS headers for the origins in the settings, "*" meaning all."""

    def __init__(self, app: ASGIApp, origins: frozenset[str]) -> None:
        self._app = app
        self._origins = origins

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        origin = None if scope["type"] != "http" else header(scope, b"origin")
        if origin is None or not self._origins:
            return await self._app(scope, receive, send)
        await self._app(scope, receive, with_headers(send, self._headers(scope, origin)))

    def _headers(self, scope: Scope, origin: str) -> list[Header]:
        varies: Header = (b"vary", b"Origin")
        if "*" not in self._origins and origin not in self._origins:
            return [varies]
        # An account is named in a header, never in a cookie, so credentials stay off.
        headers: list[Header] = [
            varies,
            (b"access-control-allow-origin", origin.encode("latin-1")),
            (b"access-control-expose-headers", _EXPOSED),
        ]
        if scope["method"] == "OPTIONS":
            wanted = header(scope, b"access-control-request-method") or ""
            headers += [
                (b"access-control-allow-methods", wanted.encode("latin-1") or b"GET"),
                (b"access-control-allow-headers", _ACCEPTED),
                (b"access-control-max-age", _A_DAY),
            ]
        return headers
