"""What the kit adds to a request, measured against FastAPI with nothing around it."""

import io
import time
from uuid import UUID

import pytest
import structlog
from fastapi import APIRouter, FastAPI
from pydantic import BaseModel
from starlette.types import ASGIApp, Message

from api.app_kit import Kit, build_app
from tests.api.kit.toy import ACCOUNT, SYSTEM, THING, Clock

_ROUNDS, _CALLS = 9, 200
_MOST_ADDED_S = 100e-6


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


@pytest.fixture(autouse=True)
def _log_to_nowhere() -> object:
    """Lines are made in full, and thrown away."""
    before = structlog.get_config()
    structlog.configure(
        processors=[structlog.processors.JSONRenderer()],
        logger_factory=structlog.PrintLoggerFactory(io.StringIO()),
    )
    yield
    structlog.configure(**before)


async def test_the_kit_adds_little_to_a_request() -> None:
    bare = FastAPI()
    bare.include_router(router(0))
    kit = build_app("T", [router(0)], Kit(system=SYSTEM, positions=Clock()))

    with_kit, without = await best_times(kit, bare)
    assert with_kit - without < _MOST_ADDED_S


async def test_the_number_of_routes_hardly_matters() -> None:
    few = build_app("T", [router(0)], Kit(system=SYSTEM))
    many = build_app("T", [router(300)], Kit(system=SYSTEM))

    one, three_hundred = await best_times(few, many)
    assert three_hundred < 2 * one
