"""Images go in, faces and bodies come out, in order and with their makers' names."""

import numpy as np
import pytest

from domain.shared.detections import (
    DetectWanted,
    ImageDetections,
    ImageInput,
    ImageType,
)
from domain.shared.image_refusals import (
    BadBodyWarp,
    BadFaceWarp,
    NoModelForRole,
    UndecodableImage,
)
from inference.image import encode_jpeg
from inference.packs.pack import ModelPack
from inference.pipeline import Pipeline
from inference.warp_codec import encode_warp
from tests.inference.media import (
    best_face,
    descriptor,
    found_in,
    image,
    labelled,
    of_pixels,
    pixels,
)
from tests.inference.pictures import gradient
from tests.support.shared import needs_media

pytestmark = needs_media

DAD = "images/azure/Family1-Dad1.jpg"
GROUP = "images/group/azure_identification1.jpg"
EVERYTHING = DetectWanted(
    bodies=True,
    landmarks5=True,
    landmarks68=True,
    head_pose=True,
    gaze=True,
    quality=True,
    emotions=True,
    mask=True,
    glasses=True,
    mouth_attributes=True,
    eyes_attributes=True,
    liveness=True,
    basic_attributes=True,
    exif=True,
)


@pytest.mark.slow
def test_faces_are_counted_as_labelled(pipeline: Pipeline) -> None:
    counted = [item for item in labelled() if item.count is not None]
    missed = surplus = exact = faces = 0
    for item in counted:
        (found,) = pipeline.detect([image(item.file)], DetectWanted())
        if not isinstance(found, ImageDetections):
            assert "formats" in item.file
            continue
        faces += item.count or 0
        missed += max((item.count or 0) - len(found.faces), 0)
        surplus += max(len(found.faces) - (item.count or 0), 0)
        exact += len(found.faces) == item.count
    assert faces >= 180
    assert missed == 0
    assert surplus <= 12
    assert exact >= 118


def test_a_broken_image_fails_alone(any_pipeline: Pipeline) -> None:
    sent = [image(DAD), ImageInput(b"nothing", "broken"), image("images/noface/house.jpg")]
    first, broken, third = any_pipeline.detect(sent, DetectWanted())
    assert isinstance(first, ImageDetections)
    assert len(first.faces) == 1
    assert isinstance(broken, UndecodableImage)
    assert isinstance(third, ImageDetections)
    assert third.humans == ()


def test_results_name_pack_model_and_version(pipeline: Pipeline, development: ModelPack) -> None:
    found = found_in(pipeline, image(DAD), DetectWanted(mouth_attributes=True))
    refs = {ref.role: ref for ref in found.models}
    assert set(refs) == {"face_detector", "landmarks68", "mask", "emotions", "mouth_attributes"}
    assert refs["face_detector"].pack == "dev"
    assert refs["face_detector"].version == development.version
    assert refs["face_detector"].model == "face_detector_yunet_n"
    assert len(refs["face_detector"].sha256) == 64


def test_only_what_is_asked_is_estimated(pipeline: Pipeline) -> None:
    face = best_face(pipeline, image(DAD), DetectWanted(mouth_attributes=True))
    assert set(face.estimations.as_dict()) == {"mouth_attributes"}
    assert face.quality is face.landmarks5 is face.landmarks68 is None


def test_everything_that_is_asked_is_estimated(pipeline: Pipeline) -> None:
    found = found_in(pipeline, image(DAD), EVERYTHING)
    face = found.faces[0]
    assert set(face.estimations.as_dict()) == {
        "head_pose",
        "gaze",
        "emotions",
        "mask",
        "glasses",
        "mouth_attributes",
        "eyes_attributes",
        "liveness",
        "basic_attributes",
    }
    assert face.quality is not None
    assert face.box is not None
    assert len(face.landmarks5 or ()) == 5
    assert len(face.landmarks68 or ()) == 68
    for landmarks in (face.landmarks5, face.landmarks68):
        assert landmarks is not None
        room = face.box.square(1.3)
        assert all(room.x < p.x < room.right for p in landmarks.points)
        assert all(room.y < p.y < room.bottom for p in landmarks.points)
    assert isinstance(found.exif, dict)


