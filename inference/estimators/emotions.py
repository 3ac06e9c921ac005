"""Emotions of faces."""

from collections.abc import Sequence
from typing import Final

from domain.shared.estimations import Emotions
from inference.estimators.base import WarpNetwork
from inference.models import FaceView

# The order of face-api.js' expression network.
_ORDER: Final = ("neutral", "happiness", "sadness", "anger", "fear", "disgust", "surprise")


class SevenEmotions(WarpNetwork):
    """Seven probabilities that add up to one."""

    def __call__(self, faces: Sequence[FaceView]) -> list[Emotions]:
        """One estimation per face."""
        (rows,) = self._outputs(faces).values()
        return [Emotions(**dict(zip(_ORDER, map(float, row), strict=True))) for row in rows]
