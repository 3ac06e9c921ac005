"""What the pipeline demands of models: one small contract per role."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from domain.shared.geometry import Box
from inference.landmarks.layouts import PointLayout

Pixels = NDArray[np.uint8]
"""An upright image or crop: rows x columns x 3, RGB."""

Points = NDArray[np.float32]
"""Landmarks as rows of (x, y) in pixels."""


@dataclass(frozen=True, slots=True)
class DetectedFace:
    """A face as a detector finds it; with alignment points where it tells them itself."""

    box: Box
    score: float
    points: Points | None = None
    layout: PointLayout | None = None

    def scaled(self, factor: float) -> "DetectedFace":
        """The same face in the image enlarged by a factor."""
        points = None if self.points is None else self.points * np.float32(factor)
        return replace(self, box=self.box.scaled(factor), points=points)


@dataclass(frozen=True, slots=True)
class DetectedBody:
    """A person's body as a detector finds it."""

    box: Box
    score: float

    def scaled(self, factor: float) -> "DetectedBody":
        """The same body in the image enlarged by a factor."""
        return replace(self, box=self.box.scaled(factor))


@dataclass(slots=True, eq=False)
class FaceView:
    """One face as estimators see it.

    `warp` is the 250x250 aligned crop. The rest is None for a face that was given as a warp:
    the image, the box and alignment points in its pixels, and `to_warp`, the 2x3 matrix from its
    pixels to the warp's. `landmarks68` (in warp pixels) and `known` (estimations by role) are
    filled in before the estimators that need them run.
    """

    warp: Pixels
    image: Pixels | None = None
    box: Box | None = None
    points: Points | None = None
    layout: PointLayout | None = None
    to_warp: NDArray[np.float64] | None = None
    landmarks68: Points | None = None
    known: dict[str, Any] = field(default_factory=dict)


class FaceDetector(Protocol):
    """Finds faces: per image, best first, boxes in that image's pixels."""

    @property
    def most_side(self) -> float:
        """The longer side to which larger images are reduced before they are looked at."""
        ...

    def __call__(self, images: Sequence[Pixels]) -> list[list[DetectedFace]]: ...


class BodyDetector(Protocol):
    """Finds people: per image, best first, boxes in that image's pixels."""

    @property
    def most_side(self) -> float:
        """The longer side to which larger images are reduced before they are looked at."""
        ...

    def __call__(self, images: Sequence[Pixels]) -> list[list[DetectedBody]]: ...


class AlignmentModel(Protocol):
    """Finds the alignment points of faces, where the detector does not (role `landmarks5`)."""

    @property
    def layout(self) -> PointLayout:
        """What the points are."""
        ...

    def __call__(self, image: Pixels, boxes: Sequence[Box]) -> list[Points]: ...


class Landmarks68Model(Protocol):
    """Finds 68 points (iBUG order) in face warps, in warp pixels."""

    def __call__(self, warps: Sequence[Pixels]) -> list[Points]: ...


class DescriptorModel(Protocol):
    """Turns warps (250x250 faces or 128x256 bodies) into rows of float32, one per warp.

    Only the pixels of the warp are used, so that a stored sample gives the same descriptor as
    the image it was cut from. Rows are L2-normalised unless the pack says otherwise.
    """

    @property
    def version(self) -> int: ...

    @property
    def dimension(self) -> int: ...

    def __call__(self, warps: Sequence[Pixels]) -> NDArray[np.float32]: ...


class Estimator(Protocol):
    """Judges one property of each face; same order, same length."""

    @property
    def needs(self) -> frozenset[str]:
        """What must be there beside the warp: "image", "landmarks68", or other roles' results."""
        ...

    @property
    def uses(self) -> frozenset[str]:
        """Roles whose results, or "landmarks68", it takes in where the pack fills them."""
        ...

    def __call__(self, faces: Sequence[FaceView]) -> Sequence[Any]: ...
