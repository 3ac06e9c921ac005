"""The networks of this process: in order, on all threads, and no more work than fits."""

import asyncio
import threading
from collections.abc import AsyncIterator, Sequence

import numpy as np
import pytest
import pytest_asyncio

from domain.shared.detections import (
    DetectWanted,
    ImageDetections,
    ImageInput,
    ImageType,
    Warp,
)
from domain.shared.image_refusals import (
    ImageRefused,
    ModelsBusy,
)
from inference.pipeline import Pipeline
from ray_cluster.local_models import LocalModels
from ray_cluster.models import Models


@pytest_asyncio.fixture
async def models(pipeline: Pipeline) -> AsyncIterator[LocalModels]:
    local = LocalModels(pipeline, threads=2)
    yield local
    await local.close()


def warps(count: int) -> list[Warp]:
    random = np.random.default_rng(1)
    return [Warp(random.integers(0, 256, 250 * 250 * 3, np.uint8).tobytes(), 250, 250)] + [
        Warp(random.integers(0, 60, 250 * 250 * 3, np.uint8).tobytes(), 250, 250)
        for _ in range(count - 1)
    ]


async def samples(models: Models, count: int) -> list[ImageInput]:
    files = await models.encode_warps(warps(count))
    return [ImageInput(f, f"{i}", ImageType.FACE_WARP) for i, f in enumerate(files)]


class Gate:
    """A pipeline whose detection waits until it is let through."""

    def __init__(self, pipeline: Pipeline) -> None:
        self.loaded = pipeline.loaded
        self.descriptors = pipeline.descriptors
        self._pipeline = pipeline
        self.entered, self.opened = threading.Event(), threading.Event()

    def detect(
        self, images: Sequence[ImageInput], wanted: DetectWanted
    ) -> list[ImageDetections | ImageRefused]:
        self.entered.set()
        assert self.opened.wait(60)
        return self._pipeline.detect(images, wanted)


async def test_work_that_would_wait_too_long_is_refused_and_welcome_later(
    pipeline: Pipeline,
) -> None:
    gate = Gate(pipeline)
    models = LocalModels(gate, threads=1, max_waiting=4)  # type: ignore[arg-type]
    sent = [ImageInput(b"broken", str(i)) for i in range(4)]
    first = asyncio.create_task(models.detect(sent, DetectWanted()))
    await asyncio.sleep(0)

    with pytest.raises(ModelsBusy) as refused:
        await models.detect(sent[:1], DetectWanted())
    assert 1 <= refused.value.retry_after_s <= 60

    gate.opened.set()
    assert len(await first) == 4
    assert len(await models.detect(sent[:1], DetectWanted())) == 1
    await models.close()


async def test_a_large_request_may_enter_an_empty_queue(pipeline: Pipeline) -> None:
    models = LocalModels(pipeline, threads=2, max_waiting=2)
    sent = [ImageInput(b"broken", str(i)) for i in range(20)]
    assert len(await models.detect(sent, DetectWanted())) == 20
    await models.close()


async def test_an_abandoned_request_frees_its_place(pipeline: Pipeline) -> None:
    gate = Gate(pipeline)
    models = LocalModels(gate, threads=1, max_waiting=3)  # type: ignore[arg-type]
    sent = [ImageInput(b"broken", "x")]
    tasks = [asyncio.create_task(models.detect(sent, DetectWanted()))]
    assert await asyncio.to_thread(gate.entered.wait, 60)
    tasks += [asyncio.create_task(models.detect(sent, DetectWanted())) for _ in range(2)]
    await asyncio.sleep(0)
    for task in tasks[1:]:
        task.cancel()
    await asyncio.gather(*tasks[1:], return_exceptions=True)

    entered = asyncio.create_task(models.detect(sent * 2, DetectWanted()))
    await asyncio.sleep(0)
    gate.opened.set()

    assert len(await entered) == 2
    assert len(await tasks[0]) == 1
    await models.close()
