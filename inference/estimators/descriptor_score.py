"""How fit a warp is for recognition: the score of its descriptor, 0 to 1."""

from collections.abc import Sequence

import numpy as np

from inference.estimators.base import NOTHING, Network
from inference.estimators.quality import FormulaQuality
from inference.landmarks.layouts import FIVE
from inference.models import FaceView
from inference.packs.pack import RoleSpec
from inference.session import ModelFiles
from inference.warps import FACE_TEMPLATE, similarity_transform, warp_affine


class LightQNet:
    """A network that tells how well a face will be recognised.

    K. Chen, T. Yi, Q. Lv, LightQNet: Lightweight Deep Face Quality Assessment for Risk-Controlled
    Face Recognition, IEEE Signal Processing Letters 28, 2021. Its outputs reach about 0.65 on the
    best faces; the option `best` scales them to 1.
    """

    needs = NOTHING
    uses = NOTHING

    def __init__(self, spec: RoleSpec, files: ModelFiles) -> None:
        self._network = Network(spec, files.session())
        self._size = spec.size or (96, 96)
        self._best = spec.option("best", 0.65)
        # Aligned by the eyes and the middle of the mouth.
        three = np.vstack([FACE_TEMPLATE[:2], FACE_TEMPLATE[3:].mean(axis=0)])
        unit = np.vstack([FIVE.unit[:2], FIVE.unit[3:].mean(axis=0)])
        self._matrix = similarity_transform(three, unit * self._size[0])

    def __call__(self, faces: Sequence[FaceView]) -> list[float]:
        """One score per face."""
        crops = [warp_affine(face.warp, self._matrix, self._size) for face in faces]
        (rows,) = self._network(crops).values()
        return [float(np.clip(row[0] / self._best, 0.0, 1.0)) for row in rows]


class FormulaScore:
    """The worst of sharpness and exposure, for packs without a network for the purpose."""

    needs = NOTHING
    uses = NOTHING

    def __init__(self, spec: RoleSpec, files: ModelFiles) -> None:
        self._quality = FormulaQuality(spec, files)

    def __call__(self, faces: Sequence[FaceView]) -> list[float]:
        """One score per face."""
        judged = self._quality(faces)
        return [min(quality.blurriness, quality.dark, quality.light) for quality in judged]
