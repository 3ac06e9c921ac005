"""A small service built with the kit, whose routes do next to nothing."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any, Literal
from uuid import UUID

import httpx
from fastapi import APIRouter, Depends, FastAPI, File, Query, Request, UploadFile, WebSocket
from pydantic import BaseModel, ConfigDict, Field, model_validator
from starlette.responses import StreamingResponse

from api.app_kit import Kit, build_app
from api.authentication import AccountId, ChosenAccountId, MaybeAccountId, permitted
from api.http.fields import REPEATED, CommaList, Flag, UserData
from api.images_in_request import IMAGE_TYPES, ImageLimits, images_in_request
from api.routes.system import System, Version
from domain.shared.biometrics import BadDescriptor
from domain.shared.fields import Time
from domain.shared.refusal import Refusal

ACCOUNT = "8b8b5937-2e9c-4e8b-a7a7-5caf86621b5a"
THING = "7acc35cf-a3b2-4f87-8d8b-5496a2782d37"
AS_ACCOUNT = {"Luna-Account-Id": ACCOUNT}


class _Uncatalogued(Refusal):
    """A refusal that nobody listed, as a mistake in the code would be."""


class Part(BaseModel):
    """Something inside a thing."""

    model_config = ConfigDict(extra="forbid")
    size: int


class Thing(BaseModel):
    """What is created."""

    model_config = ConfigDict(extra="forbid")
    user_data: UserData
    time: Time | None = None
    flag: Flag = 0
    kind: Literal["big", "small"] = "big"
    parts: list[Part] = []
    choice: Part | list[int] | None = None
    meta: Any = None

    @model_validator(mode="after")
    def _not_both(self) -> "Thing":
        if self.kind == "small" and self.parts:
            raise ValueError("a small thing has no parts")
        return self


class ThingCreated(BaseModel):
    """What the creation answers."""

    account_id: UUID
    thing: Thing


class Wanted(BaseModel):
    """Which things to list."""

    thing_ids: Annotated[list[UUID] | None, CommaList] = None
    sizes: Annotated[list[int], Field(json_schema_extra=REPEATED)] = []
    create_time__gte: Time | None = None
    page: Annotated[int, Field(ge=1)] = 1
    page_size: Annotated[int, Field(ge=1, le=100)] = 10


router = APIRouter(prefix="/things", tags=["things"])


@router.post("", status_code=201)
async def create_thing(body: Thing, account_id: AccountId) -> ThingCreated:
    """Create a thing."""
    return ThingCreated(account_id=account_id, thing=body)


@router.get("")
async def get_things(
    wanted: Annotated[Wanted, Query()], account_id: MaybeAccountId
) -> dict[str, Any]:
    """List things."""
    return {**wanted.model_dump(), "account_id": account_id}


@router.get("/count")
def get_things_count(account_id: ChosenAccountId) -> dict[str, Any]:
    """Count things, on a thread."""
    return {"things_count": 3, "account_id": account_id}


@router.get("/{thing_id}")
async def get_thing(thing_id: UUID) -> dict[str, UUID]:
    """Get one thing."""
    return {"thing_id": thing_id}


@router.delete("/{name}", status_code=204, dependencies=[Depends(permitted("object", "deletion"))])
async def delete_thing(name: str) -> None:
    """Another parameter at the place of thing_id, as LUNA's samples have it."""


@router.post("/upload")
async def upload(file: Annotated[UploadFile, File()]) -> dict[str, int]:
    """Take a form."""
    return {"bytes": len(await file.read())}


@router.post("/raw")
async def take_raw(request: Request) -> dict[str, int]:
    """Take any body."""
    return {"bytes": len(await request.body())}


@router.post("/images")
async def take_images(request: Request) -> list[dict[str, Any]]:
    """Take images in all forms."""
    found = await images_in_request(
        request,
        ImageLimits(count=3, bytes=64),
        accepted=IMAGE_TYPES,
        fields=frozenset({"policies"}),
    )
    return [
        {
            "filename": image.filename,
            "bytes": None if image.data is None else len(image.data),
            "type": image.content_type,
            "url": image.url,
            "image_id": image.image_id,
            "sample_id": image.sample_id,
            "error": type(image.error).__name__ if image.error else None,
            "policies": found.fields.get("policies"),
        }
        for image in found.images
    ]


@router.get("/refused/known")
async def refuse() -> None:
    """Refuse as the domain does."""
    raise BadDescriptor("{odd} braces")


@router.get("/refused/unknown")
async def refuse_strangely() -> None:
    """Refuse with what no catalogue lists."""
    raise _Uncatalogued("hush")


@router.get("/broken/now")
async def break_now() -> None:
    """Break."""
    raise KeyError("the secret reason")


@router.get("/broken/later")
async def break_later() -> StreamingResponse:
    """Break when the answer has begun."""

    async def halves() -> AsyncIterator[bytes]:
        yield b"half"
        raise KeyError("the secret reason")

    return StreamingResponse(halves())


@router.websocket("/ws")
async def talk(socket: WebSocket, account_id: AccountId) -> None:
    """Say who is there."""
    await socket.accept()
    await socket.send_text(str(account_id))
    await socket.close()


class Clock:
    """A position that tests move."""

    def __init__(self, now: int = 5) -> None:
        self.now = now
        self.moved = asyncio.Event()

    def current(self) -> int:
        """Where it is."""
        return self.now

    def move(self, now: int) -> None:
        """Go there."""
        self.now = now
        self.moved.set()

    async def wait_for(self, position: int, timeout_s: float) -> bool:
        """Whether it got there in time."""
        try:
            async with asyncio.timeout(timeout_s):
                while self.now < position:
                    self.moved.clear()
                    await self.moved.wait()
        except TimeoutError:
            return False
        return True


SYSTEM = System(versions={"Version": Version(1, 2, 3, api=6)}, prefixes=("/6",))


def toy(**options: Any) -> FastAPI:
    """The service; options are those of the kit."""
    kit = Kit(**{"system": SYSTEM, **options})
    return build_app("Toy", [router], kit, prefix="/6")


@asynccontextmanager
async def asking(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """A client that reaches the service without a socket."""
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://toy") as client:
        yield client
