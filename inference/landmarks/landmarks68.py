"""68 face landmarks (iBUG order) by a network that sees a square around the face."""

from collections.abc import Sequence

import numpy as np

from domain.shared.geometry import Box
from inference.models import Pixels, Points
from inference.packs.pack import RoleSpec
from inference.session import ModelFiles
from inference.warps import FACE_BOX, blob, cut


class Landmarks68:
    """Finds 68 points in face warps; faces there are upright, which the network likes best."""

    def __init__(self, spec: RoleSpec, files: ModelFiles) -> None:
        self._session = files.session()
        self._spec = spec
        self._size = spec.size or (112, 112)
        self._square = FACE_BOX.square(spec.option("crop", 1.0), spec.option("down", 0.05))

    def __call__(self, warps: Sequence[Pixels]) -> list[Points]:
        """The points of each face, rows of (x, y) in warp pixels."""
        found: list[Points] = []
        spec = self._spec
        step = spec.batch_on(self._session.provider)
        for start in range(0, len(warps), step):
            crops = [cut(warp, self._square, self._size) for warp in warps[start : start + step]]
            fed = blob(crops, colour=spec.colour, mean=spec.mean, scale=spec.scale)
            (rows,) = self._session(fed).values()
            found += [_to_warp(row, self._square) for row in rows.reshape(len(crops), 68, 2)]
        return found


def _to_warp(relative: Points, square: Box) -> Points:
    """Points given as 0..1 of the square, in warp pixels."""
    corner = np.array([square.x, square.y])
    return np.asarray(relative * square.width + corner, np.float32)
