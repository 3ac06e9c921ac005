"""Boxes and landmarks: whole pixels for clients, fractions inside."""

from hypothesis import given
from hypothesis import strategies as st

from domain.shared.geometry import Box, Landmarks

SIDES = st.floats(-1000, 1000)
LENGTHS = st.floats(0.01, 1000)
BOXES = st.builds(Box, SIDES, SIDES, LENGTHS, LENGTHS)


@given(BOXES, BOXES)
def test_overlap_is_mutual_and_bounded(first: Box, second: Box) -> None:
    assert first.iou(second) == second.iou(first)
    assert 0 <= first.iou(second) <= 1 + 1e-9
    assert first.share_inside(second) <= 1 + 1e-9
    assert abs(first.iou(first) - 1) < 1e-9


@given(BOXES, st.floats(1, 500), st.floats(1, 500))
def test_a_clipped_box_lies_in_the_image(box: Box, width: float, height: float) -> None:
    clipped = box.clipped(width, height)
    assert 0 <= clipped.x <= clipped.right <= width + 1e-9
    assert 0 <= clipped.y <= clipped.bottom <= height + 1e-9
    assert clipped.area <= box.area + 1e-6


@given(BOXES)
def test_a_rect_is_the_box_to_the_nearest_pixel(box: Box) -> None:
    rect = box.as_dict()
    assert abs(rect["x"] - box.x) <= 0.5
    assert abs(rect["x"] + rect["width"] - box.right) <= 0.5
    assert abs(rect["y"] + rect["height"] - box.bottom) <= 0.5


@given(BOXES, st.floats(0.1, 10))
def test_shares_survive_resizing(box: Box, factor: float) -> None:
    other = box.moved(box.width / 3, 0)
    assert abs(box.iou(other) - box.scaled(factor).iou(other.scaled(factor))) < 1e-6


def test_a_square_is_centred_and_moved_in_heights() -> None:
    assert Box(10, 20, 40, 80).square(1.5, 0.1) == Box(-30, 8, 120, 120)


def test_landmarks_are_shown_from_the_corner_of_the_rect() -> None:
    box = Box(10.4, 20.6, 50, 50)
    landmarks = Landmarks.from_pairs([(12.4, 22.4), (59.6, 69.7)])
    assert landmarks.relative_to(box) == [[2, 1], [50, 49]]
    assert landmarks.moved(1, 2).scaled(2).pairs()[0] == (26.8, 48.8)
    assert len(landmarks) == 2
