"""The HTTP kit against FastAPI with nothing around it: `python -m tests.bench kit`."""

import asyncio
import io
import time
from base64 import b64encode
from collections.abc import Iterator, Sequence
from typing import Annotated, Any
from uuid import UUID, uuid4

import orjson
import structlog
from fastapi import APIRouter, Body, FastAPI
from pydantic import BaseModel
from starlette.types import ASGIApp, Message

from api.app_kit import Kit, build_app
from api.schemas.events import RawEvent
from api.schemas.faces import FaceCreate
from api.schemas.handlers import HandlerCreate
from api.schemas.matcher import MatchFacesRequest
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


_RECT = {"rect": {"x": 10, "y": 20, "width": 100, "height": 120}}
_DESCRIPTOR = {"descriptor": b64encode(bytes(2048)).decode(), "version": 65}
BODIES: dict[str, tuple[type[BaseModel], Any]] = {
    "a face": (FaceCreate, {"user_data": "Ann", "external_id": "A-1"}),
    "a match of 30 descriptors": (
        MatchFacesRequest,
        {
            "references": [
                {"id": f"probe {number}", "type": "raw_descriptor", "data": _DESCRIPTOR}
                for number in range(30)
            ],
            "candidates": [{"filters": {"origin": "faces", "list_id": str(uuid4())}}],
        },
    ),
    "a handler with policies": (
        HandlerCreate,
        {
            "description": "gate",
            "policies": {
                "detect_policy": {"multiface_policy": 1, "estimate_mask": 1},
                "extract_policy": {"extract_basic_attributes": 1},
                "match_policy": [
                    {"label": "staff", "candidates": {"origin": "faces", "list_id": str(uuid4())}}
                ],
                "storage_policy": {"face_policy": {"store_face": 1}},
            },
        },
    ),
    "an event of 100 detections": (
        RawEvent,
        {
            "source": "gate",
            "detections": [
                {"samples": {"face": {"sample_id": str(uuid4()), "detection": _RECT}}}
                for _ in range(100)
            ],
        },
    ),
}
"""Bodies of all sizes with the models that validate them."""


def taking(kind: Any) -> FastAPI:
    """A service with one route, which takes such a body and answers a word."""
    made = APIRouter(prefix="/6")

    async def post_thing(body: Any) -> str:
        return "ok"

    post_thing.__annotations__["body"] = Annotated[kind, Body()]
    made.add_api_route("/things", post_thing, methods=["POST"])
    return build_app("T", [made], Kit(system=SYSTEM, positions=Clock()))


async def best_times(apps: Sequence[ASGIApp], path: str, body: bytes = b"") -> list[float]:
    """Seconds of one request of each: the best of rounds in turn, which others disturbed least."""
    headers = [
        (b"host", b"toy"), (b"accept", b"*/*"), (b"luna-account-id", ACCOUNT.encode()),
        (b"content-type", b"application/json"), (b"content-length", b"%d" % len(body)),
    ]  # fmt: skip

    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Message) -> None:
        assert message.get("status", 200) == 200

    async def round_of(app: ASGIApp) -> float:
        start = time.perf_counter()
        for _ in range(_CALLS):
            scope = {
                "type": "http",
                "method": "POST" if body else "GET",
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
    with_kit, with_many, without = await best_times((kit, many, bare), f"/6/things/{THING}")
    validated = {
        what: await best_times((taking(model), taking(Any)), "/6/things", orjson.dumps(body))
        for what, (model, body) in BODIES.items()
    }
    structlog.configure(**before)
    return [
        Figure("a request through the kit / bare FastAPI", with_kit * 1e6, without * 1e6, "µs", 2.0,
               bound=True),
        Figure("the same among 300 routes / among one", with_many * 1e6, with_kit * 1e6, "µs", 2.0,
               bound=True),
        *(
            Figure(f"{what} in the body, validated / any JSON", ours * 1e6, any_json * 1e6, "µs",
                   2.0, bound=True)
            for what, (ours, any_json) in validated.items()
        ),
    ]  # fmt: skip


def figures() -> Iterator[Figure]:
    """What the kit adds to a request, the number of routes to it, and validation to a body."""
    yield from asyncio.run(_figures())
