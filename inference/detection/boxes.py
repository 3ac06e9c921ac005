"""Boxes of detectors: fitting images to networks, and keeping one box per object."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from domain.shared.geometry import Box
from inference.models import Pixels
from inference.opencv import cv2

Indices = NDArray[np.intp]
Floats = NDArray[np.floating[Any]]


def keep_best(corners: Floats, scores: Floats, max_iou: float) -> Indices:
    """Greedy non-maximum suppression of boxes (left, top, right, bottom): indices, best first.

    Equal scores are taken in a fixed order, so that a result does not depend on the input order
    of a network's cells.
    """
    order = np.lexsort((corners[:, 1], corners[:, 0], -scores))
    areas = np.clip(corners[:, 2:] - corners[:, :2], 0, None).prod(axis=1)
    kept: list[int] = []
    while order.size:
        best, rest = order[0], order[1:]
        kept.append(int(best))
        near = np.minimum(corners[best, 2:], corners[rest, 2:])
        far = np.maximum(corners[best, :2], corners[rest, :2])
        shared = np.clip(near - far, 0, None).prod(axis=1)
        union = areas[best] + areas[rest] - shared
        order = rest[shared <= max_iou * np.maximum(union, 1e-9)]
    return np.array(kept, np.intp)


def without_parts(corners: Floats, kept: Indices, inside: float = 0.9) -> Indices:
    """Of boxes in order of score, those that do not lie inside a better one: a face in a face."""
    whole: list[int] = []
    for index in kept:
        box = corners[index]
        near = np.minimum(box[2:], corners[whole, 2:])
        far = np.maximum(box[:2], corners[whole, :2])
        shared = np.clip(near - far, 0, None).prod(axis=1)
        if not (shared > inside * (box[2:] - box[:2]).prod()).any():
            whole.append(int(index))
    return np.array(whole, np.intp)


def resized(image: Pixels, factor: float) -> Pixels:
    """The image scaled; large reductions average first, so that fine texture does not alias."""
    height, width = image.shape[:2]
    size = (max(round(width * factor), 1), max(round(height * factor), 1))
    if size == (width, height):
        return image
    # Averages over whole pixels are many times faster than those over parts of pixels, and
    # within a factor of two bilinear sampling leaves no pixel out.
    whole = min(width // size[0], height // size[1])
    if whole > 1:
        width, height = width // whole, height // whole
        even = image[: height * whole, : width * whole]
        image = np.asarray(cv2.resize(even, (width, height), interpolation=cv2.INTER_AREA))
    if size == (width, height):
        return image
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_LINEAR))


def to_image(corners: Floats, scale_x: float, scale_y: float) -> list[Box]:
    """Boxes found in a scaled image, in pixels of the original."""
    factors = np.array([scale_x, scale_y, scale_x, scale_y])
    return [Box.from_corners(*map(float, row)) for row in corners / factors]


def groups_of_equal(sizes: Sequence[tuple[int, ...]], most: int) -> list[list[int]]:
    """Indices grouped by size, at most so many together: what may share a batch."""
    by_size: dict[tuple[int, ...], list[int]] = {}
    for index, size in enumerate(sizes):
        by_size.setdefault(size, []).append(index)
    return [
        same[start : start + most]
        for same in by_size.values()
        for start in range(0, len(same), most)
    ]
