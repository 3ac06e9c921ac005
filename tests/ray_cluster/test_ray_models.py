"""Models on a cluster when things die: no request fails, and full service comes back."""

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator

import numpy as np
import pytest
import pytest_asyncio

from domain.shared.detections import DetectWanted, ImageDetections, ImageInput, ImageType, Warp
from domain.shared.image_refusals import ModelPackNotFound, ModelsBusy
from ray_cluster.model_worker import WorkerState
from ray_cluster.models import Models
from ray_cluster.opening import open_ray_models
from ray_cluster.scaling import PoolSize
from tests.ray_cluster.model_adapters import OPTIONS, ray_models
from tests.support.ray_cluster import RayCluster

pytestmark = pytest.mark.slow

WANTED = DetectWanted(quality=True)


@pytest_asyncio.fixture
async def models(cluster: RayCluster) -> AsyncIterator[Models]:
    opened = await ray_models()
    yield opened
    await opened.close()


async def states(count: int) -> list[WorkerState]:
    """What each worker says of itself, once so many are ready."""
    from ray_cluster.cluster_status import worker_states

    last = time.monotonic() + 180
    while True:
        told = await asyncio.to_thread(worker_states)
        ready = [state for state in told.values() if state is not None and state.ready]
        if len(ready) == count:
            return ready
        assert time.monotonic() < last, "the workers did not come back"
        await asyncio.sleep(0.05)


class Load:
    """Requests one after the other from several clients, until the block ends."""

    def __init__(self, models: Models, images: list[ImageInput]) -> None:
        self._models, self._images = models, images
        self.answered = 0
        self.slowest_s = 0.0

    async def __aenter__(self) -> "Load":
        self._ended = False
        self._clients = [asyncio.create_task(self._ask()) for _ in range(4)]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._ended = True
        await asyncio.gather(*self._clients)  # raises what any of them was refused

    async def _ask(self) -> None:
        while not self._ended:
            began = time.monotonic()
            found = await self._models.detect(self._images, WANTED)
            assert all(isinstance(each, ImageDetections) for each in found)
            self.slowest_s = max(self.slowest_s, time.monotonic() - began)
            self.answered += 1


async def images(models: Models) -> list[ImageInput]:
    pixels = np.random.default_rng(1).integers(0, 256, 250 * 250 * 3, np.uint8).tobytes()
    (file,) = await models.encode_warps([Warp(pixels, 250, 250)])
    return [ImageInput(file, str(i), ImageType.FACE_WARP) for i in range(4)]


async def test_no_request_fails_when_a_worker_is_killed_and_it_comes_back(models: Models) -> None:
    first, _ = await states(2)
    async with Load(models, await images(models)) as load:
        await asyncio.sleep(0.3)
        os.kill(first.pid, signal.SIGKILL)
        await asyncio.sleep(0.3)
        there = {state.pid for state in await states(2)}
    assert first.pid not in there
    assert load.answered > 0


async def test_no_request_fails_when_all_workers_are_killed(models: Models) -> None:
    async with Load(models, await images(models)) as load:
        await asyncio.sleep(0.3)
        killed = await states(2)
        for state in killed:
            os.kill(state.pid, signal.SIGKILL)
        before = load.answered
        await asyncio.sleep(0.3)
        await states(2)
        while load.answered == before:
            await asyncio.sleep(0.01)


async def test_no_request_fails_when_a_machine_is_lost(models: Models, cluster: RayCluster) -> None:
    await states(2)
    async with Load(models, await images(models)) as load:
        await asyncio.sleep(0.3)
        cluster.lose(cluster.members[0])
        before = load.answered
        while load.answered < before + 8:
            await asyncio.sleep(0.01)
        await asyncio.to_thread(cluster.add)
        await states(2)


async def test_processes_share_the_workers(models: Models) -> None:
    before = {state.pid for state in await states(2)}
    other = await ray_models()
    await other.detect(await images(other), WANTED)
    await other.close()
    after = await states(2)
    assert {state.pid for state in after} == before
    assert sum(state.images for state in after) > 0


async def test_a_worker_more_works_when_images_wait_for_long(cluster: RayCluster) -> None:
    from ray_cluster.cluster_status import worker_states

    models = await ray_models(workers=1, most=2)
    assert len(models.replicas) == 1
    some = await images(models) * 8
    ended = False

    async def ask() -> None:
        while not ended:
            try:
                await models.detect(some, WANTED)
            except ModelsBusy:
                await asyncio.sleep(0.1)

    async def second() -> int:
        told = await asyncio.to_thread(worker_states)
        state = told.get(models.replicas[1].name)
        return 0 if state is None else state.images

    clients = [asyncio.create_task(ask()) for _ in range(7)]
    try:
        last = time.monotonic() + 150
        while len(models.replicas) == 1 or not models.replicas[1].ready:
            assert time.monotonic() < last, "no worker was added"
            await asyncio.sleep(0.1)
        before = await second()
        while await second() <= before:
            assert time.monotonic() < last, "the new worker does not work"
            await asyncio.sleep(0.1)
    finally:
        ended = True
        await asyncio.gather(*clients)
        await models.close()


async def test_a_worker_that_died_idle_has_its_models_again(models: Models) -> None:
    killed = [state.pid for state in await states(2)]
    for pid in killed:
        os.kill(pid, signal.SIGKILL)
    last = time.monotonic() + 150
    while {state.pid for state in await states(2)} & {*killed}:
        assert time.monotonic() < last, "the workers did not come back"
        await asyncio.sleep(0.1)


async def test_a_pack_that_is_not_there_is_refused_at_the_start(cluster: RayCluster) -> None:
    with pytest.raises(ModelPackNotFound):
        await open_ray_models(
            "nowhere", OPTIONS.packs, largest_image=1, most_pixels=1, size=PoolSize()
        )
