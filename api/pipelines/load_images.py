"""The images of a request as the networks take them: fetched, read from the store, or failed."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from api.blobs import BlobNotFound, Blobs, BlobStoreFailed
from api.http.refusals import ComponentDown
from api.image_downloads import with_downloads
from api.images_in_request import ImageLimits, RequestImage
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

_AT_ONCE: Final = 8
_WARPS: Final = (
    (SamplesType.FACES, ImageType.FACE_WARP),
    (SamplesType.BODIES, ImageType.BODY_WARP),
)


@dataclass(frozen=True, slots=True)
class LoadedImage:
    """An image of a request with its bytes, or the refusal that stands in for them."""

    asked: RequestImage
    given: ImageInput | None = None
    error: Refusal | None = None
    sample_id: UUID | None = None


class ImageLoader:
    """Gets the bytes of images given by URL, image id or sample id; each fails by itself."""

    def __init__(self, reader: Reader, blobs: Blobs, guard: UrlGuard, limits: ImageLimits) -> None:
        self._reader = reader
        self._blobs = blobs
        self._guard = guard
        self._limits = limits

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
                if len(data) > self._limits.bytes:
                    raise TooManyBytes(len(data), self._limits.bytes)
            except Refusal as refusal:
                return LoadedImage(image, error=refusal, sample_id=image.sample_id)
            given = ImageInput(data, image.filename, kind)
            return LoadedImage(image, given, sample_id=image.sample_id)

        fetched = await with_downloads(images, self._guard, self._limits)
        return list(await asyncio.gather(*map(one, fetched)))

    async def face_samples(
        self, sample_ids: Sequence[UUID], account_id: UUID | None
    ) -> list[bytes]:
        """The files of stored face samples, in order; refuses all of them if one is missing."""
        turn = asyncio.Semaphore(_AT_ONCE)

        async def one(sample_id: UUID) -> bytes:
            async with turn:
                return await self._sample(sample_id, account_id, SamplesType.FACES)

        return list(await asyncio.gather(*map(one, sample_ids)))

    async def _bytes(
        self, image: RequestImage, account_id: UUID | None, image_type: ImageType
    ) -> tuple[bytes, ImageType]:
        if image.data is not None:
            return image.data, image_type
        if image.sample_id is not None:
            return await self._warp(image.sample_id, account_id)
        image_id = image.image_id
        assert image_id is not None, "an image is bytes, an id, a URL or an error"
        row = await asyncio.to_thread(get_image, self._reader, account_id, image_id)
        return await self._blob(row.blob, ImageNotFound(image_id)), image_type

    async def _warp(self, sample_id: UUID, account_id: UUID | None) -> tuple[bytes, ImageType]:
        for kind, image_type in _WARPS:
            try:
                return await self._sample(sample_id, account_id, kind), image_type
            except SampleNotFound:
                continue
        raise SampleNotFound(sample_id)

    async def _sample(self, sample_id: UUID, account_id: UUID | None, kind: SamplesType) -> bytes:
        row = await asyncio.to_thread(get_sample, self._reader, account_id, kind, sample_id)
        return await self._blob(row.blob, SampleNotFound(sample_id))

    async def _blob(self, name: str, missing: Refusal) -> bytes:
        try:
            return await self._blobs.get(name)
        except BlobNotFound:  # deleted since the row was read
            raise missing from None
        except BlobStoreFailed as failed:
            raise ComponentDown("the blob store does not answer") from failed
