"""Glasses on faces."""

from collections.abc import Sequence

from domain.shared.estimations import Glasses, GlassesState
from domain.shared.geometry import Box
from inference.estimators.base import NOTHING, Network, points68
from inference.models import FaceView, Points
from inference.packs.pack import RoleSpec
from inference.session import ModelFiles
from inference.warps import cut


class GlassesBand:
    """A network that sees the band from the brows to the nose tip; it tells no kinds apart."""

    needs = frozenset({"landmarks68"})
    uses = NOTHING

    def __init__(self, spec: RoleSpec, files: ModelFiles) -> None:
        self._network = Network(spec, files.session())
        self._size = spec.size or (128, 64)
        self._threshold = spec.option("threshold", 0.0)

    def __call__(self, faces: Sequence[FaceView]) -> list[Glasses]:
        """One estimation per face."""
        crops = [cut(face.warp, _band(points68(face)), self._size) for face in faces]
        (rows,) = self._network(crops).values()
        return [
            Glasses(GlassesState.EYEGLASSES if row[0] < self._threshold else GlassesState.NONE)
            for row in rows
        ]


def _band(points: Points) -> Box:
    across = points[[*range(17, 27), *range(31, 36)], 0]
    left, right = float(across.min()), float(across.max())
    margin = (right - left) / 3
    top, bottom = float(points[17:27, 1].min()), float(points[27:36, 1].max())
    return Box.from_corners(left - margin, top, right + margin, bottom)
