"""The default pack on real faces: found where they are, described alike however they come."""

import functools
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from domain.shared.geometry import Box
from inference.image import decode_image, encode_jpeg
from inference.landmarks.layouts import EYE_CORNERS_AND_NOSE_BASE, FIVE
from inference.landmarks.tree_landmarks import LandmarkCascade
from inference.models import DetectedFace, Pixels, Points
from inference.opencv import cv2
from inference.packs.default_pack import package_files
from inference.warps import FACE_WARP, Matrix, face_matrix, warp_affine
from tests.inference.media import labelled, pixels
from tests.inference.pictures import gradient, noise
from tests.support.packs import default_pack, default_pipeline
from tests.support.shared import needs_media

ONE_FACE = "images/azure/Family1-Dad1.jpg"
SIX_FACES = "images/group/azure_faces6.jpg"
LAYOUT = EYE_CORNERS_AND_NOSE_BASE


def find(images: Sequence[Pixels]) -> list[list[DetectedFace]]:
    found: list[list[DetectedFace]] = default_pipeline().loaded.model("face_detector")(images)
    return found


def points_of(image: Pixels, faces: Sequence[DetectedFace]) -> list[Points]:
    model = default_pipeline().loaded.model("landmarks5")
    found: list[Points] = model(image, [face.box for face in faces])
    return found


def describe(warps: Sequence[Pixels]) -> NDArray[np.float32]:
    rows: NDArray[np.float32] = default_pipeline().loaded.model("face_descriptor")(warps)
    return rows


def aligned(image: Pixels, face: DetectedFace, change: Matrix | None = None) -> Pixels:
    (points,) = points_of(image, [face])
    matrix = face_matrix(points, LAYOUT)
    if change is not None:
        matrix = change[:, :2] @ matrix + np.hstack([np.zeros((2, 2)), change[:, 2:]])
    return warp_affine(image, matrix, FACE_WARP)


@functools.cache
def portraits() -> tuple[tuple[str, Pixels], ...]:
    """People and warps of the labelled pictures in which all faces were found."""
    kept = []
    for line in labelled():
        # The same picture in other formats would be too easy.
        if not line.people or "/formats/" in line.file or "/exif/" in line.file:
            continue
        data = pixels(line.file)
        (faces,) = find([data])
        if len(faces) == len(line.people):
            ordered = sorted(faces, key=lambda face: face.box.x)
            kept += [
                (person, aligned(data, face))
                for person, face in zip(line.people, ordered, strict=True)
                if person != "unknown"
            ]
    return tuple(kept)


@functools.cache
def described() -> tuple[NDArray[np.bool_], NDArray[np.float32]]:
    """Which portraits show the same person, and their cosines."""
    people = np.array([person for person, _ in portraits()])
    rows = describe([warp for _, warp in portraits()])
    return people[:, None] == people, rows @ rows.T


@pytest.mark.parametrize("image", [gradient(320, 240), np.zeros((90, 500, 3), np.uint8)])
def test_no_face_is_found_where_none_is(image: Pixels) -> None:
    assert find([image]) == [[]]


def test_images_too_small_for_any_face_are_searched_without_harm() -> None:
    assert find([noise(1, 1), noise(30, 12), noise(12, 700)]) == [[], [], []]
    assert find([]) == []


@needs_media
@pytest.mark.parametrize(("file", "count"), [(ONE_FACE, 1), (SIX_FACES, 6)])
def test_faces_are_found(file: str, count: int) -> None:
    image = pixels(file)

    (faces,) = find([image])

    assert len(faces) == count
    assert [face.score for face in faces] == sorted((f.score for f in faces), reverse=True)
    assert all(0.5 <= face.score <= 1 for face in faces)
    assert all(face.box.share_inside(face.box.clipped(*image.shape[1::-1])) for face in faces)


@needs_media
def test_pictures_without_faces_have_none() -> None:
    files = [line.file for line in labelled() if "/noface/" in line.file][:6]

    assert [find([pixels(file)]) for file in files] == [[[]]] * len(files)


@needs_media
def test_a_batch_finds_what_single_images_do() -> None:
    first, second = pixels(ONE_FACE), pixels(SIX_FACES)
    mirrored = np.ascontiguousarray(first[:, ::-1])

    together = find([first, second, mirrored])

    for image, faces in zip([first, second, mirrored], together, strict=True):
        (alone,) = find([image])
        assert [face.score for face in alone] == pytest.approx([f.score for f in faces], abs=1e-4)
        assert all(a.box.iou(b.box) > 0.999 for a, b in zip(alone, faces, strict=True))


@needs_media
@pytest.mark.parametrize(("dx", "dy", "scale"), [(3, 5, 1), (7, 2, 1), (0, 0, 0.93), (4, 1, 1.1)])
def test_boxes_and_descriptors_stay_when_the_picture_moves(dx: int, dy: int, scale: float) -> None:
    image = pixels(ONE_FACE)
    moved = cv2.resize(image[dy:, dx:], None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)

    (before,), (after,) = find([image])[0], find([moved])[0]

    assert after.box.scaled(1 / scale).moved(dx, dy).iou(before.box) > 0.88
    first, second = describe([aligned(image, before), aligned(moved, after)])
    assert first @ second > 0.99


