"""Which face belongs to which body."""

from collections.abc import Sequence

from domain.shared.geometry import Box

_INSIDE = 0.7
_UPPER_PART = 0.5


def pair_up(faces: Sequence[Box], bodies: Sequence[Box]) -> dict[int, int]:
    """Body index by face index; a face lies in the upper part of its body, both are used once.

    Where several bodies could own a face, the one whose head should be nearest to it does.
    """
    candidates = sorted(
        (distance, i, j)
        for i, face in enumerate(faces)
        for j, body in enumerate(bodies)
        if (distance := _distance(face, body)) is not None
    )
    owner: dict[int, int] = {}
    for _, i, j in candidates:
        if i not in owner and j not in owner.values():
            owner[i] = j
    return owner


def _distance(face: Box, body: Box) -> float | None:
    """How far the face is from where the body's head should be, in face sizes; None if outside."""
    if face.share_inside(body) < _INSIDE:
        return None
    if face.centre.y > body.y + _UPPER_PART * body.height:
        return None
    across = abs(face.centre.x - body.centre.x)
    down = abs(face.y - body.y)
    return (across + down) / max(face.width, face.height, 1e-6)
