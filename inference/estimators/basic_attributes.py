"""Age, gender and ethnic group of faces."""

from collections.abc import Sequence

import numpy as np

from domain.shared.estimations import BasicAttributes, Ethnicities, Gender
from inference.estimators.base import WarpNetwork
from inference.models import FaceView


class AgeGender(WarpNetwork):
    """Age in years and gender (outputs `age`, `gender` = male, female).

    The ethnic groups are added when the pack has a network for them.
    """

    uses = frozenset({"ethnicities"})

    def __call__(self, faces: Sequence[FaceView]) -> list[BasicAttributes]:
        """One estimation per face."""
        outputs = self._outputs(faces)
        return [
            BasicAttributes(
                age=float(np.clip(age[0], 0, 100)),
                gender=Gender.MALE if male >= female else Gender.FEMALE,
                ethnicities=face.known.get("ethnicities"),
                gender_score=float(max(male, female)),
            )
            for face, age, (male, female) in zip(
                faces, outputs["age"], outputs["gender"], strict=True
            )
        ]


class GearEthnicities(WarpNetwork):
    """Ethnic groups; the network's fifth class, other, is left out and the rest adds up to one."""

    def __call__(self, faces: Sequence[FaceView]) -> list[Ethnicities]:
        """One estimation per face."""
        found = []
        for row in self._outputs(faces)["race_output"]:
            white, black, asian, indian = map(float, row[:4] / max(float(row[:4].sum()), 1e-9))
            found.append(
                Ethnicities(asian=asian, indian=indian, caucasian=white, african_american=black)
            )
        return found
