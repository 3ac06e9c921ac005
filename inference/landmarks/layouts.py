"""What the few alignment points of a face are: where each lies in the warp and on a head."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from domain.shared.geometry import Landmarks

Rows = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class PointLayout:
    """The meaning of n alignment points.

    `unit` (n, 2) are their mean places in the unit face that warps are aligned to. `solid`
    (n, 3) are their places on an average head in millimetres: x to the image's right, y down, z
    away from the camera, from Farkas, Anthropometry of the Head and Face, 1994. `shown` (k, n)
    combines them into the contract's points: eye centres, nose tip, mouth corners, as far as
    these points tell them.
    """

    unit: Rows
    solid: Rows
    shown: Rows

    def landmarks(self, points: NDArray[np.floating]) -> Landmarks:
        """The contract's points of a face."""
        return Landmarks.from_pairs(self.shown @ np.asarray(points, np.float64))


FIVE: Final = PointLayout(
    # The proportions on which the Open Model Zoo re-identification networks were trained.
    unit=np.array(
        [
            (0.31556875, 0.46157410),
            (0.68262291, 0.45983393),
            (0.50026249, 0.64050536),
            (0.34947187, 0.82469196),
            (0.65343645, 0.82325625),
        ]
    ),
    solid=np.array(
        [
            (-31.5, 0.0, 0.0),
            (31.5, 0.0, 0.0),
            (0.0, 36.0, -29.0),
            (-25.0, 66.0, -8.0),
            (25.0, 66.0, -8.0),
        ]
    ),
    shown=np.eye(5),
)
"""Eye centres, nose tip, mouth corners; the image's left first."""

EYE_CORNERS_AND_NOSE_BASE: Final = PointLayout(
    unit=np.array(
        [
            (0.75728, 0.45537),
            (0.60806, 0.46618),
            (0.24103, 0.45553),
            (0.39018, 0.46625),
            (0.49916, 0.74472),
        ]
    ),
    solid=np.array(
        [
            (45.0, 0.0, 2.0),
            (16.5, 0.0, -3.0),
            (-45.0, 0.0, 2.0),
            (-16.5, 0.0, -3.0),
            (0.0, 48.0, -16.0),
        ]
    ),
    shown=np.array(
        [
            (0.0, 0.0, 0.5, 0.5, 0.0),
            (0.5, 0.5, 0.0, 0.0, 0.0),
            (0.0, 0.0, 0.0, 0.0, 1.0),
        ]
    ),
)
"""Outer and inner corner of the image-right eye, of the image-left eye, and the nose base: the
order of dlib's five point predictor. It cannot tell the mouth, so three points are shown."""

ARCFACE: Final = np.array(
    [
        (38.2946, 51.6963),
        (73.5318, 51.5014),
        (56.0252, 71.7366),
        (41.5493, 92.3655),
        (70.7299, 92.2041),
    ]
)
"""The five points in the 112x112 crops that many descriptor networks are trained on."""