def test_five_and_68_landmarks_agree(pipeline: Pipeline) -> None:
    face = best_face(pipeline, image(DAD), EVERYTHING)
    assert face.landmarks5 is not None
    assert face.landmarks68 is not None
    few, many = np.array(face.landmarks5.pairs()), np.array(face.landmarks68.pairs())
    told = np.stack([many[36:42].mean(0), many[42:48].mean(0), many[30], many[48], many[54]])
    eyes_apart = np.linalg.norm(few[1] - few[0])
    assert np.linalg.norm(told - few, axis=1).max() < 0.25 * eyes_apart


def test_an_exif_turned_photo_gives_the_same_faces(any_pipeline: Pipeline) -> None:
    first = best_face(any_pipeline, image("images/exif/orientation_1.jpg"))
    assert first.box is not None
    for orientation in (2, 3, 6, 8):
        other = best_face(any_pipeline, image(f"images/exif/orientation_{orientation}.jpg"))
        assert other.box is not None
        assert first.box.iou(other.box) > 0.94
        assert descriptor(any_pipeline, first) @ descriptor(any_pipeline, other) > 0.98


def test_the_orientation_may_be_ignored(any_pipeline: Pipeline) -> None:
    sent = image("images/exif/orientation_6.jpg")
    turned = found_in(any_pipeline, sent, DetectWanted())
    stored = found_in(any_pipeline, sent, DetectWanted(use_exif_orientation=False))
    assert (stored.width, stored.height) == (turned.height, turned.width)


def test_neither_batch_nor_order_changes_a_result(pipeline: Pipeline) -> None:
    files = [DAD, GROUP, "images/azure/Family1-Mom1.jpg", "images/human_a/a1.jpg", DAD]
    alone = [found_in(pipeline, image(file), EVERYTHING) for file in files]
    for order in ([0, 1, 2, 3, 4], [4, 3, 2, 1, 0]):
        together = pipeline.detect([image(files[i]) for i in order], EVERYTHING)
        for index, found in zip(order, together, strict=True):
            assert isinstance(found, ImageDetections)
            assert numbers(found) == pytest.approx(numbers(alone[index]), abs=1e-4, rel=1e-4)


def test_a_mirrored_photo_has_mirrored_landmarks(any_pipeline: Pipeline) -> None:
    picture = pixels("images/human_a/a1.jpg")
    width = picture.shape[1]
    face = best_face(any_pipeline, of_pixels(picture), DetectWanted(landmarks5=True))
    mirrored = best_face(any_pipeline, of_pixels(picture[:, ::-1]), DetectWanted(landmarks5=True))
    assert face.landmarks5 is not None
    assert mirrored.landmarks5 is not None
    assert face.box is not None
    swapped = np.array(mirrored.landmarks5.pairs())[[1, 0, 2, 4, 3]]
    swapped[:, 0] = width - 1 - swapped[:, 0]
    apart = np.linalg.norm(swapped - np.array(face.landmarks5.pairs()), axis=1)
    assert apart.max() < 0.08 * face.box.width


def test_a_warp_is_one_face_without_box_and_without_what_needs_the_image(
    pipeline: Pipeline,
) -> None:
    face = best_face(pipeline, image(DAD))
    sent = ImageInput(encode_warp(face.warp), "sample", ImageType.FACE_WARP)
    found = found_in(pipeline, sent, EVERYTHING)
    assert len(found.humans) == 1
    told = found.faces[0]
    assert told.box is told.landmarks5 is told.landmarks68 is None
    assert set(told.estimations.as_dict()) == {
        "emotions",
        "mask",
        "glasses",
        "mouth_attributes",
        "eyes_attributes",
        "basic_attributes",
    }


