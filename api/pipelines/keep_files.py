"""Stored files: bytes into the blob store and a fact into the log, and back out."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from uuid import UUID

import structlog

from api.blobs import BlobNotFound, Blobs, BlobStoreFailed, new_name
from api.dependencies import SendFunction
from api.http.refusals import ComponentDown
from commands.images import SaveImages
from commands.objects import SaveObjects
from commands.samples import SaveSamples
from commands.stored_files import NewFile
from domain.log.port import OutcomeUnknown
from domain.shared.enums import SamplesType
from domain.shared.refusal import Refusal
from projections.stored_files import FileRow

log = structlog.stdlib.get_logger("selene.files")

Files = tuple[NewFile, ...]


async def keep_samples(
    send: SendFunction,
    blobs: Blobs,
    account_id: UUID,
    sample_type: SamplesType,
    warps: Sequence[bytes],
    content_type: str = "image/jpeg",
) -> list[UUID]:
    """Keep warps as samples, all or none; their ids in order."""

    def save(files: Files) -> Awaitable[list[UUID]]:
        return send(SaveSamples(account_id=account_id, sample_type=sample_type, files=files))

    return await _keep(blobs, f"samples/{sample_type}", warps, content_type, save)


async def keep_images(
    send: SendFunction, blobs: Blobs, account_id: UUID, images: Sequence[bytes], content_type: str
) -> list[UUID]:
    """Keep source images of one type, all or none; their ids in order."""

    def save(files: Files) -> Awaitable[list[UUID]]:
        return send(SaveImages(account_id=account_id, files=files))

    return await _keep(blobs, "images", images, content_type, save)


async def keep_object(
    send: SendFunction, blobs: Blobs, account_id: UUID, data: bytes, content_type: str
) -> UUID:
    """Keep a user's file; its id."""

    def save(files: Files) -> Awaitable[list[UUID]]:
        return send(SaveObjects(account_id=account_id, files=files))

    (object_id,) = await _keep(blobs, "objects", [data], content_type, save)
    return object_id


async def read_file(blobs: Blobs, read: Callable[[], FileRow]) -> tuple[bytes, str]:
    """The bytes and the type of the file that `read` finds, or refuses, in the read models."""
    row = await asyncio.to_thread(read)
    try:
        return await blobs.get(row.blob), row.content_type
    except BlobNotFound:
        await asyncio.to_thread(read)  # refuses if it was deleted between the two looks
        log.error("the bytes of a stored file are lost", blob=row.blob)
        raise ComponentDown("the bytes of this file are lost") from None
    except BlobStoreFailed as failed:
        raise ComponentDown("the blob store does not answer") from failed


async def put_files(blobs: Blobs, contents: Iterable[tuple[str, bytes]]) -> None:
    """All bytes into the blob store under their names, or none."""
    pairs = list(contents)
    puts = (blobs.put(name, data) for name, data in pairs)
    failures = [r for r in await asyncio.gather(*puts, return_exceptions=True) if r is not None]
    if failures:
        await drop_files(blobs, (name for name, _ in pairs))
        if isinstance(failures[0], BlobStoreFailed):
            raise ComponentDown("the blob store does not answer") from failures[0]
        raise failures[0]


async def drop_files(blobs: Blobs, names: Iterable[str]) -> None:
    """Delete bytes that no fact names any more; failures leave some behind."""
    await asyncio.gather(*(drop_blob(blobs, name) for name in names))


async def drop_blob(blobs: Blobs, name: str) -> None:
    """Delete one blob that no fact names any more; a failure leaves it behind."""
    try:
        await blobs.delete(name)
    except BlobStoreFailed as failed:
        log.warning("a blob is left over", blob=name, error=str(failed))


async def _keep(
    blobs: Blobs,
    area: str,
    contents: Sequence[bytes],
    content_type: str,
    save: Callable[[Files], Awaitable[list[UUID]]],
) -> list[UUID]:
    """Bytes first, then the fact, so that no fact names bytes that are not there."""
    files = tuple(
        NewFile(blob=new_name(area), size=len(data), content_type=content_type) for data in contents
    )
    names = [file.blob for file in files]
    await put_files(blobs, zip(names, contents, strict=True))
    try:
        ids = await save(files)
    except OutcomeUnknown:  # the fact may be there, and then it needs its bytes
        raise
    except Refusal:
        await drop_files(blobs, names)
        raise
    if ids != [file.file_id for file in files]:  # a repeated request: the first one's are kept
        await drop_files(blobs, names)
    return ids
