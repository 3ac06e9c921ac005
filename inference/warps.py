"""Warps: aligned crops of one size, cut from images and fed to networks.

The face warp is 250x250. Its template puts the eyes on one level, 58.7 pixels apart at a height
of 118.9, with the mouth at 177, so that the head with some air around it fits: a similarity
transform (turn, scale, shift; no shear) takes the detected points there in the least squares
sense. Because the points of every warp lie in the same places, crops for networks are fixed
parts of the warp, and a stored warp gives the same results as the image it came from.
"""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from domain.shared.geometry import Box
from inference.landmarks.layouts import FIVE, PointLayout
from inference.models import Pixels, Points
from inference.opencv import cv2

FACE_WARP: Final = (250, 250)
BODY_WARP: Final = (128, 256)
"""Width and height."""

Matrix = NDArray[np.float64]
"""A 2x3 affine transform of pixel coordinates."""

UNIT_SIDE: Final = 160.0
UNIT_CORNER: Final = 45.0
FACE_TEMPLATE: Final = FIVE.unit * UNIT_SIDE + UNIT_CORNER
"""The five points in the face warp, in pixels."""

FACE_BOX: Final = Box(63.8, 55.2, 119.6, 163.5)
"""Where the detector puts the box of an upright face in the warp (mean of 105 frontal faces)."""

EYE_DISTANCE: Final = float(np.linalg.norm(FACE_TEMPLATE[1] - FACE_TEMPLATE[0]))


def similarity_transform(source: Points | Matrix, target: Matrix) -> Matrix:
    """The turn, scale and shift that brings points onto others with least squared error.

    S. Umeyama, Least-squares estimation of transformation parameters between two point
    patterns, IEEE PAMI 13(4), 1991; reflections are excluded.
    """
    source = np.asarray(source, np.float64)
    source_mean, target_mean = source.mean(axis=0), target.mean(axis=0)
    centred = source - source_mean
    covariance = (target - target_mean).T @ centred / len(source)
    left, singular, right = np.linalg.svd(covariance)
    sign = np.array([1.0, np.sign(np.linalg.det(left) * np.linalg.det(right)) or 1.0])
    turn = left @ np.diag(sign) @ right
    variance = centred.var(axis=0).sum()
    scale = float((singular * sign).sum() / max(variance, 1e-9))
    return np.hstack([scale * turn, (target_mean - scale * turn @ source_mean)[:, None]])


def transform(points: Any, matrix: Matrix) -> Matrix:
    """Points (rows of x, y) moved by an affine transform."""
    return np.asarray(points, np.float64) @ matrix[:, :2].T + matrix[:, 2]


def inverted(matrix: Matrix) -> Matrix:
    """The affine transform that undoes another."""
    return np.asarray(cv2.invertAffineTransform(matrix), np.float64)


def face_matrix(points: Points, layout: PointLayout = FIVE) -> Matrix:
    """From image pixels to face warp pixels, by alignment points."""
    return similarity_transform(points, layout.unit * UNIT_SIDE + UNIT_CORNER)


def warp_affine(image: Pixels, matrix: Matrix, size: tuple[int, int]) -> Pixels:
    """The crop of `size` (width, height) that an image-to-crop transform cuts; black outside.

    Strong reductions start from an image that was halved by averaging, since bilinear sampling
    alone would skip pixels and alias.
    """
    scale = float(np.sqrt(abs(np.linalg.det(matrix[:, :2]))))
    while scale < 0.5 and min(image.shape[:2]) > 1:
        region = _region_of_interest(image, matrix, size)
        image, matrix = region
        height, width = image.shape[0] // 2 * 2, image.shape[1] // 2 * 2
        image = np.asarray(
            cv2.resize(
                image[:height, :width], (width // 2, height // 2), interpolation=cv2.INTER_AREA
            )
        )
        # A pixel's centre is at whole numbers: x_small = (x - 0.5) / 2.
        halving = np.array([[2.0, 0.0, 0.5], [0.0, 2.0, 0.5]])
        matrix = _compose(matrix, halving)
        scale *= 2
    return np.asarray(
        cv2.warpAffine(image, matrix, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT)
    )


def cut(image: Pixels, box: Box, size: tuple[int, int]) -> Pixels:
    """A box of the image resized to `size` (width, height); black outside the image."""
    return warp_affine(image, box_matrix(box, size), size)


def box_matrix(box: Box, size: tuple[int, int]) -> Matrix:
    """From image pixels to the pixels of a crop that shows the box."""
    across, down = size[0] / max(box.width, 1e-6), size[1] / max(box.height, 1e-6)
    # Edges are at half pixels: the left edge of the box becomes -0.5 in the crop.
    return np.array(
        [
            [across, 0.0, (0.5 - box.x) * across - 0.5],
            [0.0, down, (0.5 - box.y) * down - 0.5],
        ]
    )


def blob(
    crops: Sequence[Pixels],
    *,
    colour: str = "rgb",
    mean: Sequence[float] = (0.0,),
    scale: Sequence[float] = (1.0,),
    channels_last: bool = False,
) -> NDArray[np.float32]:
    """Crops of one size as a network's input: (value - mean) * scale, channels in `colour` order.

    Shape (n, 3, height, width), or (n, height, width, 3) with `channels_last`.
    """
    order = (2, 1, 0) if colour == "bgr" else (0, 1, 2)
    height, width = crops[0].shape[:2]
    # Whole planes at once are many times faster than turning the axes of the stack.
    planes = np.empty((len(crops), 3, height, width), np.float32)
    for row, crop in zip(planes, crops, strict=True):
        split = cv2.split(np.ascontiguousarray(crop))
        for target, channel in zip(row, order, strict=True):
            target[:] = split[channel]
    if any(mean):
        planes -= np.reshape(np.asarray(mean, np.float32), (-1, 1, 1))
    if tuple(scale) != (1.0,):
        planes *= np.reshape(np.asarray(scale, np.float32), (-1, 1, 1))
    return np.ascontiguousarray(planes.transpose(0, 2, 3, 1)) if channels_last else planes


def _compose(outer: Matrix, inner: Matrix) -> Matrix:
    """The transform that applies `inner` first."""
    turn = outer[:, :2] @ inner[:, :2]
    return np.hstack([turn, (outer[:, :2] @ inner[:, 2] + outer[:, 2])[:, None]])


def _region_of_interest(
    image: Pixels, matrix: Matrix, size: tuple[int, int]
) -> tuple[Pixels, Matrix]:
    """The part of the image that the crop shows, with the transform for that part."""
    corners = [(0, 0), (size[0], 0), (0, size[1]), size]
    shown = transform(corners, inverted(matrix))
    height, width = image.shape[:2]
    # Even corners keep the grid of the halved image the same wherever the region begins.
    left, top = (np.clip(np.floor(shown.min(axis=0)) - 4, 0, (width - 2, height - 2))).astype(int)
    left, top = left // 2 * 2, top // 2 * 2
    right, bottom = (np.ceil(shown.max(axis=0)) + 5).astype(int)
    right, bottom = max(int(right), int(left) + 2), max(int(bottom), int(top) + 2)
    part = image[top:bottom, left:right]
    return part, _compose(matrix, np.array([[1.0, 0.0, left], [0.0, 1.0, top]]))
