"""Warps: every face comes to lie in the same place, whatever its size and lean."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.shared.geometry import Box
from inference.detection.boxes import keep_best
from inference.landmarks.layouts import EYE_CORNERS_AND_NOSE_BASE, FIVE, PointLayout
from inference.warps import (
    FACE_TEMPLATE,
    FACE_WARP,
    blob,
    cut,
    face_matrix,
    inverted,
    similarity_transform,
    transform,
    warp_affine,
)
from tests.inference.pictures import gradient, noise

ANGLES = st.floats(-math.pi, math.pi)
SCALES = st.floats(0.05, 20)
SHIFTS = st.floats(-500, 500)


def turn(angle: float, scale: float, x: float, y: float) -> np.ndarray:
    c, s = scale * math.cos(angle), scale * math.sin(angle)
    return np.array([[c, -s, x], [s, c, y]])


@given(ANGLES, SCALES, SHIFTS, SHIFTS)
def test_a_similarity_is_found_again_from_its_points(
    angle: float, scale: float, x: float, y: float
) -> None:
    matrix = turn(angle, scale, x, y)
    found = similarity_transform(FIVE.unit, transform(FIVE.unit, matrix))
    np.testing.assert_allclose(found, matrix, atol=1e-6 * max(scale, 1.0) + 1e-7)


def test_a_mirrored_face_is_turned_not_mirrored_back() -> None:
    mirrored = FACE_TEMPLATE * (-1, 1)
    matrix = similarity_transform(mirrored, FACE_TEMPLATE)
    assert np.linalg.det(matrix[:, :2]) > 0


@pytest.mark.parametrize("layout", [FIVE, EYE_CORNERS_AND_NOSE_BASE])
@given(angle=st.floats(-0.6, 0.6), scale=st.floats(0.2, 5))
def test_eyes_come_to_the_same_place_whatever_points_are_known(
    layout: PointLayout, angle: float, scale: float
) -> None:
    away = turn(angle, scale, 40, 30)
    points = transform(layout.unit, away).astype(np.float64)
    matrix = face_matrix(points, layout)
    eyes = transform(np.array(layout.landmarks(points).pairs())[:2], matrix)
    np.testing.assert_allclose(eyes, FACE_TEMPLATE[:2], atol=3.0)


def test_an_identity_warp_changes_nothing() -> None:
    picture = noise(*FACE_WARP)
    np.testing.assert_array_equal(warp_affine(picture, turn(0, 1, 0, 0), FACE_WARP), picture)


@pytest.mark.parametrize("scale", [0.3, 0.12])
def test_strong_reductions_average_instead_of_skipping(scale: float) -> None:
    # Noise that is skipped keeps its contrast; noise that is averaged turns grey.
    picture = noise(1200, 1200)
    small = warp_affine(picture, turn(0.3, scale, 40, -20), (100, 100))
    assert small[30:70, 30:70].std() < 40 < picture.std()


@given(st.floats(0.05, 0.45), st.floats(0, 60), st.floats(0, 60))
def test_reduced_pictures_stay_in_place(scale: float, x: float, y: float) -> None:
    picture = gradient(900, 700)
    matrix = turn(0, scale, x, y)
    small = warp_affine(picture, matrix, (40, 40)).astype(float)
    places = transform([(20.0, 20.0)], inverted(matrix))[0]
    if 20 < places[0] < 880 and 20 < places[1] < 680:
        expected = 255 * places[0] / 899, 255 * places[1] / 699
        assert small[20, 20, :2] == pytest.approx(expected, abs=3)


def test_a_box_is_cut_edge_to_edge_and_black_outside() -> None:
    picture = np.full((40, 40, 3), 200, np.uint8)
    inside = cut(picture, Box(10, 10, 20, 20), (10, 10))
    beyond = cut(picture, Box(-20, 0, 40, 40), (40, 40))
    assert (inside == 200).all()
    assert (beyond[:, :19] == 0).all()
    assert (beyond[:, 21:] == 200).all()


def test_a_blob_has_the_order_and_scale_of_its_network() -> None:
    crop = np.zeros((2, 3, 3), np.uint8)
    crop[..., 0], crop[..., 2] = 10, 30
    fed = blob([crop, crop], colour="bgr", mean=(10.0,), scale=(0.5,))
    assert fed.shape == (2, 3, 2, 3)
    assert fed[0, :, 0, 0].tolist() == [10.0, -5.0, 0.0]
    assert blob([crop], channels_last=True).shape == (1, 2, 3, 3)


BOXES = st.lists(
    st.tuples(st.integers(0, 50), st.integers(0, 50), st.integers(1, 30), st.integers(1, 30)),
    min_size=1,
    max_size=30,
)


@given(BOXES, st.randoms(use_true_random=False))
def test_suppression_keeps_boxes_apart_and_covers_the_rest(
    sides: list[tuple[int, int, int, int]], random: object
) -> None:
    boxes = np.array([(x, y, x + w, y + h) for x, y, w, h in sides], np.float32)
    scores = np.linspace(1, 0.1, len(boxes)).astype(np.float32)
    kept = keep_best(boxes, scores, 0.4)
    as_box = [Box.from_corners(*map(float, row)) for row in boxes]

    assert kept[0] == 0
    for i, first in enumerate(kept):
        assert all(as_box[first].iou(as_box[second]) <= 0.4 + 1e-6 for second in kept[:i])
    for index in set(range(len(boxes))) - set(kept.tolist()):
        assert any(as_box[index].iou(as_box[k]) > 0.4 - 1e-6 and k < index for k in kept)

    order = np.array(random.sample(range(len(boxes)), len(boxes)))  # type: ignore[attr-defined]
    again = keep_best(boxes[order], scores[order], 0.4)
    assert order[again].tolist() == kept.tolist()
