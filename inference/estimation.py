"""Running the estimators that a request asks for, each once, in an order that serves them all."""

from collections.abc import Iterable, Sequence
from typing import Any, Final

from domain.shared.detections import DetectWanted
from inference.estimators.registry import ESTIMATORS
from inference.loaded_pack import LoadedPack
from inference.models import FaceView

LANDMARKS: Final = "landmarks68"
IMAGE: Final = "image"


def wanted_roles(wanted: DetectWanted) -> list[str]:
    """Roles of estimators that a request names, in a fixed order."""
    return [role for role in ESTIMATORS if getattr(wanted, role, False)]


class Estimation:
    """What a request asks of every face: the roles in order, those they need before them.

    A role the pack does not fill is refused here, before any work is done.
    """

    def __init__(self, loaded: LoadedPack, roles: Iterable[str], *, landmarks: bool) -> None:
        self._loaded = loaded
        self._roles: list[str] = []
        self._landmarks = landmarks
        for role in roles:
            self._add(role)
        if self._landmarks:
            loaded.model(LANDMARKS)

    @property
    def roles(self) -> list[str]:
        """Every role that runs, with those that others need."""
        return [*self._roles, *([LANDMARKS] if self._landmarks else [])]

    def run(self, faces: Sequence[FaceView]) -> None:
        """Fill in the landmarks and estimations of faces.

        What needs the image is left out for faces that were given as warps.
        """
        if not faces:
            return
        if self._landmarks:
            points = self._loaded.model(LANDMARKS)([face.warp for face in faces])
            for face, found in zip(faces, points, strict=True):
                face.landmarks68 = found
        for role in self._roles:
            model = self._loaded.model(role)
            able = [face for face in faces if _can(face, model.needs)]
            results: Sequence[Any] = model(able) if able else []
            for face, result in zip(able, results, strict=True):
                face.known[role] = result

    def _add(self, role: str) -> None:
        if role in self._roles:
            return
        model = self._loaded.model(role)
        for need in sorted(model.needs):
            if need == LANDMARKS:
                self._landmarks = True
            elif need != IMAGE:
                self._add(need)
        for extra in sorted(model.uses & self._loaded.pack.roles.keys()):
            if extra == LANDMARKS:
                self._landmarks = True
            else:
                self._add(extra)
        self._roles.append(role)


def _can(face: FaceView, needs: frozenset[str]) -> bool:
    return all(
        face.image is not None if need == IMAGE else need == LANDMARKS or need in face.known
        for need in needs
    )
