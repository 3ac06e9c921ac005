"""How long each role of a pack takes: one image, face or body on one thread."""

import time
from collections.abc import Callable
from typing import Final

from inference.architectures import ARCHITECTURES
from inference.drawn_face import FACE, LANDMARKS, drawn_face
from inference.estimation import Estimation
from inference.estimators.registry import ESTIMATORS
from inference.landmarks.layouts import FIVE
from inference.loaded_pack import LoadedPack
from inference.models import DetectedBody, FaceView
from inference.onnx_session import SessionOptions
from inference.packs.pack import ModelPack
from inference.warps import BODY_WARP, FACE_WARP, cut, face_matrix, warp_affine

_TIMES: Final = 9
"""The best of so many, which other work on the machine disturbed least."""


def role_times(pack: ModelPack) -> dict[str, float]:
    """Milliseconds of processor time by role, with everything around the network.

    Detectors see the drawn face, 640x640; what a role takes in from others is not counted.
    """
    loaded = LoadedPack(pack, SessionOptions(threads=1))
    times = {}
    for role in ARCHITECTURES:
        if role in pack.roles:
            work = _work(loaded, role)
            work()  # what is made once is not counted
            times[role] = min(_milliseconds(work) for _ in range(_TIMES))
    return times


def _work(loaded: LoadedPack, role: str) -> Callable[[], object]:
    """One call of the role's model."""
    model, picture = loaded.model(role), drawn_face()
    matrix = face_matrix(LANDMARKS, FIVE)
    face = FaceView(warp_affine(picture, matrix, FACE_WARP), picture, FACE, LANDMARKS, FIVE, matrix)
    if role in ESTIMATORS:
        Estimation(loaded, [role], landmarks=False).run([face])  # tells it what it needs
        return lambda: model([face])
    body = cut(picture, FACE, BODY_WARP)
    works: dict[str, Callable[[], object]] = {
        "face_detector": lambda: model([picture]),
        "body_detector": lambda: model([picture]),
        "landmarks5": lambda: model(picture, [FACE]),
        "landmarks68": lambda: model([face.warp]),
        "face_descriptor": lambda: model([face.warp]),
        "body_descriptor": lambda: model([body]),
        "body_attributes": lambda: model([body]),
        "people_count": lambda: model([DetectedBody(FACE, 1.0)]),
    }
    return works[role]


def _milliseconds(work: Callable[[], object]) -> float:
    began = time.thread_time()
    work()
    return (time.thread_time() - began) * 1e3
