"""The networks of one replica: a plain class, made an actor where it is deployed."""

import hashlib
import os
import socket
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from domain.shared.model_features import RoleFeature
from inference.finding import PipelineOptions
from inference.image import ImageLimits
from inference.onnx_session import SessionOptions
from inference.packs.pack import ModelPack
from inference.pipeline import Pipeline
from ray_cluster.model_work import Work, do_work
from ray_cluster.opening import open_pack
from ray_cluster.resident import resident_bytes

_FRESH_S: Final = 10.0


@dataclass(frozen=True, slots=True)
class WorkerOptions:
    """What a worker opens, on whatever machine it is; `gpu` forbids to run without one."""

    pack: str
    packs: Path
    image_bytes: int
    image_pixels: int
    gpu: bool = False


@dataclass(frozen=True, slots=True)
class Asker:
    """The process that sends work, and how many images wait there."""

    name: str
    waiting: int


@dataclass(frozen=True, slots=True)
class WorkerState:
    """How a worker does; `waiting` are the images that wait for all workers, where known.

    `resident` are the bytes of memory that the process takes.
    """

    ready: bool
    machine: str
    pid: int
    running: int
    images: int
    waiting: int
    busy_s: float
    resident: int


def pack_digest(pack: ModelPack) -> str:
    """Which networks these are: workers of two packs are never taken for one another."""
    parts = [f"{pack.name} {pack.version}"]
    parts += [f"{role} {pack.ref(role).model} {pack.ref(role).sha256}" for role in pack.roles]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:12]


class ModelWorker:
    """A pipeline that is opened when it is asked to load, so that its making never fails.

    Threads may share it.
    """

    def __init__(self, options: WorkerOptions) -> None:
        self._options = options
        self._lock = threading.Lock()
        self._loading = threading.Lock()
        self._pipeline: Pipeline | None = None
        self._running = self._images = 0
        self._busy_s = 0.0
        self._waiting: dict[str, tuple[float, int]] = {}

    def load(self) -> tuple[str, list[RoleFeature]]:
        """Open the pack and load every model; says which networks there are now.

        A pack that is no good here is refused as it would be in process.
        """
        with self._loading:
            if self._pipeline is None:
                options = self._options
                limits = ImageLimits(options.image_bytes, options.image_pixels)
                pipeline = Pipeline(
                    open_pack(options.pack, options.packs),
                    PipelineOptions(limits=limits),
                    SessionOptions(require_gpu=options.gpu),
                )
                pipeline.loaded.load_all()
                self._pipeline = pipeline
            return pack_digest(self._pipeline.loaded.pack), self._pipeline.features()

    def state(self) -> WorkerState:
        """How it does, told at once whatever it is doing."""
        since = time.monotonic() - _FRESH_S
        with self._lock:
            return WorkerState(
                ready=self._pipeline is not None,
                machine=socket.gethostname(),
                pid=os.getpid(),
                running=self._running,
                images=self._images,
                waiting=sum(count for told, count in self._waiting.values() if told > since),
                busy_s=round(self._busy_s, 3),
                resident=resident_bytes(),
            )

    def work(self, kind: Work, wanted: Any, asker: Asker, *lists: Sequence[Any]) -> list[Any]:
        """One call of the pipeline with some lists; results are in their order."""
        items = [item for one in lists for item in one]
        began = time.monotonic()
        with self._lock:
            self._running += 1
            self._waiting[asker.name] = (began, asker.waiting)
        try:
            return self._work(kind, items, wanted)
        finally:
            with self._lock:
                self._running -= 1
                self._images += len(items)
                self._busy_s += time.monotonic() - began

    def _work(self, kind: Work, items: Sequence[Any], wanted: Any) -> list[Any]:
        if self._pipeline is None:  # a restarted worker that nobody has asked to load yet
            self.load()
        pipeline = self._pipeline
        assert pipeline is not None, "loading has set it or refused"
        return do_work(pipeline, kind, items, wanted)
