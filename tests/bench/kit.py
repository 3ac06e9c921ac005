"""The HTTP kit against FastAPI with nothing around it: `python -m tests.bench kit`."""

import asyncio
import io
import time
from collections.abc import Iterator
from uuid import UUID

import structlog
from fastapi import APIRouter, FastAPI
from pydantic import BaseModel
from starlette.types import ASGIApp, Message

from api.app_kit import Kit, build_app
from tests.api.kit.toy import ACCOUNT, SYSTEM, THING, Clock
from tests.bench.figures import Figure

_ROUNDS, _CALLS = 9, 200


class Found(BaseModel):
    """What the route answers."""

    thing_id: UUID


def router(routes: int) -> APIRouter:
    """One route that is asked for, behind others that are not."""
    made = APIRouter(prefix="/6")

    async def get_thing(thing_id: UUID) -> Found:
        return Found(thing_id=thing_id)

    for number in range(routes):
        made.add_api_route(f"/other{number}/{{thing_id}}", get_thing, name=f"other_{number}")
    made.add_api_route("/things/{thing_id}", get_thing)
    return made


async def best_times(*apps: ASGIApp) -> list[float]:
    """Seconds of one GET of each: the best of rounds in turn, which other work disturbed least."""
    path = f"/6/things/{THING}"
    headers = [(b"host", b"toy"), (b"accept", b"*/*"), (b"luna-account-id", ACCOUNT.encode())]

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        assert message.get("status", 200) == 200

    async def round_of(app: ASGIApp) -> float:
        start = time.perf_counter()
        for _ in range(_CALLS):
            scope = {
                "type": "http",
                "method": "GET",
                "path": path,
                "raw_path": path.encode(),
                "query_string": b"",
                "headers": headers,
            }
            await app(scope, receive, send)
        return (time.perf_counter() - start) / _CALLS

    rounds = [[await round_of(app) for app in apps] for _ in range(_ROUNDS)]
    return [min(times) for times in zip(*rounds, strict=True)]


async def _figures() -> list[Figure]:
    before = structlog.get_config()
    structlog.configure(  # lines are made in full, and thrown away
        processors=[structlog.processors.JSONRenderer()],
        logger_factory=structlog.PrintLoggerFactory(io.StringIO()),
    )
    bare = FastAPI()
    bare.include_router(router(0))
    kit = build_app("T", [router(0)], Kit(system=SYSTEM, positions=Clock()))
    many = build_app("T", [router(300)], Kit(system=SYSTEM, positions=Clock()))
    with_kit, with_many, without = await best_times(kit, many, bare)
    structlog.configure(**before)
    return [
        Figure("a request through the kit / bare FastAPI", with_kit * 1e6, without * 1e6, "µs", 2.0,
               bound=True),
        Figure("the same among 300 routes / among one", with_many * 1e6, with_kit * 1e6, "µs", 2.0,
               bound=True),
    ]  # fmt: skip


def figures() -> Iterator[Figure]:
    """What the kit adds to a request, and what the number of routes does."""
    yield from asyncio.run(_figures())
