"""dlib's face descriptors, from warps.

dlib compares its descriptors by Euclidean distance. Scaled to length one and compared by cosine
they tell people apart as well (see `inference.packs.default_pack` for the measures), and the
match index knows no other way.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from domain.shared.geometry import Box
from domain.shared.image_refusals import BadModelPack
from inference.landmarks.layouts import EYE_CORNERS_AND_NOSE_BASE
from inference.landmarks.tree_landmarks import LandmarkCascade
from inference.models import Pixels
from inference.packs.pack import RoleSpec
from inference.session import ModelFiles
from inference.warps import (
    UNIT_CORNER,
    UNIT_SIDE,
    Matrix,
    blob,
    similarity_transform,
    warp_affine,
)

_CHIP_FACE: Final = np.array(
    [
        (0.8595674595992, 0.2134981538014),
        (0.6460604764104, 0.2289674387677),
        (0.1205750620789, 0.2137274526848),
        (0.3340850613712, 0.2290642403242),
        (0.4901123135679, 0.6277975316475),
    ]
)
"""Where dlib expects the points, in a square that its chips extend by a quarter to each side."""
_PADDING: Final = 0.25

WARP_POINTS: Final = EYE_CORNERS_AND_NOSE_BASE.unit * UNIT_SIDE + UNIT_CORNER
"""Where eye corners and nose base lie in a warp that was aligned by them."""


class DlibFaceDescriptor:
    """Descriptors of face warps, whatever points they were aligned by.

    Another detector's points put a face elsewhere in the warp than dlib's would; so the points
    are found again, in the warp. Where they come out more than `most_shift` of the distance
    between the outer eye corners away from their places (a profile, a covered face) the warp's
    own alignment counts.
    """

    def __init__(self, spec: RoleSpec, files: ModelFiles) -> None:
        if spec.version is None or spec.dimension is None:
            raise BadModelPack(spec.role, "a descriptor needs a version and a dimension")
        self._session = files.session("network")
        self._trees = LandmarkCascade.load(files.path("landmarks"))
        self._spec = spec
        side, _ = spec.size or (150, 150)
        # dlib counts pixels from their corners, the warp from their centres.
        self._chip = (_CHIP_FACE + _PADDING) / (1 + 2 * _PADDING) * side - 0.5
        self._box = _box_of(self._trees.mean, WARP_POINTS)
        eyes = float(np.linalg.norm(WARP_POINTS[0] - WARP_POINTS[2]))
        self._most_shift = spec.option("most_shift", 0.2) * eyes
        self.version, self.dimension = spec.version, spec.dimension

    def __call__(self, warps: Sequence[Pixels]) -> NDArray[np.float32]:
        """Descriptors of length one, a row per warp."""
        step = self._spec.batch_on(self._session.provider)
        parts = [self._rows(warps[start : start + step]) for start in range(0, len(warps), step)]
        return np.concatenate(parts) if parts else np.empty((0, self.dimension), np.float32)

    def chips(self, warps: Sequence[Pixels]) -> list[Pixels]:
        """What the network sees of each warp."""
        side = (self._spec.size or (150, 150))[0]
        return [
            warp_affine(w, m, (side, side)) for w, m in zip(warps, self._fits(warps), strict=True)
        ]

    def _fits(self, warps: Sequence[Pixels]) -> list[Matrix]:
        """From the pixels of each warp to those of its chip."""
        found = self._trees(warps, range(len(warps)), [self._box] * len(warps))
        shifts = np.linalg.norm(found - WARP_POINTS, axis=2).max(axis=1)
        return [
            similarity_transform(points if shift <= self._most_shift else WARP_POINTS, self._chip)
            for points, shift in zip(found, shifts, strict=True)
        ]

    def _rows(self, warps: Sequence[Pixels]) -> NDArray[np.float32]:
        spec = self._spec
        fed = blob(self.chips(warps), colour=spec.colour, mean=spec.mean, scale=spec.scale)
        rows = self._session(fed)["descriptor"]
        if rows.shape[1:] != (self.dimension,):
            raise BadModelPack(spec.role, f"the network gives {rows.shape[1]} numbers")
        return rows


def _box_of(mean: NDArray[np.float32], points: Matrix) -> Box:
    """The upright box in which the trees' mean face lies closest to these points."""
    here, there = mean - mean.mean(axis=0), points - points.mean(axis=0)
    side = float((here * there).sum() / (here * here).sum())
    x, y = points.mean(axis=0) - side * mean.mean(axis=0)
    return Box(float(x), float(y), side + 1, side + 1)  # the far edge is the last pixel
