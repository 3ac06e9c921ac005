"""What must not matter does not: where a face is, how a file is turned, who else is in a batch.

The face is the drawn one, so that these rules are tried without any photo.
"""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.shared.detections import DetectWanted, FoundFace, ImageDetections, ImageInput
from domain.shared.geometry import Box
from inference.drawn_face import FACE, LANDMARKS, SIDE, drawn_face
from inference.image import upright
from inference.models import Pixels
from inference.opencv import cv2
from inference.pipeline import Pipeline
from tests.inference.media import best_face, descriptor, of_pixels
from tests.inference.pictures import encoded, exif_block, jpeg
from tests.support.packs import default_pipeline
from tests.support.shared import needs_models

ESTIMATED = DetectWanted(
    landmarks5=True,
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
    face_quality=True,
)
FORMULAS = DetectWanted(landmarks5=True, head_pose=True, quality=True, face_quality=True)
few = settings(
    max_examples=4, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def placed(scale: float, x: int, y: int) -> tuple[Pixels, Box]:
    """The drawing, smaller, somewhere on a plain wall, and where its face is then."""
    side = round(SIDE * scale)
    small = cv2.resize(drawn_face(), (side, side), interpolation=cv2.INTER_AREA)
    wall = np.empty((720, 960, 3), np.uint8)
    wall[:] = drawn_face()[0, 0]
    wall[y : y + side, x : x + side] = small
    return wall, FACE.scaled(side / SIDE).moved(x, y)


@few
@given(st.floats(0.5, 1.0), st.integers(0, 320), st.integers(0, 80))
def test_a_face_is_found_wherever_it_is(scale: float, x: int, y: int) -> None:
    picture, place = placed(scale, x, y)
    (found,) = default_pipeline().detect([of_pixels(picture)], DetectWanted(landmarks5=True))
    assert isinstance(found, ImageDetections)
    (face,) = found.faces
    assert face.box is not None
    assert face.landmarks5 is not None
    assert face.box.iou(place) > 0.5
    eyes = LANDMARKS[:2] * (place.width / FACE.width) + (
        place.x - FACE.x * place.width / FACE.width,
        place.y - FACE.y * place.width / FACE.width,
    )
    apart = np.linalg.norm(eyes[1] - eyes[0])
    off = np.linalg.norm(np.array(face.landmarks5.pairs())[:2] - eyes, axis=1).max()
    assert off < 0.25 * apart


@few
@given(st.integers(2, 8))
def test_a_turned_file_is_the_same_photo(orientation: int) -> None:
    picture, _ = placed(0.8, 100, 50)
    stored = next(
        candidate
        for candidate in (upright(picture, other) for other in range(1, 9))
        if candidate.shape == upright(picture, orientation).shape
        and np.array_equal(upright(candidate, orientation), picture)
    )
    # Without loss in between, the turned file gives the very same pixels.
    plain = best_face(default_pipeline(), of_pixels(picture), FORMULAS)
    turned = ImageInput(jpeg(stored, exif_block({}, orientation=orientation), quality=100))
    other = best_face(default_pipeline(), turned, FORMULAS)
    assert plain.box is not None
    assert other.box is not None
    assert plain.box.iou(other.box) > 0.95
    vectors = [descriptor(default_pipeline(), face) for face in (plain, other)]
    assert np.linalg.norm(vectors[0] - vectors[1]) < 0.15


@few
@given(st.lists(st.integers(0, 3), min_size=2, max_size=6))
@needs_models
def test_neither_order_nor_company_changes_a_result(pipeline: Pipeline, order: list[int]) -> None:
    sent = variants()
    alone = [numbers(best_face(pipeline, one, ESTIMATED)) for one in sent]
    together = pipeline.detect([sent[number] for number in order], ESTIMATED)
    for number, found in zip(order, together, strict=True):
        assert isinstance(found, ImageDetections)
        assert numbers(found.faces[0]) == pytest.approx(alone[number], abs=1e-4, rel=1e-4)


@needs_models
def test_a_mirror_swaps_left_and_right(pipeline: Pipeline) -> None:
    winking = with_one_eye_closed()
    faces = [
        best_face(pipeline, ImageInput(encoded(".png", picture)), ESTIMATED)
        for picture in (winking, np.ascontiguousarray(winking[:, ::-1]))
    ]
    eyes, mirrored = (face.estimations.eyes_attributes for face in faces)
    assert eyes is not None
    assert mirrored is not None
    assert (eyes.left_eye.state, eyes.right_eye.state) == ("open", "closed")
    assert (mirrored.left_eye.state, mirrored.right_eye.state) == ("closed", "open")
    poses = [face.estimations.head_pose for face in faces]
    assert poses[0] is not None
    assert poses[1] is not None
    assert poses[0].yaw == pytest.approx(-poses[1].yaw, abs=8)
    for name in ("illumination_uniformity", "dynamic_range", "blurriness_quality"):
        values = [float((face.measured or {})[name]) for face in faces]
        assert values[0] == pytest.approx(values[1], abs=0.05)


def with_one_eye_closed() -> Pixels:
    """The drawing with a lid over the eye on the right."""
    picture = drawn_face().copy()
    down = np.linspace(0, 1, 44)[:, None, None]
    lid = picture[272:273, 335:405] * (1 - down) + picture[312:313, 335:405] * down
    picture[270:314, 335:405] = lid.astype(np.uint8)
    cv2.ellipse(picture, (370, 297), (26, 5), 0, 0, 180, (60, 40, 32), 3, cv2.LINE_AA)
    return picture


def variants() -> list[ImageInput]:
    """Four different images of the drawn face."""
    picture = drawn_face()
    dark = (picture * 0.7).astype(np.uint8)
    blurred = np.asarray(cv2.GaussianBlur(picture, (0, 0), 2))
    aside, _ = placed(0.7, 40, 20)
    return [of_pixels(one) for one in (picture, dark, blurred, aside)]


def numbers(face: FoundFace) -> list[float]:
    """Every number that is told of a face, in order."""
    assert face.box is not None
    told = [face.score, face.box.x, face.box.y, face.box.width, face.box.height]
    told += _leaves(face.estimations.as_dict())
    measured = face.measured or {}
    return [*told, *(float(v) for _, v in sorted(measured.items()) if not isinstance(v, str))]


def _leaves(value: object) -> list[float]:
    if isinstance(value, dict):
        return [number for key in sorted(value) for number in _leaves(value[key])]
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [number for item in value for number in _leaves(item)]
    return [float(value)] if isinstance(value, int | float) else []
