"""Medical masks on faces."""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from domain.shared.estimations import Mask
from inference.estimators.base import WarpNetwork
from inference.models import FaceView
from inference.packs.pack import RoleSpec
from inference.session import ModelFiles
from inference.warps import FACE_BOX

_MAPS: Final = (33, 17, 9, 5, 3)
_ANCHORS_PER_CELL: Final = 4


class AizooMask(WarpNetwork):
    """A detector of masked and bare faces, of which the surest cell on the face decides.

    It knows only mask and no mask; what both leave unclaimed is counted as occluded.
    """

    def __init__(self, spec: RoleSpec, files: ModelFiles) -> None:
        super().__init__(spec, files)
        self._on_face = self._cells_on_face()

    def __call__(self, faces: Sequence[FaceView]) -> list[Mask]:
        """One estimation per face."""
        classes = next(v for name, v in self._outputs(faces).items() if name.startswith("cls"))
        found = []
        for row in classes.reshape(len(faces), -1, 2):
            on_face = row[self._on_face]
            masked, bare = map(float, np.clip(on_face[on_face.max(axis=1).argmax()], 0, 1))
            covered = max(0.0, 1.0 - masked - bare)
            total = masked + bare + covered
            found.append(Mask(masked / total, bare / total, covered / total))
        return found

    def _cells_on_face(self) -> NDArray[np.intp]:
        """Anchors whose centre lies on the face, so that a neighbour in the warp has no say."""
        centres = []
        for cells in _MAPS:
            rows, columns = np.mgrid[:cells, :cells]
            grid = (np.stack([columns.ravel(), rows.ravel()], axis=1) + 0.5) / cells
            centres.append(np.repeat(grid, _ANCHORS_PER_CELL, axis=0))
        square = self._square
        places = np.concatenate(centres) * square.width + (square.x, square.y)
        left_top = (FACE_BOX.x, FACE_BOX.y)
        right_bottom = (FACE_BOX.right, FACE_BOX.bottom)
        inside = ((places >= left_top) & (places <= right_bottom)).all(axis=1)
        return np.flatnonzero(inside)
