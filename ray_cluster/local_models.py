"""The networks in this process, on threads of their own."""

import asyncio
import math
import os
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import Final, TypeVar

from domain.shared.biometrics import DescriptorKind
from domain.shared.detections import (
    DetectWanted,
    Extracted,
    ExtractWanted,
    ImageDetections,
    ImageInput,
    Warp,
)
from domain.shared.image_refusals import ImageRefused
from domain.shared.model_features import DescriptorFeature, RoleFeature
from inference.pipeline import Pipeline
from inference.warp_codec import encode_warp
from ray_cluster.admission import MOST_WAITING, Admission

Result = TypeVar("Result")
Item = TypeVar("Item")

MAX_BATCH: Final = 8
"""Images in one network call: more are no faster together on a processor."""


class LocalModels:
    """A pipeline behind a bounded queue; one thread per core, one network call per thread.

    A request is split so that its images use the idle threads. When more than `max_waiting`
    images are queued, new requests are refused with the time after which the queue should have
    room again.
    """

    def __init__(
        self, pipeline: Pipeline, *, threads: int | None = None, max_waiting: int = MOST_WAITING
    ) -> None:
        self._pipeline = pipeline
        self._threads = threads or os.cpu_count() or 1
        self._admission = Admission(max_waiting)
        self._executor = ThreadPoolExecutor(self._threads, thread_name_prefix="models")
        self._descriptors = tuple(pipeline.descriptors())

    async def warm_up(self) -> None:
        """Load every model now, so that no request waits for one."""
        await asyncio.wrap_future(self._executor.submit(self._pipeline.loaded.load_all))

    async def detect(
        self, images: Sequence[ImageInput], wanted: DetectWanted
    ) -> list[ImageDetections | ImageRefused]:
        """What is found in each image, in order."""
        return await self._spread(images, lambda part: self._pipeline.detect(part, wanted))

    async def extract_faces(self, warps: Sequence[Warp], wanted: ExtractWanted) -> list[Extracted]:
        """Descriptors and basic attributes per face warp, or one of all when aggregated."""
        return await self._extract(self._pipeline.extract_faces, warps, wanted)

    async def extract_bodies(self, warps: Sequence[Warp], wanted: ExtractWanted) -> list[Extracted]:
        """Descriptors per body warp, or one of all when aggregated."""
        return await self._extract(self._pipeline.extract_bodies, warps, wanted)

    async def encode_warps(self, warps: Sequence[Warp]) -> list[bytes]:
        """Each warp as the JPEG file of a sample."""
        return await self._spread(warps, lambda part: [encode_warp(warp) for warp in part])

    async def decode_warps(self, files: Sequence[bytes], kind: DescriptorKind) -> list[Warp]:
        """The warps in stored samples."""
        decode = self._pipeline.decode_warp
        return await self._spread(files, lambda part: [decode(data, kind) for data in part])

    async def features(self) -> list[RoleFeature]:
        """Every role the product knows, and what fills it."""
        return self._pipeline.features()

    def descriptors(self) -> Sequence[DescriptorFeature]:
        """The descriptors that are extracted."""
        return self._descriptors

    async def close(self) -> None:
        """Let running work end and take no more."""
        await asyncio.to_thread(self._executor.shutdown, wait=True, cancel_futures=True)

    async def _extract(
        self,
        extract: Callable[[Sequence[Warp], ExtractWanted], list[Extracted]],
        warps: Sequence[Warp],
        wanted: ExtractWanted,
    ) -> list[Extracted]:
        if wanted.aggregate:  # one result of all warps cannot be made in parts
            return await self._run(len(warps), lambda: extract(warps, wanted))
        return await self._spread(warps, lambda part: extract(part, wanted))

    async def _spread(
        self, items: Sequence[Item], work: Callable[[Sequence[Item]], list[Result]]
    ) -> list[Result]:
        """Work on parts of a request at the same time; the order of results is the items'."""
        if not items:
            return []
        step = min(MAX_BATCH, math.ceil(len(items) / self._threads))
        parts = [items[start : start + step] for start in range(0, len(items), step)]
        self._admission.admit(len(items), self._threads)
        futures = [self._submit(len(part), partial(work, part)) for part in parts]
        done = await asyncio.gather(*map(asyncio.wrap_future, futures))
        return [result for part in done for result in part]

    async def _run(self, size: int, work: Callable[[], Result]) -> Result:
        self._admission.admit(size, self._threads)
        return await asyncio.wrap_future(self._submit(size, work))

    def _submit(self, size: int, work: Callable[[], Result]) -> Future[Result]:
        future = self._executor.submit(self._timed, size, work)
        future.add_done_callback(lambda _: self._admission.leave(size))
        return future

    def _timed(self, size: int, work: Callable[[], Result]) -> Result:
        started = time.perf_counter()
        try:
            return work()
        finally:
            self._admission.took(time.perf_counter() - started, size)
