"""Descriptors come from warps alone: stored, batched, or several of one person."""

import numpy as np
import pytest

from domain.shared.biometrics import DescriptorKind
from domain.shared.detections import DetectWanted, ExtractWanted, ImageInput, ImageType, Warp
from domain.shared.image_refusals import BadBodyWarp, BadFaceWarp, NothingToAggregate
from inference.pipeline import Pipeline
from inference.warp_codec import encode_warp
from tests.inference.media import best_face, descriptor, found_in, image
from tests.support.shared import needs_media

pytestmark = needs_media

DAD = "images/azure/Family1-Dad1.jpg"
GROUP = "images/group/azure_identification1.jpg"


def test_neither_batch_nor_order_changes_a_descriptor(any_pipeline: Pipeline) -> None:
    faces = [
        face
        for f in (GROUP, DAD)
        for face in found_in(any_pipeline, image(f), DetectWanted()).faces
    ]
    alone = [descriptor(any_pipeline, face) for face in faces]
    backwards = any_pipeline.extract_faces([face.warp for face in faces][::-1] * 3, ExtractWanted())
    assert len(backwards) == 3 * len(faces)
    for one, extracted in zip(alone[::-1] * 3, backwards, strict=True):
        assert extracted.descriptor is not None
        np.testing.assert_allclose(extracted.descriptor.descriptor.values(), one, atol=1e-4)


def test_a_stored_sample_is_recognised_like_the_image_it_came_from(any_pipeline: Pipeline) -> None:
    face = best_face(any_pipeline, image(DAD))
    sample = any_pipeline.decode_warp(encode_warp(face.warp), DescriptorKind.FACE)
    (extracted,) = any_pipeline.extract_faces([sample], ExtractWanted())
    assert extracted.descriptor is not None
    assert np.dot(extracted.descriptor.descriptor.values(), descriptor(any_pipeline, face)) > 0.998


def test_bodies_are_extracted_and_a_body_warp_is_one_body(pipeline: Pipeline) -> None:
    found = found_in(pipeline, image("images/group/two_people.jpg"), DetectWanted(bodies=True))
    extracted = pipeline.extract_bodies([body.warp for body in found.bodies], ExtractWanted())
    assert [e.descriptor.descriptor.dimension for e in extracted if e.descriptor] == [256] * len(
        found.bodies
    )
    sent = ImageInput(encode_warp(found.bodies[0].warp), "sample", ImageType.BODY_WARP)
    again = found_in(pipeline, sent, DetectWanted(bodies=True))
    assert [body.box for body in again.bodies] == [None]


def test_several_warps_of_a_person_become_one_descriptor(any_pipeline: Pipeline) -> None:
    faces = [best_face(any_pipeline, image(f"images/azure/Family1-Dad{i}.jpg")) for i in (1, 2, 3)]
    warps = [face.warp for face in faces]
    with_attributes = "basic_attributes" in any_pipeline.loaded.pack.roles
    (together,) = any_pipeline.extract_faces(
        warps, ExtractWanted(basic_attributes=with_attributes, aggregate=True)
    )
    assert together.descriptor is not None
    assert (together.basic_attributes is not None) == with_attributes
    mean = np.array(together.descriptor.descriptor.values())
    assert np.linalg.norm(mean) == pytest.approx(1, abs=1e-5)
    singles = [descriptor(any_pipeline, face) for face in faces]
    worst = min(a @ b for a in singles for b in singles)
    assert min(mean @ single for single in singles) > worst
    with pytest.raises(NothingToAggregate):
        any_pipeline.extract_faces([], ExtractWanted(aggregate=True))


def test_warps_of_another_size_are_refused(pipeline: Pipeline) -> None:
    with pytest.raises(BadFaceWarp, match="this image is 2 x 2"):
        pipeline.extract_faces([Warp(bytes(12), 2, 2)], ExtractWanted())
    with pytest.raises(BadBodyWarp, match="this image is 250 x 250"):
        pipeline.extract_bodies([Warp(bytes(250 * 250 * 3), 250, 250)], ExtractWanted())
