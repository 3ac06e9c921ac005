"""Mouths: open, covered, smiling."""

from collections.abc import Sequence

import numpy as np

from domain.shared.estimations import Emotions, Mask, Mouth
from inference.estimators.base import NOTHING, Rows, points68
from inference.models import FaceView
from inference.packs.pack import RoleSpec
from inference.session import ModelFiles


class MouthGeometry:
    """Open by the gap of the inner lips over the mouth's width; covered and smiling as the mask
    and emotion estimations of the same face say.

    The gap is the mouth's counterpart of the eye aspect ratio (Soukupova and Cech, 2016).
    """

    needs = frozenset({"landmarks68", "mask", "emotions"})
    uses = NOTHING

    def __init__(self, spec: RoleSpec, files: ModelFiles) -> None:
        self._half_open = spec.option("half_open", 0.25)
        self._steepness = spec.option("steepness", 20.0)

    def __call__(self, faces: Sequence[FaceView]) -> list[Mouth]:
        """One estimation per face."""
        return [self._mouth(face) for face in faces]

    def _mouth(self, face: FaceView) -> Mouth:
        emotions: Emotions = face.known["emotions"]
        mask: Mask = face.known["mask"]
        power = self._steepness * (_gap(points68(face)) - self._half_open)
        bare = 1.0 - (mask.medical_mask + mask.occluded)
        # What a cover hides is neither seen open nor seen smiling.
        return Mouth(
            opened=float(bare / (1.0 + np.exp(-power))),
            occluded=mask.medical_mask + mask.occluded,
            smile=bare * emotions.happiness,
        )


def _gap(points: Rows) -> float:
    """Mean distance of the inner lips over the distance of the inner mouth corners."""
    lips = np.linalg.norm(points[[61, 62, 63]] - points[[67, 66, 65]], axis=1).mean()
    return float(lips / max(float(np.linalg.norm(points[60] - points[64])), 1e-6))
