"""What every ASGI middleware of ours needs: reading a header, adding some."""

from collections.abc import Iterable
from typing import Final

from starlette.types import Message, Scope, Send

Header = tuple[bytes, bytes]

STARTS: Final = frozenset(
    {"http.response.start", "websocket.accept", "websocket.http.response.start"}
)
"""The messages that carry the headers of an answer."""


def header(scope: Scope, name: bytes) -> str | None:
    """The last value of a request header, by its lower-case name."""
    for key, value in reversed(scope["headers"]):
        if key == name:
            return str(value, "latin-1")
    return None


def first_header(scope: Scope, name: bytes) -> str | None:
    """The first value, as Starlette's slower `headers.get` finds it."""
    for key, value in scope["headers"]:
        if key == name:
            return str(value, "latin-1")
    return None


def with_headers(send: Send, headers: Iterable[Header]) -> Send:
    """The same `send`, putting these headers on whatever is answered."""
    extra = list(headers)

    async def stamped(message: Message) -> None:
        if message["type"] in STARTS:
            message["headers"] = [*message.get("headers", ()), *extra]
        await send(message)

    return stamped
