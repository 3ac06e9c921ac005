"""What the models promise, in process and on a cluster alike."""

import asyncio
import dataclasses
from collections.abc import AsyncIterator

import numpy as np
import pytest
import pytest_asyncio

from domain.shared.biometrics import DescriptorKind
from domain.shared.detections import (
    DetectWanted,
    Extracted,
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
from tests.ray_cluster.model_adapters import ray_models

MOST_WAITING = 24


@pytest_asyncio.fixture(params=["local", pytest.param("ray", marks=pytest.mark.slow)])
async def models(request: pytest.FixtureRequest, pipeline: Pipeline) -> AsyncIterator[Models]:
    opened: Models
    if request.param == "local":
        opened = LocalModels(pipeline, threads=2, max_waiting=MOST_WAITING)
    else:
        request.getfixturevalue("cluster")
        opened = await ray_models(max_waiting=MOST_WAITING)
    yield opened
    await opened.close()


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
    models: Models, pipeline: Pipeline
) -> None:
    sent = [*await samples(models, 5), ImageInput(b"broken", "last")]
    wanted = DetectWanted(quality=True)

    found = await models.detect(sent, wanted)

    assert [getattr(each, "filename", None) for each in found] == ["0", "1", "2", "3", "4", None]
    assert isinstance(found[-1], ImageRefused)
    assert found[:-1] == pipeline.detect(sent[:-1], wanted)


async def test_warps_survive_being_stored(models: Models) -> None:
    (decoded,) = await models.decode_warps(await models.encode_warps(warps(1)), DescriptorKind.FACE)
    assert (decoded.width, decoded.height) == (250, 250)
    with pytest.raises(BadFaceWarp):
        await models.decode_warps(
            await models.encode_warps([Warp(bytes(300 * 3), 30, 10)]), DescriptorKind.FACE
        )


async def test_several_warps_make_one_descriptor(models: Models) -> None:
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


async def test_what_the_pack_cannot_do_is_refused(models: Models) -> None:
    sent = await samples(models, 1)
    with pytest.raises(NoModelForRole, match="'default' has no model for 'emotions'"):
        await models.detect(sent, DetectWanted(emotions=True))
    features = {feature.role: feature.available for feature in await models.features()}
    assert (features["face_detector"], features["emotions"]) == (True, False)


async def test_requests_at_the_same_time_do_not_mix(models: Models) -> None:
    batches = [(await samples(models, 6))[i : i + 2] for i in (0, 2, 4)] * 4
    answers = await asyncio.gather(
        *(models.detect(batch, DetectWanted(quality=True)) for batch in batches)
    )
    for batch, found in zip(batches, answers, strict=True):
        names = [each.filename for each in found if isinstance(each, ImageDetections)]
        assert names == [image.filename for image in batch]


async def test_nobody_sees_who_else_is_asking(models: Models, pipeline: Pipeline) -> None:
    wanted = DetectWanted(quality=True)
    sent = await samples(models, 5)
    faces = pipeline.extract_faces(warps(3), ExtractWanted())
    alone = pipeline.detect(sent, wanted)
    random = np.random.default_rng(4)
    orders = [random.permutation(len(sent)) for _ in range(3)]

    detected, *extracted = await asyncio.gather(
        asyncio.gather(*(models.detect([sent[i] for i in order], wanted) for order in orders)),
        *(models.extract_faces([warp], ExtractWanted()) for warp in warps(3)),
    )

    for order, found in zip(orders, detected, strict=True):
        for i, one in zip(order, found, strict=True):
            assert _numbers(one) == pytest.approx(_numbers(alone[i]), abs=1e-4)
    for expected, (one,) in zip(faces, extracted, strict=True):
        assert _vector(one) == pytest.approx(_vector(expected), abs=1e-4)


def _numbers(found: ImageDetections | ImageRefused) -> list[float]:
    assert isinstance(found, ImageDetections)
    told = []
    for face in found.faces:
        assert face.quality is not None
        told += [face.score, *dataclasses.astuple(face.quality)]
    return told


def _vector(extracted: Extracted) -> list[float]:
    assert extracted.descriptor is not None
    return list(np.frombuffer(extracted.descriptor.descriptor.data, "<f4"))


async def test_one_bad_warp_refuses_its_own_request_only(models: Models) -> None:
    good = await models.encode_warps(warps(2))
    bad = await models.encode_warps([Warp(bytes(300 * 3), 30, 10)])

    asked = (models.decode_warps(files, DescriptorKind.FACE) for files in (good[:1], bad, good[1:]))
    first, refused, last = await asyncio.gather(*asked, return_exceptions=True)

    assert isinstance(first, list)
    assert isinstance(refused, BadFaceWarp)
    assert isinstance(last, list)


async def test_what_would_wait_too_long_is_refused_and_welcome_later(models: Models) -> None:
    sent = (await samples(models, 4)) * (MOST_WAITING // 4)
    wanted = DetectWanted(quality=True)
    running = asyncio.create_task(models.detect(sent, wanted))
    await asyncio.sleep(0)

    with pytest.raises(ModelsBusy) as refused:
        await models.detect(sent[:1], wanted)
    assert 1 <= refused.value.retry_after_s <= 60

    assert len(await running) == MOST_WAITING
    assert len(await models.detect(sent[:1], wanted)) == 1


async def test_however_large_a_request_may_enter_an_empty_queue(models: Models) -> None:
    sent = [ImageInput(b"broken", str(i)) for i in range(2 * MOST_WAITING)]
    assert len(await models.detect(sent, DetectWanted())) == len(sent)
