"""The networks of this process: in order, on all threads, and no more work than fits."""

import asyncio
import threading
from collections.abc import AsyncIterator, Sequence

import numpy as np
import pytest
import pytest_asyncio

from domain.shared.biometrics import DescriptorKind
from domain.shared.detections import (
    DetectWanted,
    ExtractWanted,
    ImageDetections,
    ImageInput,
    ImageType,
    Warp,
)
from domain.shared.image_refusals import (
    BadFaceWarp,
    ImageRefused,
    ModelsBusy,
    NoModelForRole,
    NothingToAggregate,
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


async def test_results_are_those_of_the_pipeline_in_order(
    models: LocalModels, pipeline: Pipeline
) -> None:
    sent = [*await samples(models, 5), ImageInput(b"broken", "last")]
    wanted = DetectWanted(quality=True)

    found = await models.detect(sent, wanted)

    assert [getattr(each, "filename", None) for each in found] == ["0", "1", "2", "3", "4", None]
    assert isinstance(found[-1], ImageRefused)
    assert found[:-1] == pipeline.detect(sent[:-1], wanted)


async def test_warps_survive_being_stored(models: LocalModels) -> None:
    (decoded,) = await models.decode_warps(await models.encode_warps(warps(1)), DescriptorKind.FACE)
    assert (decoded.width, decoded.height) == (250, 250)
    with pytest.raises(BadFaceWarp):
        await models.decode_warps(
            await models.encode_warps([Warp(bytes(300 * 3), 30, 10)]), DescriptorKind.FACE
        )


async def test_several_warps_make_one_descriptor(models: LocalModels) -> None:
    alone = await models.extract_faces(warps(3), ExtractWanted())
    together = await models.extract_faces(warps(3), ExtractWanted(aggregate=True))
    (feature,) = models.descriptors()
    for extracted in [*alone, *together]:
        assert extracted.descriptor is not None
        assert extracted.descriptor.descriptor.version == feature.version
        assert extracted.descriptor.descriptor.dimension == feature.dimension
    assert (len(alone), len(together)) == (3, 1)
    assert await models.extract_faces([], ExtractWanted()) == []
    with pytest.raises(NothingToAggregate):
        await models.extract_faces([], ExtractWanted(aggregate=True))


async def test_what_the_pack_cannot_do_is_refused(models: LocalModels) -> None:
    sent = await samples(models, 1)
    with pytest.raises(NoModelForRole, match="'default' has no model for 'emotions'"):
        await models.detect(sent, DetectWanted(emotions=True))
    features = {feature.role: feature.available for feature in await models.features()}
    assert (features["face_detector"], features["emotions"]) == (True, False)


class Gate:
    """A pipeline whose detection waits until it is let through."""

    def __init__(self, pipeline: Pipeline) -> None:
        self.loaded = pipeline.loaded
        self.descriptors = pipeline.descriptors
        self._pipeline = pipeline
        self.opened = threading.Event()

    def detect(
        self, images: Sequence[ImageInput], wanted: DetectWanted
    ) -> list[ImageDetections | ImageRefused]:
        assert self.opened.wait(30)
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


async def test_requests_at_the_same_time_do_not_mix(models: LocalModels) -> None:
    batches = [(await samples(models, 6))[i : i + 2] for i in (0, 2, 4)] * 4
    answers = await asyncio.gather(
        *(models.detect(batch, DetectWanted(quality=True)) for batch in batches)
    )
    for batch, found in zip(batches, answers, strict=True):
        names = [each.filename for each in found if isinstance(each, ImageDetections)]
        assert names == [image.filename for image in batch]


async def test_an_abandoned_request_frees_its_place(pipeline: Pipeline) -> None:
    gate = Gate(pipeline)
    models = LocalModels(gate, threads=1, max_waiting=3)  # type: ignore[arg-type]
    sent = [ImageInput(b"broken", "x")]
    tasks = [asyncio.create_task(models.detect(sent, DetectWanted())) for _ in range(3)]
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
