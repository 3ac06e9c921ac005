"""Where a head is in its image and how large: the geometry of ISO/IEC 19794-5, clause 8.3."""

from typing import Final

import numpy as np

from domain.shared.detections import Measured
from inference.models import FaceView, Points
from inference.warps import EYE_DISTANCE, FACE_BOX, FACE_TEMPLATE, inverted, transform

LENGTHS: Final = frozenset(
    {
        "eye_distance",
        "face_width",
        "face_height",
        "indent_left",
        "indent_right",
        "indent_upper",
        "indent_lower",
    }
)
"""Measurements in pixels of the image."""

_EARS: Final = (0, 16)
_CHIN: Final = 8
_AVERAGE_WIDTH: Final = FACE_BOX.width / EYE_DISTANCE
_AVERAGE_BELOW: Final = (FACE_BOX.bottom - float(FACE_TEMPLATE[:2, 1].mean())) / EYE_DISTANCE
"""Of the frontal faces by which warps were laid out, in eye distances."""


def geometry(face: FaceView) -> dict[str, Measured]:
    """Places and sizes in the image; nothing for a face that was given as a warp.

    ISO/IEC 19794-5: the centre of the face is where the line of the eyes meets the line from the
    bridge of the nose to the mouth, which is midway between the eyes; the width of the head is
    taken at the ears, its height from chin to crown. The crown is not seen: the height is twice
    the distance of the chin from the eyes (Farkas, Anthropometry of the Head and Face, 1994).
    Without 68 landmarks ears and chin are taken where an average face of these eyes has them.
    """
    if face.image is None or face.box is None or (eyes := eyes_of(face)) is None:
        return {}
    height, width = face.image.shape[:2]
    box, middle = face.box, eyes.mean(axis=0)
    apart = float(np.linalg.norm(eyes[1] - eyes[0]))
    head_width, below_eyes = _AVERAGE_WIDTH * apart, _AVERAGE_BELOW * apart
    if (points := outline(face)) is not None:
        left, right = points[list(_EARS)]
        head_width = float(np.linalg.norm(right - left))
        below_eyes = float(np.linalg.norm(points[_CHIN] - middle))
    return {
        "head_horizontal_center": round(float(middle[0]) / width, 4),
        "head_vertical_center": round(float(middle[1]) / height, 4),
        "head_width": round(head_width / width, 4),
        "head_height": round(2 * below_eyes / height, 4),
        "eye_distance": round(apart, 2),
        "face_width": round(box.width),
        "face_height": round(box.height),
        "indent_left": round(box.x),
        "indent_right": round(width - box.right),
        "indent_upper": round(box.y),
        "indent_lower": round(height - box.bottom),
    }


def eyes_of(face: FaceView) -> Points | None:
    """The centres of the image-left and the image-right eye in the image."""
    if face.points is None or face.layout is None:
        return None
    return np.array(face.layout.landmarks(face.points).pairs(), np.float32)[:2]


def outline(face: FaceView) -> Points | None:
    """The 68 landmarks in the image, where they were found."""
    if face.landmarks68 is None or face.to_warp is None:
        return None
    return np.asarray(transform(face.landmarks68, inverted(face.to_warp)), np.float32)
