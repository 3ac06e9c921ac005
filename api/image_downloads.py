"""Fetches the images that a request names by URL."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from api.images_in_request import IMAGE_TYPES, ImageLimits, RequestImage
from api.url_guard import DownloadFailed, UrlGuard
from domain.shared.image_refusals import TooManyBytes

_AT_ONCE: Final = 8


async def with_downloads(
    images: Sequence[RequestImage], guard: UrlGuard, limits: ImageLimits
) -> list[RequestImage]:
    """The images in the same order, those with a URL with their bytes or the reason for none."""
    turn = asyncio.Semaphore(_AT_ONCE)

    async def fetched(image: RequestImage) -> RequestImage:
        if image.url is None or image.data is not None or image.error is not None:
            return image
        async with turn:
            try:
                found = await guard.get(image.url)
            except DownloadFailed as failed:
                return replace(image, error=failed)
        if len(found.content) > limits.bytes:
            return replace(image, error=TooManyBytes(len(found.content), limits.bytes))
        kind = found.content_type.partition(";")[0].strip().lower()
        kind = kind if kind in IMAGE_TYPES else ""  # servers err; the decoder looks at the bytes
        return replace(image, data=found.content, content_type=kind)

    return list(await asyncio.gather(*map(fetched, images)))
