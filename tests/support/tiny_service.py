"""A small program over `api.serve`: real listeners and Postgres, four apps of a few lines."""

import asyncio
import sys

import psycopg
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket

from api import logs
from api.cannot_start import CannotStart
from api.serve import run
from api.settings import Settings


class TinyApps:
    """Counts its visits in Postgres, and can be slow to answer or slow to stop."""

    def __init__(self, settings: Settings, dsn: str | None) -> None:
        assert dsn is not None
        self._dsn = dsn
        routes = [
            Route("/visits", self._visit, methods=["POST"]),
            Route("/slow", self._slow),
            Route("/stuck", self._stuck),
        ]
        self.api = Starlette(routes=[*routes, Route("/name", named("api"))])
        self.streams = Starlette(routes=[Route("/name", named("streams"))])
        self.tracking = Starlette(routes=[Route("/name", named("tracking"))])
        self.sender = Starlette(
            routes=[Route("/name", named("sender")), WebSocketRoute("/ws", greet)]
        )

    async def start(self) -> None:
        with psycopg.connect(self._dsn) as connection:
            # Several roles may start at once, and IF NOT EXISTS alone does not serialise them.
            connection.execute("SELECT pg_advisory_xact_lock(5000)")
            connection.execute("CREATE TABLE IF NOT EXISTS visits (n int)")
        print("apps started", flush=True)

    def serve_streams(self) -> None:
        """There are no streams."""

    async def leave(self) -> None:
        """Nobody to tell."""

    async def stop(self) -> None:
        with psycopg.connect(self._dsn) as connection:
            connection.execute("SELECT 1")  # Postgres outlives the apps
        print("apps stopped", flush=True)

    async def _visit(self, request: Request) -> Response:
        with psycopg.connect(self._dsn) as connection:
            connection.execute("INSERT INTO visits VALUES (1)")
            row = connection.execute("SELECT count(*) FROM visits").fetchone()
        assert row is not None
        return JSONResponse(row[0])

    async def _slow(self, request: Request) -> Response:
        print("slow began", flush=True)
        await asyncio.sleep(1)
        return PlainTextResponse("done")

    async def _stuck(self, request: Request) -> Response:
        print("stuck began", flush=True)
        await asyncio.sleep(600)
        return PlainTextResponse("never")


def named(name: str):  # type: ignore[no-untyped-def]
    """An endpoint that says which app it is in and where it is mounted."""

    async def answer(request: Request) -> Response:
        return JSONResponse({"app": name, "root": request.scope["root_path"]})

    return answer


async def greet(socket: WebSocket) -> None:
    """Accept, greet, and wait for the other side to leave."""
    await socket.accept()
    await socket.send_text("hello")
    await socket.receive()


def main() -> int:
    """Serve the tiny apps as `selene serve` serves the real ones."""
    try:
        settings = Settings.load()
        logs.configure(settings)
        return run(settings, TinyApps)
    except CannotStart as reason:
        print(f"selene: {reason}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
