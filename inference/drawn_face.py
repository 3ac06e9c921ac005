"""A face drawn by formula: what models are tried on when no photo is at hand.

It shows nobody. Face detectors find it, and a body detector sees a person's head and shoulders.
"""

import functools
from typing import Final

import numpy as np
from numpy.typing import NDArray

from domain.shared.geometry import Box
from inference.models import Pixels, Points

SIDE: Final = 640
"""The drawing's width and height in pixels."""

FACE: Final = Box(200, 160, 240, 335)
"""The face, much as detectors that go from brows or forehead to chin see it."""

LANDMARKS: Final[Points] = np.array(
    [(270, 294), (370, 294), (320, 375), (282, 423), (358, 423)], np.float32
)
"""Eye centres, nose tip and mouth corners, image-left ones first."""

_WALL: Final = (0.75, 0.78, 0.82)

# Soft ellipses in parts of the side: centre, half-axes, softness, colour, opacity.
_Ellipse = tuple[float, float, float, float, float, tuple[float, float, float], float]
_BEHIND: Final[tuple[_Ellipse, ...]] = (
    (0.5, 1.12, 0.42, 0.30, 0.02, (0.20, 0.25, 0.45), 1.0),  # shoulders
    (0.5, 0.86, 0.10, 0.16, 0.03, (0.70, 0.50, 0.40), 1.0),  # neck
    (0.5, 0.40, 0.235, 0.30, 0.02, (0.18, 0.12, 0.09), 1.0),  # hair
)
_SKIN: Final[_Ellipse] = (0.5, 0.50, 0.19, 0.27, 0.02, (0.88, 0.68, 0.56), 1.0)
_SHADE: Final = (0.62, 0.43, 0.34)
_FOREHEAD: Final[_Ellipse] = (0.5, 0.29, 0.15, 0.06, 0.3, (0.95, 0.77, 0.66), 0.35)
# Once on each side of the face; x is the distance from its middle.
_TWICE: Final[tuple[_Ellipse, ...]] = (
    (0.078, 0.455, 0.045, 0.025, 0.25, (0.55, 0.36, 0.29), 0.6),  # socket
    (0.078, 0.460, 0.032, 0.0135, 0.08, (0.96, 0.95, 0.94), 1.0),  # white
    (0.078, 0.459, 0.0135, 0.0135, 0.08, (0.28, 0.18, 0.10), 1.0),  # iris
    (0.078, 0.459, 0.006, 0.006, 0.10, (0.03, 0.03, 0.03), 1.0),  # pupil
    (0.078, 0.4475, 0.035, 0.004, 0.3, (0.12, 0.08, 0.06), 0.9),  # lid
    (0.078, 0.410, 0.042, 0.009, 0.25, (0.17, 0.11, 0.08), 0.9),  # brow
    (0.190, 0.490, 0.02, 0.05, 0.1, (0.75, 0.53, 0.43), 1.0),  # ear
    (0.098, 0.560, 0.05, 0.04, 0.5, (0.93, 0.66, 0.56), 0.4),  # cheek
    (0.018, 0.588, 0.009, 0.005, 0.3, (0.30, 0.17, 0.13), 0.8),  # nostril
)
_MIDDLE: Final[tuple[_Ellipse, ...]] = (
    (0.488, 0.520, 0.012, 0.07, 0.4, (0.95, 0.78, 0.67), 0.4),  # nose, lit
    (0.515, 0.530, 0.010, 0.06, 0.4, (0.60, 0.42, 0.34), 0.45),  # nose, shaded
    (0.5, 0.605, 0.03, 0.01, 0.5, (0.65, 0.45, 0.37), 0.4),
    (0.5, 0.655, 0.062, 0.011, 0.15, (0.68, 0.32, 0.30), 0.9),  # upper lip
    (0.5, 0.668, 0.052, 0.013, 0.2, (0.75, 0.38, 0.36), 0.9),  # lower lip
    (0.5, 0.660, 0.060, 0.0025, 0.4, (0.30, 0.10, 0.10), 0.9),
    (0.5, 0.695, 0.04, 0.01, 0.5, (0.62, 0.43, 0.35), 0.5),
    (0.5, 0.745, 0.05, 0.03, 0.5, (0.90, 0.70, 0.58), 0.4),  # chin
)


@functools.cache
def drawn_face() -> Pixels:
    """The drawing: a square of `SIDE` pixels, RGB, not to be written to."""
    canvas = _Canvas()
    for ellipse in (*_BEHIND, _SKIN):
        canvas.paint(ellipse)
    canvas.shade_skin()
    canvas.paint(_FOREHEAD)
    for x, *rest in _TWICE:
        for middle in (0.5 - x, 0.5 + x):
            canvas.paint((middle, *rest))  # type: ignore[arg-type]
    for ellipse in _MIDDLE:
        canvas.paint(ellipse)
    drawn = (np.clip(canvas.colours, 0, 1) * 255).astype(np.uint8)
    drawn.setflags(write=False)
    return drawn


class _Canvas:
    """Colours as floats, painted over one another."""

    def __init__(self) -> None:
        rows, columns = np.mgrid[:SIDE, :SIDE].astype(np.float32) / SIDE
        self._rows, self._columns = rows, columns
        self.colours = np.full((SIDE, SIDE, 3), _WALL, np.float32)

    def paint(self, ellipse: _Ellipse) -> None:
        colour, opacity = ellipse[5:]
        self._blend(opacity * self._mask(ellipse), colour)

    def shade_skin(self) -> None:
        """Darken the face towards its sides."""
        sides = np.clip(((self._columns - 0.5) / _SKIN[2]) ** 2, 0, 1)
        self._blend(0.6 * self._mask(_SKIN) * sides, _SHADE)

    def _mask(self, ellipse: _Ellipse) -> NDArray[np.float32]:
        x, y, across, down, softness = ellipse[:5]
        distance = np.hypot((self._columns - x) / across, (self._rows - y) / down)
        power = np.clip((distance - 1) / softness, -50, 50)
        return np.asarray(1 / (1 + np.exp(power)), np.float32)

    def _blend(self, mask: NDArray[np.float32], colour: tuple[float, float, float]) -> None:
        over = mask[..., None]
        self.colours = self.colours * (1 - over) + np.array(colour, np.float32) * over
