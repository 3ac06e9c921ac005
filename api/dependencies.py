"""What routes ask for: the writer, the reader, the stores, the ports; by annotation."""

import hashlib
from collections.abc import Awaitable
from typing import Annotated, Protocol, TypeVar
from uuid import UUID

from fastapi import Depends, Request

from api.batching import BatchLoader
from api.blobs import Blobs
from api.http.asgi import first_header
from api.http.refusals import BadHeader
from api.http.request_id import current_request_id
from api.services import Services
from commands.command import Command, RequestContext
from projections.database import Reader, Row
from projections.temporary_attributes import TemporaryAttributes

R = TypeVar("R")

_LONGEST_KEY = 255


async def get_services(request: Request) -> Services:
    """The running parts of this process."""
    return request.app.state.services  # type: ignore[no-any-return]


ServicesDep = Annotated[Services, Depends(get_services)]


class SendFunction(Protocol):
    """Runs a command and answers once its changes are on disk."""

    def __call__(self, command: Command[R]) -> Awaitable[R]:
        """Raises the command's refusal."""
        ...


async def request_context(request: Request) -> RequestContext:
    """The request behind the commands: its id, and its idempotency key if it has one."""
    key = first_header(request.scope, b"idempotency-key")
    if key is None:
        return RequestContext(request_id=current_request_id())
    if not 0 < len(key) <= _LONGEST_KEY or not key.isprintable():
        raise BadHeader("Idempotency-Key")
    digest = hashlib.sha256(f"{request.method} {request.url.path}?{request.url.query}\n".encode())
    digest.update(request.headers.get("content-type", "").encode() + b"\n")
    digest.update(await request.body())
    return RequestContext(current_request_id(), key, digest.hexdigest())


Context = Annotated[RequestContext, Depends(request_context)]

# None of these depends on another: FastAPI resolves each level of a request anew.


async def get_send(request: Request) -> SendFunction:
    """The writer, with this request as the reason."""
    services: Services = request.app.state.services
    context = await request_context(request)

    def send(command: Command[R]) -> Awaitable[R]:
        return services.writer.send(command, context)

    return send


async def get_reader(request: Request) -> Reader:
    """The read models."""
    return request.app.state.services.reader  # type: ignore[no-any-return]


async def get_blobs(request: Request) -> Blobs:
    """The blob store."""
    return request.app.state.services.blobs  # type: ignore[no-any-return]


async def get_attributes(request: Request) -> TemporaryAttributes:
    """The temporary attributes."""
    return request.app.state.services.attributes  # type: ignore[no-any-return]


async def get_face_loader(request: Request) -> BatchLoader[UUID, Row]:
    """Faces by id, whatever their account; many at the same time are one query."""
    return request.app.state.services.faces  # type: ignore[no-any-return]


Send = Annotated[SendFunction, Depends(get_send)]
ReadDb = Annotated[Reader, Depends(get_reader)]
BlobStore = Annotated[Blobs, Depends(get_blobs)]
Attributes = Annotated[TemporaryAttributes, Depends(get_attributes)]
FaceLoader = Annotated[BatchLoader[UUID, Row], Depends(get_face_loader)]
