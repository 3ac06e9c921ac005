"""What estimators share: cutting crops, feeding networks in bounded batches."""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from domain.shared.geometry import Box
from inference.models import FaceView, Pixels, Points
from inference.packs.pack import RoleSpec
from inference.session import ModelFiles, Session
from inference.warps import FACE_BOX, blob, cut

Rows = NDArray[np.float32]
NOTHING: Final[frozenset[str]] = frozenset()


class Network:
    """A network of a role: crops in, rows out, however many crops there are."""

    def __init__(self, spec: RoleSpec, session: Session) -> None:
        self._spec, self._session = spec, session
        self._channels_last = next(iter(session.inputs.values()))[-1] == 3

    def __call__(self, crops: Sequence[Pixels]) -> dict[str, Rows]:
        """Every output of the network, one row per crop, flattened to (n, k)."""
        spec, parts = self._spec, []
        step = spec.batch_on(self._session.provider)
        for start in range(0, len(crops), step):
            part = crops[start : start + step]
            fed = blob(
                part,
                colour=spec.colour,
                mean=spec.mean,
                scale=spec.scale,
                channels_last=self._channels_last,
            )
            parts.append(self._session(fed))
        return {
            name: np.concatenate([part[name].reshape(len(part[name]), -1) for part in parts])
            for name in parts[0]
        }


class WarpNetwork:
    """A network that sees a square of the face warp around the face.

    The options `crop` (sides in face heights) and `down` (shift in face heights) say which.
    """

    needs = NOTHING
    uses = NOTHING

    def __init__(self, spec: RoleSpec, files: ModelFiles) -> None:
        self._network = Network(spec, files.session())
        self._size = spec.size or (112, 112)
        self._square = FACE_BOX.square(spec.option("crop", 1.0), spec.option("down", 0.0))

    def _outputs(self, faces: Sequence[FaceView]) -> dict[str, Rows]:
        """Outputs by name, one row per face."""
        return self._network([cut(face.warp, self._square, self._size) for face in faces])


def eye_boxes(points: Points, scale: float) -> tuple[Box, Box]:
    """Squares around the image-left and image-right eye of 68 points, `scale` eye widths wide."""
    boxes = []
    for outer, inner in ((36, 39), (42, 45)):
        centre = (points[outer] + points[inner]) / 2
        side = scale * float(np.linalg.norm(points[outer] - points[inner]))
        boxes.append(Box(float(centre[0]) - side / 2, float(centre[1]) - side / 2, side, side))
    return boxes[0], boxes[1]


def points68(face: FaceView) -> Points:
    """The 68 points, which whoever lists them among its needs may rely on."""
    if face.landmarks68 is None:
        raise AssertionError("landmarks68 were needed and not found before")
    return face.landmarks68
