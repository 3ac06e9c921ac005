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
    combines them into the contract's points: eye centres, nose, mouth corners, as far as these
    points tell them.
    """

    unit: Rows
    solid: Rows
    shown: Rows

    def landmarks(self, points: NDArray[np.floating]) -> Landmarks:
        """The contract's points of a face: eye centres, nose tip, mouth corners.

        A layout that knows the nose base but no mouth gets the rest from the average face, turned
        and scaled like this one: derived, not seen.
        """
        points = np.asarray(points, np.float64)
        shown = self.shown @ points
        if len(shown) == len(_FIVE_UNIT):
            return Landmarks.from_pairs(shown)
        # As complex numbers, the best turn and scale of one set of points onto another is one
        # factor.
        base, seen = self.unit @ (1, 1j), points @ (1, 1j)
        here, there = base - base.mean(), seen - seen.mean()
        factor = (there @ here.conj()) / (here @ here.conj())
        nose_base, (tip, *mouth) = (self.shown @ base)[2], _FIVE_UNIT[2:] @ (1, 1j)
        nose = shown[2] @ (1, 1j) + factor * (tip - nose_base)
        derived = [nose, *(seen.mean() + factor * (corner - base.mean()) for corner in mouth)]
        return Landmarks.from_pairs([*shown[:2], *((place.real, place.imag) for place in derived)])


# The proportions on which the Open Model Zoo re-identification networks were trained.
_FIVE_UNIT: Final = np.array(
    [
        (0.31556875, 0.46157410),
        (0.68262291, 0.45983393),
        (0.50026249, 0.64050536),
        (0.34947187, 0.82469196),
        (0.65343645, 0.82325625),
    ]
)

FIVE: Final = PointLayout(
    unit=_FIVE_UNIT,
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
    # dlib's mean face, placed where the points of 80 faces lie in warps aligned by FIVE.
    unit=np.array(
        [
            (0.73617, 0.46549),
            (0.59919, 0.47542),
            (0.26203, 0.46564),
            (0.39902, 0.47548),
            (0.49913, 0.73131),
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
order of dlib's five point predictor. It sees no mouth: nose tip and mouth corners are derived.
On 80 faces they came out 0.13 and 0.09 eye distances from where a detector of five points has
them (its eyes are 0.08 away from these)."""

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
