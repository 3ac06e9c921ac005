"""What is behind a head: how even it is and how light.

Nothing here cuts people out of images, so the background is taken where a head, hair and
shoulders are not expected: a frame around the upper head less an ellipse. All lengths are eye
distances, the frame's much as that of ISO/IEC 29794-5.
"""

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from domain.shared.detections import Measured
from inference.estimators.quality import luminance
from inference.models import FaceView, Pixels
from inference.opencv import cv2
from inference.portrait.geometry import eyes_of
from inference.warps import Matrix, warp_affine

_EYES: Final = 75.0
"""Pixels between the eyes in the frame, much as in the standard."""

_ABOVE, _BELOW, _BESIDE = 2.5, 0.8, 2.3
_SIZE: Final = (round(2 * _BESIDE * _EYES), round((_ABOVE + _BELOW) * _EYES))
_HEAD_ABOVE, _HEAD_BESIDE = 2.3, 1.75
_LEAST: Final = 0.25
"""The part of the frame's background that the image must show."""

_MIDDLE, _WIDTH, _HEIGHT = 10.0, 100.0, 1.9


def background(face: FaceView) -> dict[str, Measured]:
    """Uniformity and lightness, 0 to 1; nothing when the image shows too little background."""
    eyes = eyes_of(face)
    if face.image is None or eyes is None:
        return {}
    matrix = _frame(eyes)
    behind = _BEHIND & _shown(face.image, matrix)
    zone = np.asarray(cv2.erode(behind.astype(np.uint8), np.ones((4, 4), np.uint8))) > 0
    if zone.sum() < _LEAST * _BEHIND.sum():
        return {}
    frame = warp_affine(face.image, matrix, _SIZE)
    return {
        "background_uniformity": round(evenness_of_gradients(frame, zone), 4),
        "background_lightness": round(lightness(frame, zone), 4),
    }


def evenness_of_gradients(frame: Pixels, zone: NDArray[np.bool_]) -> float:
    """1 for a plain background, less the stronger the mean luminance gradient in it.

    ISO/IEC 29794-5, background uniformity: the mean length of Sobel gradients, mapped by its
    sigmoid with middle 10, width 100 and height 190, here divided by 100. There the background
    comes from a face parsing network.
    """
    luma = luminance(frame)
    across = np.asarray(cv2.Sobel(luma, cv2.CV_32F, 1, 0))
    down = np.asarray(cv2.Sobel(luma, cv2.CV_32F, 0, 1))
    mean = float(np.hypot(across, down)[zone].mean())
    falling = 1 - 1 / (1 + math.exp((_MIDDLE - mean) / _WIDTH))
    return min(_HEIGHT * falling, 1.0)


def lightness(frame: Pixels, zone: NDArray[np.bool_]) -> float:
    """The mean CIE lightness L* (ISO/CIE 11664-4) over 100: 0 black, 1 white."""
    lab = np.asarray(cv2.cvtColor(frame.astype(np.float32) / 255, cv2.COLOR_RGB2LAB))
    return float(lab[..., 0][zone].mean() / 100)


def _frame(eyes: NDArray[np.float32]) -> Matrix:
    """From the image to an upright frame; a background does not lean with the head."""
    middle = eyes.mean(axis=0)
    scale = _EYES / max(float(np.linalg.norm(eyes[1] - eyes[0])), 1e-6)
    place = np.array((_BESIDE, _ABOVE)) * _EYES - scale * middle
    return np.array([[scale, 0.0, place[0]], [0.0, scale, place[1]]])


def _shown(image: Pixels, matrix: Matrix) -> NDArray[np.bool_]:
    """Which pixels of the frame the image holds."""
    (scale, _, left), (_, _, top) = matrix
    columns, rows = np.arange(_SIZE[0]), np.arange(_SIZE[1])
    x, y = (columns - left) / scale, (rows - top) / scale
    height, width = image.shape[:2]
    across, down = (x >= 0) & (x <= width - 1), (y >= 0) & (y <= height - 1)
    return np.asarray(down[:, None] & across[None, :])


def _behind() -> NDArray[np.bool_]:
    rows, columns = np.mgrid[: _SIZE[1], : _SIZE[0]]
    down, across = rows / _EYES - _ABOVE, columns / _EYES - _BESIDE
    # Below the eyes the head is as wide as at the eyes.
    above = np.minimum(down, 0.0) / _HEAD_ABOVE
    return np.asarray(np.hypot(across / _HEAD_BESIDE, above) > 1)


_BEHIND: Final = _behind()
"""Which pixels of the frame are background."""
