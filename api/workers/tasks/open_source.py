"""Opens the source of an estimator task, whatever it is."""

import asyncio
import re
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from api.blobs import BlobNotFound, Blobs
from api.url_guard import UrlRefused
from api.workers.tasks.disk_source import DiskFolder
from api.workers.tasks.kind import Work
from api.workers.tasks.s3_source import S3Bucket
from api.workers.tasks.sources import ImageSource
from api.workers.tasks.zip_source import MOST_ARCHIVE_BYTES, ZipArchive
from domain.estimator_task import S3Source, Source, SourceRefused, ZipSource
from domain.objects import ObjectNotFound
from projections.objects import get_object

_OBJECT: Final = re.compile(
    r"(?:/6/objects/)?([0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})"
)
_PATIENCE_S: Final = 600.0
_LOOK_S: Final = 0.2


@contextmanager
def opened(work: Work, source: Source) -> Iterator[ImageSource]:
    """The images of the source, until the end of the block."""
    images = _open(work, source)
    try:
        yield images
    finally:
        images.close()


def _open(work: Work, source: Source) -> ImageSource:
    largest = work.services.image_limits.bytes
    if isinstance(source, ZipSource):
        keys = source.authorization
        password = None if keys is None else str(keys.password)
        return ZipArchive(_archive(work, source.reference), password, largest)
    if isinstance(source, S3Source):
        return S3Bucket(work, source)
    return DiskFolder(source, work.services.settings.network_disks, largest)


def _archive(work: Work, reference: str) -> Path:
    """The archive as a file in the folder of the task."""
    path = work.folder / "images.zip"
    if (own := _OBJECT.fullmatch(reference)) is not None:
        object_id = UUID(own[1])
        row = get_object(work.reader, work.account_id, object_id)
        try:
            work.wait(_copy(work.services.blobs, row.blob, path))
        except BlobNotFound:
            raise ObjectNotFound(object_id) from None
        return path
    download = work.services.guard.save(
        reference, path, largest=MOST_ARCHIVE_BYTES, patience_s=_PATIENCE_S
    )
    try:
        work.wait(_unless_stopped(work, download))
    except UrlRefused as refused:
        raise SourceRefused(refused.args[1]) from None
    return path


async def _unless_stopped(work: Work, download: Coroutine[Any, Any, None]) -> None:
    """Wait for something that takes minutes, and no longer than the task is wanted."""
    waiting = asyncio.ensure_future(download)
    try:
        while not (await asyncio.wait([waiting], timeout=_LOOK_S))[0]:
            await asyncio.to_thread(work.check)
    finally:
        waiting.cancel()
    await waiting


async def _copy(blobs: Blobs, name: str, path: Path) -> None:
    """A blob as a file."""
    with path.open("wb") as file:
        async for piece in await blobs.open(name):
            await asyncio.to_thread(file.write, piece)