@needs_media
def test_the_warp_puts_the_points_where_the_layout_says() -> None:
    image = pixels(ONE_FACE)
    (face,) = find([image])[0]
    (points,) = points_of(image, [face])

    (again,) = points_of(aligned(image, face), find([aligned(image, face)])[0])

    assert np.abs(again - (LAYOUT.unit * 160 + 45)).max() < 8
    shown = LAYOUT.landmarks(points)
    left, right, nose, mouth_left, mouth_right = shown.points
    assert left.x < nose.x < right.x
    assert mouth_left.x < mouth_right.x
    assert max(left.y, right.y) < nose.y < min(mouth_left.y, mouth_right.y)


def test_the_average_face_is_shown_with_the_nose_and_mouth_of_the_warp() -> None:
    turn = np.array([[0.0, -2.0], [2.0, 0.0]])

    shown = np.array(LAYOUT.landmarks(LAYOUT.unit @ turn.T + 7).pairs())

    np.testing.assert_allclose(shown[2:], FIVE.unit[2:] @ turn.T + 7, atol=1e-9)


@needs_media
def test_people_are_recognised() -> None:
    same, cosines = described()
    others = cosines - 2 * np.eye(len(cosines))
    has_mate = same.sum(axis=1) > 1

    nearest_is_mate = same[np.arange(len(same)), others.argmax(axis=1)][has_mate]

    assert has_mate.sum() >= 70
    assert nearest_is_mate.mean() >= 0.97


@needs_media
def test_similarities_tell_one_person_from_two() -> None:
    calibration = default_pack().role("face_descriptor").calibration
    assert calibration is not None
    same, cosines = described()
    above = np.triu_indices(len(same), 1)
    mates, strangers = cosines[above][same[above]], cosines[above][~same[above]]

    passing = calibration.score(0.5)

    assert (mates >= passing).mean() >= 0.95
    assert (strangers >= passing).mean() <= 0.003


@needs_media
def test_a_stored_sample_gives_the_descriptor_of_the_image() -> None:
    warps = [warp for _, warp in portraits()[:20]]
    samples = [decode_image(encode_jpeg(warp)).pixels for warp in warps]

    cosines = (describe(warps) * describe(samples)).sum(axis=1)

    assert cosines.min() > 0.995


@needs_media
def test_a_sample_aligned_otherwise_gives_nearly_the_same_descriptor() -> None:
    # Other detectors' points put the face a little lower, smaller or aslant.
    lower = np.array([[0.94, 0.05, 3.0], [-0.05, 0.94, 12.0]])
    lines = [line for line in labelled() if line.count == 1 and "/azure/" in line.file][:12]
    images = [pixels(line.file) for line in lines]
    pairs = [(image, faces[0]) for image in images if (faces := find([image])[0])]

    usual = describe([aligned(image, face) for image, face in pairs])
    other = describe([aligned(image, face, lower) for image, face in pairs])

    assert (usual * other).sum(axis=1).mean() > 0.998


@needs_media
def test_detector_landmarks_and_descriptors_are_those_of_dlib() -> None:
    dlib = pytest.importorskip("dlib")
    models = package_files()
    detector = dlib.cnn_face_detection_model_v1(str(models / "mmod_human_face_detector.dat"))
    predictor = dlib.shape_predictor(str(models / "shape_predictor_5_face_landmarks.dat"))
    resnet = dlib.face_recognition_model_v1(
        str(models / "dlib_face_recognition_resnet_model_v1.dat")
    )
    trees = LandmarkCascade.load(default_pack().path("landmarks5"))
    session = default_pipeline().loaded.session("face_descriptor", "network")
    image = np.ascontiguousarray(pixels(SIX_FACES))
    (mine,) = find([image])
    theirs = [found.rect for found in detector(image, 1)]

    assert len(mine) == len(theirs) == 6
    for rect in theirs:
        box = _box(rect)
        assert max(face.box.iou(box) for face in mine) > 0.6
        shape = predictor(image, rect)
        (points,) = trees([image], [0], [box])
        expected = [(shape.part(i).x, shape.part(i).y) for i in range(5)]
        assert np.abs(points - expected).max() < 1.01
        chip = dlib.get_face_chip(image, shape, 150, 0.25)
        raw = session(chip.transpose(2, 0, 1)[None].astype(np.float32))["raw"][0]
        np.testing.assert_allclose(raw, resnet.compute_face_descriptor(chip), atol=1e-5)


@needs_media
def test_warps_are_described_as_dlib_describes_faces() -> None:
    dlib = pytest.importorskip("dlib")
    models = package_files()
    predictor = dlib.shape_predictor(str(models / "shape_predictor_5_face_landmarks.dat"))
    resnet = dlib.face_recognition_model_v1(
        str(models / "dlib_face_recognition_resnet_model_v1.dat")
    )
    image = np.ascontiguousarray(pixels(SIX_FACES))
    (faces,) = find([image])

    mine = describe([aligned(image, face) for face in faces])

    for face, row in zip(faces, mine, strict=True):
        left, top, right, bottom = (
            round(v) for v in (face.box.x, face.box.y, face.box.right, face.box.bottom)
        )
        shape = predictor(image, dlib.rectangle(left, top, right - 1, bottom - 1))
        theirs = np.array(resnet.compute_face_descriptor(image, shape))
        assert row @ theirs / np.linalg.norm(theirs) > 0.99


def _box(rect: Any) -> Box:
    return Box(rect.left(), rect.top(), rect.width(), rect.height())
