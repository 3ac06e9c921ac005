"""The networks in this process, on threads of their own."""

import asyncio
import math
import os
import time
from collections.abc import Hashable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, Final

from domain.shared.biometrics import DescriptorKind
from domain.shared.detections import (
    DetectWanted,
    Extracted,
    ExtractWanted,
    ImageDetections,
    ImageInput,
    Warp,
)
from domain.shared.image_refusals import ImageRefused, ModelsBusy
from domain.shared.model_features import DescriptorFeature, RoleFeature
from inference.pipeline import Pipeline
from ray_cluster.admission import MOST_WAITING, Admission
from ray_cluster.batch_threads import BatchThreads, Job
from ray_cluster.model_work import Work, do_work
from ray_cluster.work_queue import Part


@dataclass(frozen=True, slots=True)
class Batching:
    """How images of several requests share calls: at most `most`, waiting `gather_s` for others.

    Only what finds the networks busy waits for others.
    """

    most: int
    gather_s: float


ON_PROCESSOR: Final = Batching(4, 0.0)
"""More are no faster together, and nothing is gained by waiting for them."""

ON_GPU: Final = Batching(32, 0.003)


class LocalModels:
    """A pipeline behind a bounded queue; one thread per core, one network call per thread.

    A request is split so that its images use the idle threads, and images of several requests
    that want the same share a call. When more than `max_waiting` images are queued, new requests
    are refused with the time after which the queue should have room again.
    """

    def __init__(
        self,
        pipeline: Pipeline,
        *,
        threads: int | None = None,
        max_waiting: int = MOST_WAITING,
        batching: Batching = ON_PROCESSOR,
    ) -> None:
        self._pipeline = pipeline
        self._count = threads or len(os.sched_getaffinity(0))
        self._most = batching.most
        self._admission = Admission(max_waiting)
        self._threads = BatchThreads(
            self._timed, threads=self._count, most=batching.most, gather_s=batching.gather_s
        )
        self._descriptors = tuple(pipeline.descriptors())

    async def warm_up(self) -> None:
        """Load every model now, so that no request waits for one."""
        await asyncio.to_thread(self._pipeline.loaded.load_all)

    async def detect(
        self, images: Sequence[ImageInput], wanted: DetectWanted
    ) -> list[ImageDetections | ImageRefused]:
        """What is found in each image, in order."""
        return await self._spread("detect", images, wanted)

    async def extract_faces(self, warps: Sequence[Warp], wanted: ExtractWanted) -> list[Extracted]:
        """Descriptors and basic attributes per face warp, or one of all when aggregated."""
        return await self._spread("extract_faces", warps, wanted, alone=wanted.aggregate)

    async def extract_bodies(self, warps: Sequence[Warp], wanted: ExtractWanted) -> list[Extracted]:
        """Descriptors per body warp, or one of all when aggregated."""
        return await self._spread("extract_bodies", warps, wanted, alone=wanted.aggregate)

    async def encode_warps(self, warps: Sequence[Warp]) -> list[bytes]:
        """Each warp as the JPEG file of a sample."""
        return await self._spread("encode_warps", warps, None)

    async def decode_warps(self, files: Sequence[bytes], kind: DescriptorKind) -> list[Warp]:
        """The warps in stored samples."""
        return await self._spread("decode_warps", files, kind)

    async def features(self) -> list[RoleFeature]:
        """Every role the product knows, and what fills it."""
        return self._pipeline.features()

    def descriptors(self) -> Sequence[DescriptorFeature]:
        """The descriptors that are extracted."""
        return self._descriptors

    async def close(self) -> None:
        """Let running work end and take no more."""
        await asyncio.to_thread(self._threads.close)

    async def _spread(
        self, kind: Work, items: Sequence[Any], wanted: Hashable, *, alone: bool = False
    ) -> list[Any]:
        """Work on parts of a request at the same time; the order of results is the items'.

        What is `alone` cannot be made in parts.
        """
        if not items and not alone:
            return []
        step = max(len(items), 1) if alone else min(self._most, self._share(items))
        self._admission.admit(len(items), self._count)
        starts = range(0, max(len(items), 1), step)
        parts = [self._part(kind, items[i : i + step], wanted, alone=alone) for i in starts]
        try:
            if not self._threads.add(parts):
                raise ModelsBusy(1)
            done = await asyncio.gather(*(asyncio.wrap_future(part.answer) for part in parts))
        finally:
            for part in parts:  # when one is refused nobody wants the others
                part.answer.cancel()
        return [result for part in done for result in part]

    def _share(self, items: Sequence[Any]) -> int:
        return math.ceil(len(items) / self._count)

    def _part(self, kind: Work, items: Sequence[Any], wanted: Hashable, *, alone: bool) -> Job:
        answer: Future[list[Any]] = Future()
        answer.add_done_callback(lambda _: self._admission.leave(len(items)))
        return Part(kind, items, wanted, answer, alone=alone)

    def _timed(self, kind: Work, items: Sequence[Any], wanted: Any) -> list[Any]:
        started = time.perf_counter()
        try:
            return do_work(self._pipeline, kind, items, wanted)
        finally:
            self._admission.took(time.perf_counter() - started, len(items))
