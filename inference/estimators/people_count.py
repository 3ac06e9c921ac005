"""How many people an image shows."""

from collections.abc import Sequence

from domain.shared.geometry import Point
from inference.models import DetectedBody
from inference.packs.pack import RoleSpec
from inference.session import ModelFiles


class BodyCount:
    """Everybody whose body the pack's body detector finds surely enough (option `min_score`).

    People of whom only a head is seen in a crowd are not counted.
    """

    def __init__(self, spec: RoleSpec, files: ModelFiles) -> None:
        self._min_score = spec.option("min_score", 0.4)

    def __call__(self, bodies: Sequence[DetectedBody]) -> list[Point]:
        """The middle of each counted body."""
        return [body.box.centre for body in bodies if body.score >= self._min_score]
