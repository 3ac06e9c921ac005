"""Whether eyes are open, and where their irises are."""

from collections.abc import Sequence
from typing import Final

import numpy as np

from domain.shared.estimations import Eye, Eyes, EyeState
from domain.shared.geometry import Box, Landmarks
from inference.estimators.base import NOTHING, Network, Rows, eye_boxes, points68
from inference.models import FaceView
from inference.packs.pack import RoleSpec
from inference.session import ModelFiles
from inference.warps import blob, cut

_IRIS_SIZE: Final = (64, 64)
_CONTOUR: Final = 32


class OpenEyes:
    """Each eye open or closed, by a network (file "state") and by how far its lids are apart.

    The lids count through the eye aspect ratio (T. Soukupova, J. Cech, Real-Time Eye Blink
    Detection using Facial Landmarks, CVWW 2016). A file "iris" adds the iris contour: a network
    gives its centre and four edge points, and the ellipse through them is returned.
    """

    needs = frozenset({"landmarks68"})
    uses = NOTHING

    def __init__(self, spec: RoleSpec, files: ModelFiles) -> None:
        self._state = Network(spec, files.session("state"))
        self._iris = files.session("iris") if "iris" in spec.files else None
        self._size = spec.size or (32, 32)
        self._spec = spec
        self._state_crop = spec.option("state_crop", 1.8)
        self._iris_crop = spec.option("iris_crop", 2.3)
        self._ratio = spec.option("aspect_ratio", 0.2)
        self._ratio_weight = spec.option("aspect_ratio_weight", 0.5)

    def __call__(self, faces: Sequence[FaceView]) -> list[Eyes]:
        """One estimation per face."""
        crops = []
        for face in faces:
            boxes = eye_boxes(points68(face), self._state_crop)
            crops += [cut(face.warp, box, self._size) for box in boxes]
        (rows,) = self._state(crops).values()
        seen_open = rows.reshape(len(faces), 2, 2)[..., 1]
        irises = self._irises(faces)
        return [
            Eyes(*(self._eye(face, side, seen_open[i, side], irises[i][side]) for side in (0, 1)))
            for i, face in enumerate(faces)
        ]

    def _eye(self, face: FaceView, side: int, seen_open: float, iris: Landmarks | None) -> Eye:
        ratio = _aspect_ratio(points68(face)[36 + 6 * side : 42 + 6 * side])
        apart = 1.0 / (1.0 + np.exp(-(ratio - self._ratio) * 40.0))
        weight = self._ratio_weight
        is_open = weight * apart + (1 - weight) * float(seen_open) >= 0.5
        return Eye(EyeState.OPEN if is_open else EyeState.CLOSED, iris)

    def _irises(self, faces: Sequence[FaceView]) -> list[list[Landmarks | None]]:
        found: list[list[Landmarks | None]] = [[None, None] for _ in faces]
        if self._iris is None:
            return found
        places = [(i, side) for i in range(len(faces)) for side in (0, 1)]
        step = self._spec.batch_on(self._iris.provider)
        for start in range(0, len(places), step):
            part = places[start : start + step]
            boxes = [eye_boxes(points68(faces[i]), self._iris_crop)[side] for i, side in part]
            crops = [
                # The network knows the eye that the image shows on the left only.
                cut(faces[i].warp, box, _IRIS_SIZE)[:, :: -1 if side else 1]
                for (i, side), box in zip(part, boxes, strict=True)
            ]
            fed = blob(crops, scale=(1 / 255,), channels_last=True)
            (rows,) = self._iris(fed).values()
            for (i, side), box, row in zip(
                part, boxes, rows.reshape(len(part), 76, 3), strict=True
            ):
                found[i][side] = _contour(row[71:, :2], box, mirrored=bool(side))
        return found


def _aspect_ratio(eye: Rows) -> float:
    """Mean distance of the lids over the distance of the corners."""
    lids = float(np.linalg.norm(eye[1] - eye[5]) + np.linalg.norm(eye[2] - eye[4]))
    return lids / max(2 * float(np.linalg.norm(eye[0] - eye[3])), 1e-6)


def _contour(iris: Rows, box: Box, *, mirrored: bool) -> Landmarks:
    """32 points around the iris in warp pixels, from its centre and four edge points."""
    places = iris.astype(np.float64)
    if mirrored:
        places[:, 0] = _IRIS_SIZE[0] - 1 - places[:, 0]
    places = places * (box.width / _IRIS_SIZE[0]) + (box.x, box.y)
    first, second = (places[1] - places[3]) / 2, (places[2] - places[4]) / 2
    angles = 2 * np.pi * np.arange(_CONTOUR)[:, None] / _CONTOUR
    return Landmarks.from_pairs(places[0] + np.cos(angles) * first + np.sin(angles) * second)
