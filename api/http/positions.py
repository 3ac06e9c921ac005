"""How far this process's read models are, told on every answer and awaited on demand."""

from typing import Protocol

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.http.asgi import STARTS, Header, header
from api.http.refusals import BadHeader, PositionNotReached

_HIGHEST = 2**63 - 1


class Positions(Protocol):
    """The log position that reads reflect."""

    def current(self) -> int:
        """The position reached; called on every answer, so it must not block."""
        ...

    async def wait_for(self, position: int, timeout_s: float) -> bool:
        """Whether the position was reached before the time was up."""
        ...


class StampPositions:
    """ASGI middleware: puts Selene-Position on every answer."""

    def __init__(self, app: ASGIApp, positions: Positions) -> None:
        self._app = app
        self._positions = positions

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            return await self._app(scope, receive, send)

        async def stamped(message: Message) -> None:
            if message["type"] in STARTS:
                position: Header = (b"selene-position", b"%d" % self._positions.current())
                message["headers"] = [*message.get("headers", ()), position]
            await send(message)

        await self._app(scope, receive, stamped)


class AwaitPosition:
    """ASGI middleware: a request with Selene-Min-Position waits for it, or is refused."""

    def __init__(self, app: ASGIApp, positions: Positions, longest_wait_s: float) -> None:
        self._app = app
        self._positions = positions
        self._longest_wait_s = longest_wait_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "lifespan":
            demanded = header(scope, b"selene-min-position")
            if demanded is not None:
                await self._wait(demanded)
        await self._app(scope, receive, send)

    async def _wait(self, demanded: str) -> None:
        if not (demanded.isascii() and demanded.isdigit() and int(demanded[:20]) <= _HIGHEST):
            raise BadHeader("Selene-Min-Position")
        position = int(demanded)
        if self._positions.current() >= position:
            return
        if not await self._positions.wait_for(position, self._longest_wait_s):
            raise PositionNotReached(position, self._positions.current())
