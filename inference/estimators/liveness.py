"""Whether a living person stands before the camera."""

from collections.abc import Sequence
from typing import Final

import numpy as np

from domain.shared.estimations import Liveness
from domain.shared.geometry import Box
from inference.estimators.base import NOTHING, Network
from inference.models import FaceView, Pixels
from inference.opencv import cv2
from inference.packs.pack import RoleSpec
from inference.session import ModelFiles

_REAL: Final = 1


class MiniFasNets:
    """Networks that each see the face with some of its surroundings; their scores are averaged.

    Every file's name is the enlargement it was trained on, such as "2.7". The surroundings are
    what tells: quality is the part of the widest that the image holds, less for small faces.
    Minivision, Silent-Face-Anti-Spoofing.
    """

    needs = frozenset({"image"})
    uses = NOTHING

    def __init__(self, spec: RoleSpec, files: ModelFiles) -> None:
        self._networks = {float(name): Network(spec, files.session(name)) for name in spec.files}
        self._size = spec.size or (80, 80)
        self._enough = spec.option("enough_surroundings", 2.7)
        self._small = spec.option("small_face", 60.0)

    def __call__(self, faces: Sequence[FaceView]) -> list[Liveness]:
        """One estimation per face."""
        scores = np.zeros(len(faces))
        for enlargement, network in self._networks.items():
            crops = [self._cut(face, enlargement) for face in faces]
            (rows,) = network(crops).values()
            scores += rows[:, _REAL] / len(self._networks)
        return [
            Liveness(quality=self._quality(face), score=float(score))
            for face, score in zip(faces, scores, strict=True)
        ]

    def _cut(self, face: FaceView, enlargement: float) -> Pixels:
        image, box = _of(face)
        height, width = image.shape[:2]
        region = surroundings(box, enlargement, width, height)
        left, top = int(max(region.x, 0)), int(max(region.y, 0))
        right, bottom = int(min(region.right, width - 1)), int(min(region.bottom, height - 1))
        part = image[top : bottom + 1, left : right + 1]
        # Plain bilinear sampling, as in training: averaging would wipe out the traces of screens.
        return np.asarray(cv2.resize(part, self._size, interpolation=cv2.INTER_LINEAR))

    def _quality(self, face: FaceView) -> float:
        image, box = _of(face)
        region = surroundings(box, self._enough, image.shape[1], image.shape[0])
        held = region.width / max(box.width * self._enough, 1e-6)
        return float(min(1.0, held) * min(1.0, min(box.width, box.height) / self._small))


def surroundings(box: Box, enlargement: float, width: int, height: int) -> Box:
    """The box enlarged about its centre, at most to the image, and shifted to lie inside it."""
    most = min((height - 1) / box.height, (width - 1) / box.width, enlargement)
    across, down = box.width * most, box.height * most
    x = min(max(box.centre.x - across / 2, 0.0), width - 1 - across)
    y = min(max(box.centre.y - down / 2, 0.0), height - 1 - down)
    return Box(x, y, across, down)


def _of(face: FaceView) -> tuple[Pixels, Box]:
    if face.image is None or face.box is None:
        raise AssertionError("liveness needs the image")
    height, width = face.image.shape[:2]
    box = face.box.clipped(width, height)
    return face.image, Box(box.x, box.y, max(box.width, 1.0), max(box.height, 1.0))