@pytest.mark.parametrize(
    ("image_type", "refusal"),
    [(ImageType.FACE_WARP, BadFaceWarp), (ImageType.BODY_WARP, BadBodyWarp)],
)
def test_a_warp_of_another_size_is_refused(
    any_pipeline: Pipeline, image_type: ImageType, refusal: type[Exception]
) -> None:
    sent = ImageInput(encode_jpeg(gradient(200, 250)), "sample", image_type)
    (found,) = any_pipeline.detect([sent], DetectWanted())
    assert isinstance(found, refusal)


def test_the_best_face_can_be_kept_alone(any_pipeline: Pipeline) -> None:
    every = found_in(any_pipeline, image(GROUP), DetectWanted()).faces
    only = found_in(any_pipeline, image(GROUP), DetectWanted(best_face_only=True)).faces
    assert len(every) == 4
    assert [face.box for face in only] == [every[0].box]


def test_faces_are_bound_to_their_bodies(pipeline: Pipeline) -> None:
    found = found_in(pipeline, image("images/group/two_people.jpg"), DetectWanted(bodies=True))
    assert found.faces
    for human in found.humans:
        if human.face and human.body:
            assert human.face.box is not None
            assert human.body.box is not None
            assert human.face.box.share_inside(human.body.box) > 0.7
            assert (human.body.warp.width, human.body.warp.height) == (128, 256)
    assert any(human.face and human.body for human in found.humans)
    bodies = [human.body.box for human in found.humans if human.body]
    assert len(bodies) == len(set(bodies))


def test_a_large_photo_is_decoded_smaller_and_boxes_keep_its_scale(
    any_pipeline: Pipeline,
) -> None:
    small = pixels(DAD)
    large = np.repeat(np.repeat(small, 35, axis=0), 35, axis=1)
    box = best_face(any_pipeline, of_pixels(small)).box
    found = found_in(any_pipeline, of_pixels(large), DetectWanted())
    assert (found.width, found.height) == (large.shape[1], large.shape[0])
    again = found.faces[0].box
    assert box is not None
    assert again is not None
    assert again.iou(box.scaled(35)) > 0.85


def test_a_role_the_pack_does_not_fill_refuses_the_request(development: ModelPack) -> None:
    without = ModelPack(
        name="poor",
        version="1",
        description="Without gaze",
        root=development.root,
        roles={role: spec for role, spec in development.roles.items() if role != "gaze"},
    )
    with pytest.raises(NoModelForRole, match="'poor' has no model for 'gaze'"):
        Pipeline(without).detect([ImageInput(b"", "x")], DetectWanted(gaze=True))


def test_features_tell_what_is_there(pipeline: Pipeline) -> None:
    pipeline.loaded.model("face_detector")
    features = {feature.role: feature for feature in pipeline.features()}
    detector = features["face_detector"]
    assert (detector.available, detector.licence) == (True, "Apache-2.0")
    assert detector.provider.endswith("ExecutionProvider")
    assert features["landmarks5"].available is False
    assert {d.kind: d.dimension for d in pipeline.descriptors()} == {"face": 256, "body": 256}


def numbers(found: ImageDetections) -> list[float]:
    """Every number of a result, in order."""
    values: list[float] = []
    for human in found.humans:
        face = human.face
        if face is not None:
            assert face.box is not None
            values += [face.score, face.box.x, face.box.y, face.box.width, face.box.height]
            values += leaves(face.estimations.as_dict())
        if human.body is not None and human.body.box is not None:
            values += [human.body.score, human.body.box.x, human.body.box.width]
    return values


def leaves(value: object) -> list[float]:
    if isinstance(value, dict):
        return [number for key in sorted(value) for number in leaves(value[key])]
    if isinstance(value, list):
        return [number for item in value for number in leaves(item)]
    return [float(value)] if isinstance(value, int | float) else []
