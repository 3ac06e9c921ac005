"""Places in an image: points, boxes and landmarks, in pixels, x to the right and y down."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self


@dataclass(frozen=True, slots=True)
class Point:
    """A place in pixels; the centre of the first pixel is (0, 0)."""

    x: float
    y: float

    def moved(self, dx: float, dy: float) -> "Point":
        """The point shifted by (dx, dy)."""
        return Point(self.x + dx, self.y + dy)

    def scaled(self, factor: float) -> "Point":
        """The point in an image that was resized by `factor`."""
        return Point(self.x * factor, self.y * factor)


@dataclass(frozen=True, slots=True)
class Box:
    """An upright rectangle: its top left corner and its size, in pixels."""

    x: float
    y: float
    width: float
    height: float

    @classmethod
    def from_corners(cls, left: float, top: float, right: float, bottom: float) -> Self:
        """The box between two corners."""
        return cls(left, top, right - left, bottom - top)

    @property
    def right(self) -> float:
        """Where the box ends in x."""
        return self.x + self.width

    @property
    def bottom(self) -> float:
        """Where the box ends in y."""
        return self.y + self.height

    @property
    def centre(self) -> Point:
        """The middle of the box."""
        return Point(self.x + self.width / 2, self.y + self.height / 2)

    @property
    def area(self) -> float:
        """Square pixels; an inverted box has none."""
        return max(self.width, 0.0) * max(self.height, 0.0)

    def overlap(self, other: "Box") -> float:
        """Square pixels that both boxes cover."""
        width = min(self.right, other.right) - max(self.x, other.x)
        height = min(self.bottom, other.bottom) - max(self.y, other.y)
        return max(width, 0.0) * max(height, 0.0)

    def iou(self, other: "Box") -> float:
        """Intersection over union, 0 (apart) to 1 (equal)."""
        shared = self.overlap(other)
        union = self.area + other.area - shared
        return shared / union if union > 0 else 0.0

    def share_inside(self, other: "Box") -> float:
        """The part of this box that lies in another one, 0 to 1."""
        return self.overlap(other) / self.area if self.area > 0 else 0.0

    def scaled(self, factor: float) -> "Box":
        """The box in an image that was resized by `factor`."""
        return Box(self.x * factor, self.y * factor, self.width * factor, self.height * factor)

    def moved(self, dx: float, dy: float) -> "Box":
        """The box shifted by (dx, dy)."""
        return Box(self.x + dx, self.y + dy, self.width, self.height)

    def clipped(self, width: float, height: float) -> "Box":
        """The part of the box that lies in an image of this size; empty when nothing does."""
        left, top = min(max(self.x, 0.0), width), min(max(self.y, 0.0), height)
        right = min(max(self.right, left), width)
        return Box.from_corners(left, top, right, min(max(self.bottom, top), height))

    def square(self, scale: float, down: float = 0.0) -> "Box":
        """A square of side `scale` times the longer side, its centre moved by `down` heights."""
        side = scale * max(self.width, self.height)
        x = self.x + self.width / 2 - side / 2
        y = self.y + self.height / 2 + down * self.height - side / 2
        return Box(x, y, side, side)

    def as_dict(self) -> dict[str, int]:
        """The contract's `rect`: whole pixels."""
        x, y = round(self.x), round(self.y)
        return {
            "x": x,
            "y": y,
            "width": max(round(self.right) - x, 0),
            "height": max(round(self.bottom) - y, 0),
        }


@dataclass(frozen=True, slots=True)
class Landmarks:
    """Points of a face in a fixed order: 5 (eyes, nose tip, mouth corners) or 68 (iBUG order).

    Left and right are the image's: the first eye of the five is the one nearer to x = 0 in an
    upright picture.
    """

    points: tuple[Point, ...]

    @classmethod
    def from_pairs(cls, pairs: Iterable[Iterable[float]]) -> Self:
        """Landmarks of (x, y) pairs, such as the rows of an (n, 2) array."""
        return cls(tuple(Point(float(x), float(y)) for x, y in pairs))

    def __len__(self) -> int:
        return len(self.points)

    def moved(self, dx: float, dy: float) -> "Landmarks":
        """The landmarks shifted by (dx, dy)."""
        return Landmarks(tuple(point.moved(dx, dy) for point in self.points))

    def scaled(self, factor: float) -> "Landmarks":
        """The landmarks in an image that was resized by `factor`."""
        return Landmarks(tuple(Point(p.x * factor, p.y * factor) for p in self.points))

    def pairs(self) -> tuple[tuple[float, float], ...]:
        """The points as (x, y) pairs."""
        return tuple((point.x, point.y) for point in self.points)

    def relative_to(self, box: Box) -> list[list[int]]:
        """The contract's landmarks: whole pixels from the corner of the detection's `rect`."""
        left, top = round(box.x), round(box.y)
        return [[round(p.x) - left, round(p.y) - top] for p in self.points]
