"""ZIP archives with a table and a folder of images, written piece by piece."""

import asyncio
import csv
import zipfile
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from typing import Any, Final

import structlog

from api.blobs import BlobNotFound
from api.workers.tasks.kind import ZIP, TaskResult, Work
from domain.task_refusals import TooManyImageBytes

log = structlog.stdlib.get_logger("selene.tasks")

MOST_IMAGE_BYTES: Final = 2 << 30
_AT_ONCE: Final = 16


def archived(
    work: Work, name: str, header: Sequence[str], delimiter: str, parts: Iterable[Any]
) -> TaskResult:
    """The table `name.csv` and the images of all parts, each `{"rows": ..., "images": ...}`."""
    table, archive = work.folder / f"{name}.csv", work.folder / f"{name}.zip"
    taken = 0
    with ExitStack() as stack:
        file = stack.enter_context(zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED))
        text = stack.enter_context(open(table, "w", encoding="utf-8", newline=""))
        writer = csv.writer(text, delimiter=delimiter)
        writer.writerow(header)
        for part in parts:
            work.check()
            writer.writerows(part["rows"])
            images = part["images"]
            for start in range(0, len(images), _AT_ONCE):
                work.check()
                some = images[start : start + _AT_ONCE]
                blobs = work.wait(_read(work, [blob for _, blob in some]))
                for (image, _), data in zip(some, blobs, strict=True):
                    taken += len(data or b"")
                    if taken > MOST_IMAGE_BYTES:
                        raise TooManyImageBytes(MOST_IMAGE_BYTES)
                    if data is not None:
                        file.writestr(f"images/{image}", data, zipfile.ZIP_STORED)
        text.flush()
        file.write(table, table.name)
    return TaskResult(file=archive, content_type=ZIP)


async def _read(work: Work, blobs: Sequence[str]) -> list[bytes | None]:
    """The bytes of each blob; None where it was deleted since the part looked."""
    return list(await asyncio.gather(*(_read_one(work, blob) for blob in blobs)))


async def _read_one(work: Work, blob: str) -> bytes | None:
    try:
        return await work.services.blobs.get(blob)
    except BlobNotFound:
        log.warning("an image of a table is gone", task_id=work.task_id)
        return None
