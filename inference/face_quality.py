"""What the checks of a portrait measure: its geometry, its light, and what the face does.

The names are those of the contract's checks. What no formula and no network of the pack can tell
(radial distortion, headwear, shoulders, a covered forehead or nose) is not measured, and the
caller sees that it is not.
"""

from collections.abc import Sequence

from domain.shared.detections import Measured
from inference.estimators.base import NOTHING
from inference.models import FaceView
from inference.packs.pack import RoleSpec
from inference.portrait.background import background
from inference.portrait.geometry import geometry
from inference.portrait.light import light
from inference.portrait.told import told
from inference.session import ModelFiles


class PortraitChecks:
    """Measurements of each face; those of estimations are repeated where these were made."""

    needs = NOTHING
    uses = frozenset({"landmarks68"})

    def __init__(self, spec: RoleSpec, files: ModelFiles) -> None:
        """Nothing to load: the formulas have no options and no files."""

    def __call__(self, faces: Sequence[FaceView]) -> list[dict[str, Measured]]:
        """Measured values by check."""
        return [
            {**geometry(face), **background(face), **light(face.warp), **told(face)}
            for face in faces
        ]
