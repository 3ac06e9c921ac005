"""The networks on a Ray cluster: several replicas, fed with lists, none of them needed."""

import asyncio
import math
import os
import socket
import time
from collections.abc import Callable, Hashable, Sequence
from typing import Any, Final

import structlog

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
from ray_cluster.admission import MOST_WAITING, Admission
from ray_cluster.model_worker import Asker, WorkerOptions
from ray_cluster.replica import PREFIX, Replica, ReplicaLost, put
from ray_cluster.scaling import PoolSize, Scaling
from ray_cluster.work_queue import Part, WorkQueue

log = structlog.get_logger("selene.models")

MAX_BATCH: Final = 8
_IN_FLIGHT: Final = 2
"""Calls to one replica: while it works on one, the next one is on its way."""

_MOST_TRIES: Final = 5
_INLINE_BYTES: Final = 64 << 10
_PATIENCE_S: Final = 120.0
_SCALE_S: Final = 1.0
_LOOK_S: Final = 1.0
_MENDED_S: Final = 5.0

Job = Part[asyncio.Future[list[Any]]]


class WorkersKeepDying(RuntimeError):
    """Every worker that got this work died of it, or with it."""


class RayModels:
    """Replicas of the models behind one bounded queue per process.

    Work goes to whichever replica is free; what a dead one had is done by another. The actors
    outlive this process, and several processes share them.
    """

    def __init__(
        self,
        options: WorkerOptions,
        digest: str,
        descriptors: Sequence[DescriptorFeature],
        *,
        size: PoolSize,
        max_waiting: int = MOST_WAITING,
    ) -> None:
        self._options, self._digest = options, digest
        self._descriptors = tuple(descriptors)
        self._admission = Admission(max_waiting)
        self._scaling = Scaling(size)
        self._queue: WorkQueue[asyncio.Future[list[Any]]] = WorkQueue(MAX_BATCH)
        self._name = f"{socket.gethostname()}:{os.getpid()}"
        self._tasks: set[asyncio.Task[None]] = set()
        self._recovering: set[str] = set()
        self._closing = False
        self.replicas: list[Replica] = [self._replica(n) for n in range(size.least)]

    async def start(self) -> None:
        """Until one replica is ready; the others come later. What the first refuses is raised."""
        asked = [asyncio.create_task(replica.become_ready()) for replica in self.replicas]
        try:
            done, _ = await asyncio.wait(asked, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            for task in asked:
                task.cancel()
            await asyncio.gather(*asked, return_exceptions=True)
        for replica in self.replicas:
            self._recover(replica)
        self._spawn(self._scale())
        self._spawn(self._look())

    async def detect(
        self, images: Sequence[ImageInput], wanted: DetectWanted
    ) -> list[ImageDetections | ImageRefused]:
        """What is found in each image, in order."""
        return await self._spread("detect", images, wanted, lambda image: len(image.data))

    async def extract_faces(self, warps: Sequence[Warp], wanted: ExtractWanted) -> list[Extracted]:
        """Descriptors and basic attributes per face warp, or one of all when aggregated."""
        alone = wanted.aggregate
        return await self._spread("extract_faces", warps, wanted, _warp_bytes, alone=alone)

    async def extract_bodies(self, warps: Sequence[Warp], wanted: ExtractWanted) -> list[Extracted]:
        """Descriptors per body warp, or one of all when aggregated."""
        alone = wanted.aggregate
        return await self._spread("extract_bodies", warps, wanted, _warp_bytes, alone=alone)

    async def encode_warps(self, warps: Sequence[Warp]) -> list[bytes]:
        """Each warp as the JPEG file of a sample."""
        return await self._spread("encode_warps", warps, None, _warp_bytes)

    async def decode_warps(self, files: Sequence[bytes], kind: DescriptorKind) -> list[Warp]:
        """The warps in stored samples."""
        return await self._spread("decode_warps", files, kind, len)

    async def features(self) -> list[RoleFeature]:
        """Every role the product knows, and what fills it."""
        return next(replica.features for replica in self.replicas if replica.features)

    def descriptors(self) -> Sequence[DescriptorFeature]:
        """The descriptors that are extracted."""
        return self._descriptors

    @property
    def waiting(self) -> int:
        """Images that are queued or worked on for this process."""
        return self._admission.waiting

    async def close(self) -> None:
        """Let running work end and take no more; the actors stay."""
        self._closing = True
        self._queue.drop_all()
        while any(replica.in_flight for replica in self.replicas):
            await asyncio.sleep(0.01)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _spread(
        self,
        kind: str,
        items: Sequence[Any],
        wanted: Hashable,
        weigh: Callable[[Any], int],
        *,
        alone: bool = False,
    ) -> list[Any]:
        """Parts of a request for all replicas at once; the order of results is the items'."""
        if not items and not alone:
            return []
        ready = max(sum(replica.ready for replica in self.replicas), 1)
        step = len(items) or 1 if alone else min(MAX_BATCH, math.ceil(len(items) / ready))
        self._admission.admit(len(items), ready)
        parts: list[Job] = []
        try:
            for start in range(0, len(items) or 1, step):
                part = self._part(kind, items[start : start + step], wanted, alone=alone)
                if sum(map(weigh, part.items)) > _INLINE_BYTES:
                    part.reference = await put(part.items)
                parts.append(part)
            if self._closing:
                raise ModelsBusy(1)
            for part in parts:
                self._queue.add(part)
            self._dispatch()
            waited = asyncio.gather(*(part.answer for part in parts))
            done = await asyncio.wait_for(waited, _PATIENCE_S)
        except TimeoutError:
            raise ModelsBusy(int(_PATIENCE_S) // 2) from None
        finally:
            self._admission.leave(len(items))
            for part in parts:  # when one is refused nobody wants the others
                part.answer.cancel()
        return [result for part in done for result in part]

    def _part(self, kind: str, items: Sequence[Any], wanted: Hashable, *, alone: bool) -> Job:
        answer: asyncio.Future[list[Any]] = asyncio.get_running_loop().create_future()
        return Part(kind, items, wanted, answer, alone=alone)

    def _dispatch(self) -> None:
        """Give what waits to replicas that have room, the idlest first."""
        while len(self._queue) and not self._closing:
            free = [r for r in self.replicas if r.ready and r.in_flight < _IN_FLIGHT]
            if not free or not (batch := self._queue.next()):
                return
            replica = min(free, key=lambda one: one.in_flight)
            replica.in_flight += 1  # from now on, not only when its task begins
            self._spawn(self._call(replica, batch))

    async def _call(self, replica: Replica, batch: list[Job]) -> None:
        first, began = batch[0], time.perf_counter()
        lists = [part.items if part.reference is None else part.reference for part in batch]
        size = sum(part.size for part in batch)
        asker = Asker(self._name, self._queue.items)
        try:
            results = await replica.work(first.kind, first.wanted, asker, lists)
        except ReplicaLost as lost:
            log.warning("a model worker was lost; its work goes to another", why=str(lost))
            self._recover(replica)
            self._again(batch, lost)
        except Exception as problem:
            self._refused(batch, problem)
        else:
            self._admission.took(time.perf_counter() - began, size)
            _answer(batch, results)
        finally:
            replica.in_flight -= 1
            self._dispatch()

    def _again(self, batch: list[Job], lost: Exception) -> None:
        """Work of a lost replica: each part alone from now on, for one may be what kills."""
        for part in batch:
            part.alone, part.tries = True, part.tries + 1
            if part.tries >= _MOST_TRIES and not part.answer.done():
                part.answer.set_exception(WorkersKeepDying(str(lost)))
        self._queue.put_back(batch)

    def _refused(self, batch: list[Job], problem: Exception) -> None:
        """One part is refused; of several, each is asked alone which of them it was."""
        if len(batch) == 1:
            if not batch[0].answer.done():
                batch[0].answer.set_exception(problem)
            return
        for part in batch:
            part.alone = True
        self._queue.put_back(batch)

    def _recover(self, replica: Replica) -> None:
        if not replica.ready and replica.name not in self._recovering:
            self._recovering.add(replica.name)
            self._spawn(self._until_ready(replica))

    async def _until_ready(self, replica: Replica) -> None:
        try:
            while not replica.ready and replica in self.replicas:
                try:
                    await replica.become_ready()
                except Exception as problem:  # its machine may be mended, and others work
                    log.error("a model worker cannot work", name=replica.name, why=str(problem))
                    await asyncio.sleep(_MENDED_S)
            log.info("a model worker is ready", name=replica.name)
        finally:
            self._recovering.discard(replica.name)
        self._dispatch()

    async def _look(self) -> None:
        """Notice workers that died while they had nothing to do."""
        while True:
            await asyncio.sleep(_LOOK_S)
            for replica in [*self.replicas]:
                if replica.ready and not replica.in_flight and not await replica.look():
                    replica.ready = bool(replica.in_flight)  # who works is not looked at
                    self._recover(replica)

    async def _scale(self) -> None:
        """More replicas while images wait, fewer when there is nothing to do."""
        while True:
            await asyncio.sleep(_SCALE_S)
            busy = any(replica.in_flight for replica in self.replicas)
            now = time.monotonic()
            match self._scaling.step(self._queue.items, len(self.replicas), busy=busy, now=now):
                case 1:
                    self.replicas.append(self._replica(len(self.replicas)))
                    self._recover(self.replicas[-1])
                case -1:
                    await asyncio.to_thread(self.replicas.pop().retire)

    def _replica(self, number: int) -> Replica:
        return Replica(f"{PREFIX}{self._digest}:{number}", self._options, self._digest)

    def _spawn(self, work: Any) -> None:
        self._keep(asyncio.create_task(work))

    def _keep(self, task: "asyncio.Task[None]") -> None:
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: "asyncio.Task[None]") -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (problem := task.exception()) is not None:
            log.error("work on the model workers failed", why=str(problem))


def _answer(batch: list[Job], results: list[Any]) -> None:
    place = 0
    for part in batch:
        end = len(results) if part is batch[-1] else place + part.size
        if not part.answer.done():
            part.answer.set_result(results[place:end])
        place = end


def _warp_bytes(warp: Warp) -> int:
    return len(warp.pixels)
