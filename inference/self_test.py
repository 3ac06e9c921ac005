"""Trying a pack: every role is run on a drawn face, and what comes out must make sense.

That a pack's files are the declared ones does not say that they are networks, that their
inputs are described rightly, or that their outputs have the declared shape. This finds out.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass
from enum import Enum
from typing import Any, Final

import numpy as np

from domain.shared.estimations import Probabilities
from domain.shared.image_refusals import BadModelPack
from inference.architectures import ARCHITECTURES, builder
from inference.drawn_face import FACE, LANDMARKS, drawn_face
from inference.estimation import IMAGE, Estimation
from inference.estimators.registry import ESTIMATORS
from inference.landmarks.layouts import FIVE
from inference.loaded_pack import LoadedPack
from inference.models import DetectedBody, FaceView, Pixels
from inference.packs.pack import ModelPack
from inference.warps import BODY_WARP, FACE_TEMPLATE, FACE_WARP, cut, face_matrix, warp_affine

_SAME: Final = 2e-3
"""How far results of one picture may differ between batches, as a part of their size."""

_OVERLAP: Final = 0.4
_NEAR: Final = 0.3
"""How far points may be from where they were drawn, in eye distances."""


class _Failed(Exception):
    """What a role did wrong."""


def self_test(pack: ModelPack) -> None:
    """Refuse a pack one of whose roles cannot be made, fails, or returns what makes no sense."""
    for role in pack.roles:
        builder(pack, role)
    loaded = LoadedPack(pack)
    for role in ARCHITECTURES:
        if role not in pack.roles:
            continue
        try:
            loaded.model(role)
            _TRIALS.get(role, _try_estimator)(loaded, role)
        except Exception as problem:  # decoders and runtimes fail in ways of their own
            if isinstance(problem, BadModelPack) and problem.args[0] == pack.name:
                raise
            said = str(problem).strip().splitlines() or [type(problem).__name__]
            raise BadModelPack(pack.name, f"{role} failed its self-test: {said[0]}") from problem


def _views() -> list[FaceView]:
    """The drawn face, a darker one, and the drawn face again."""
    picture = drawn_face()
    darker = (picture * 0.6).astype(np.uint8)
    return [_view(picture), _view(darker), _view(picture)]


def _view(picture: Pixels) -> FaceView:
    matrix = face_matrix(LANDMARKS, FIVE)
    warp = warp_affine(picture, matrix, FACE_WARP)
    return FaceView(warp, picture, FACE, LANDMARKS, FIVE, matrix)


def _try_face_detector(loaded: LoadedPack, role: str) -> None:
    (found,) = loaded.model(role)([drawn_face()])
    if not found or found[0].box.iou(FACE) < _OVERLAP:
        raise _Failed("it does not find the drawn face")
    best = found[0]
    if best.points is not None:
        _require_eyes(np.array(best.layout.landmarks(best.points).pairs())[:2])


def _try_landmarks5(loaded: LoadedPack, role: str) -> None:
    align, box = loaded.model(role), FACE
    if "face_detector" in loaded.pack.roles:
        ((best, *_),) = loaded.model("face_detector")([drawn_face()])
        box = best.box
    (points,) = align(drawn_face(), [box])
    _require_eyes(np.array(align.layout.landmarks(points).pairs())[:2])


def _require_eyes(eyes: Any, expected: Any = LANDMARKS[:2]) -> None:
    apart = float(np.linalg.norm(expected[1] - expected[0]))
    if not np.linalg.norm(eyes - expected, axis=1).max() <= _NEAR * apart:
        raise _Failed("it does not find the drawn eyes")


def _try_landmarks68(loaded: LoadedPack, role: str) -> None:
    found = loaded.model(role)([view.warp for view in _views()])
    for points in found:
        if np.shape(points) != (68, 2):
            raise _Failed(f"it returns {np.shape(points)}, not 68 points")
    first = np.asarray(found[0])
    eyes = np.array([first[36:42].mean(axis=0), first[42:48].mean(axis=0)])
    _require_eyes(eyes, FACE_TEMPLATE[:2])
    _require_same(first.ravel(), np.asarray(found[2]).ravel())


def _try_descriptor(loaded: LoadedPack, role: str) -> None:
    spec = loaded.pack.role(role)
    if not (spec.version and spec.dimension and spec.calibration):
        raise _Failed("it declares no version, dimension or calibration")
    if role.startswith("face"):
        warps = [view.warp for view in _views()]
    else:
        warps = [_body(view.image) for view in _views() if view.image is not None]
    rows = np.asarray(loaded.model(role)(warps))
    if rows.shape != (len(warps), spec.dimension):
        raise _Failed(f"it returns {rows.shape[1:]}, not {spec.dimension} numbers")
    noise = np.random.default_rng(0).integers(0, 256, warps[0].shape, np.uint8)
    other = np.asarray(loaded.model(role)([noise]))
    _require_finite([*rows.ravel(), *other.ravel()])
    _require_same(rows[0], rows[2])
    if np.linalg.norm(rows[0]) < 1e-6 or np.allclose(rows[0], other[0], atol=1e-3):
        raise _Failed("it tells a face and noise not apart")


def _try_body_detector(loaded: LoadedPack, role: str) -> None:
    for body in (body for found in loaded.model(role)([drawn_face()]) for body in found):
        _require_finite(_numbers((body.box, body.score)))


def _try_body_attributes(loaded: LoadedPack, role: str) -> None:
    bodies = [_body(view.image) for view in _views() if view.image is not None]
    _require_sense(loaded.model(role)(bodies), len(bodies))


def _try_people_count(loaded: LoadedPack, role: str) -> None:
    _require_sense(loaded.model(role)([DetectedBody(FACE, 1.0)]), 1)


def _body(picture: Pixels) -> Pixels:
    return cut(picture, FACE, BODY_WARP)


def _try_estimator(loaded: LoadedPack, role: str) -> None:
    if role not in ESTIMATORS:
        raise _Failed("nobody knows how to try it")
    alone, together = _views()[:1], _views()
    for faces in (alone, together):
        Estimation(loaded, [role], landmarks=False).run(faces)
    results = [face.known.get(role) for face in together]
    _require_sense(results, len(together))
    if IMAGE not in loaded.model(role).needs:
        given = [FaceView(together[0].warp)]
        Estimation(loaded, [role], landmarks=False).run(given)
        _require_sense([given[0].known.get(role)], 1)
    before = np.array(list(_numbers(alone[0].known[role])))
    for result in (results[0], results[2]):
        _require_same(before, np.array(list(_numbers(result))))


def _require_sense(results: Sequence[Any], count: int) -> None:
    if len(results) != count or any(result is None for result in results):
        raise _Failed(f"it returns {len(results)} results of {count}")
    for result in results:
        _require_finite(_numbers(result))
        if isinstance(result, Probabilities):
            values = list(result.estimations().values())
            if min(values) < 0 or abs(sum(values) - 1) > 0.02:
                raise _Failed("its probabilities do not add up to one")


def _require_finite(numbers: Any) -> None:
    if not np.isfinite(np.array(list(numbers), np.float64)).all():
        raise _Failed("it returns what is no number")


def _require_same(first: Any, second: Any) -> None:
    size = max(1.0, float(np.abs(first).max(initial=0.0)))
    if first.shape != second.shape or np.abs(first - second).max(initial=0.0) > _SAME * size:
        raise _Failed("its results depend on what else is in the batch")


def _numbers(value: Any) -> Iterator[float]:
    """Every number in a result, however deep."""
    if isinstance(value, bool | str | Enum) or value is None:
        return
    if isinstance(value, int | float | np.number):
        yield float(value)
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _numbers(item)
    elif is_dataclass(value):
        for field in fields(value):
            yield from _numbers(getattr(value, field.name))
    elif isinstance(value, Sequence):
        for item in value:
            yield from _numbers(item)


_TRIALS: Final[Mapping[str, Callable[[LoadedPack, str], None]]] = {
    "face_detector": _try_face_detector,
    "landmarks5": _try_landmarks5,
    "landmarks68": _try_landmarks68,
    "face_descriptor": _try_descriptor,
    "body_descriptor": _try_descriptor,
    "body_detector": _try_body_detector,
    "body_attributes": _try_body_attributes,
    "people_count": _try_people_count,
}
