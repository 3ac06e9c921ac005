"""The images of a request as the networks take them: fetched, read from the store, or failed."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from api.blobs import BlobNotFound, Blobs
from api.images_in_request import RequestImage
from api.url_guard import UrlGuard
from domain.images import ImageNotFound
from domain.samples import SampleNotFound
from domain.shared.detections import ImageInput, ImageType
from domain.shared.enums import SamplesType
from domain.shared.image_refusals import TooManyBytes
from domain.shared.refusal import Refusal
from projections.database import Reader
from projections.images import get_image
from projections.samples import get_sample

_AT_ONCE = 8


@dataclass(frozen=True, slots=True)
class LoadedImage:
    """An image of a request with its bytes, or the refusal that stands in for them."""

    asked: RequestImage
    given: ImageInput | None = None
    error: Refusal | None = None
    sample_id: UUID | None = None


class ImageLoader:
    """Gets the bytes of images given by URL, image id or sample id; each fails by itself."""

    def __init__(self, reader: Reader, blobs: Blobs, guard: UrlGuard, largest: int) -> None:
        self._reader = reader
        self._blobs = blobs
        self._guard = guard
        self._largest = largest

    async def load(
        self, images: Sequence[RequestImage], account_id: UUID | None, image_type: ImageType
    ) -> list[LoadedImage]:
        """All images in order; a stored sample is a warp, whatever `image_type` the others are."""
        turn = asyncio.Semaphore(_AT_ONCE)

        async def one(image: RequestImage) -> LoadedImage:
            if image.error is not None:
                return LoadedImage(image, error=image.error)
            try:
                async with turn:
                    data, kind = await self._bytes(image, account_id, image_type)
                if len(data) > self._largest:
                    raise TooManyBytes(len(data), self._largest)
            except Refusal as refusal:
                return LoadedImage(image, error=refusal, sample_id=image.sample_id)
            given = ImageInput(data, image.filename, kind)
            return LoadedImage(image, given, sample_id=image.sample_id)

        return list(await asyncio.gather(*map(one, images)))

    async def _bytes(
        self, image: RequestImage, account_id: UUID | None, image_type: ImageType
    ) -> tuple[bytes, ImageType]:
        if image.data is not None:
            return image.data, image_type
        if image.sample_id is not None:
            return await self._sample(image.sample_id, account_id)
        if image.image_id is not None:
            stored = await asyncio.to_thread(get_image, self._reader, account_id, image.image_id)
            try:
                return await self._blobs.get(stored.blob), image_type
            except BlobNotFound:
                raise ImageNotFound(image.image_id) from None
        assert image.url is not None, "an image is bytes, an id, a URL or an error"
        return (await self._guard.get(image.url)).content, image_type

    async def _sample(self, sample_id: UUID, account_id: UUID | None) -> tuple[bytes, ImageType]:
        for kind, image_type in (
            (SamplesType.FACES, ImageType.FACE_WARP),
            (SamplesType.BODIES, ImageType.BODY_WARP),
        ):
            try:
                stored = await asyncio.to_thread(
                    get_sample, self._reader, account_id, kind, sample_id
                )
                return await self._blobs.get(stored.blob), image_type
            except (SampleNotFound, BlobNotFound):
                continue
        raise SampleNotFound(sample_id)
