"""YuNet: a small face detector that also finds the five alignment points.

W. Wu, H. Peng, S. Yu, YuNet: A Tiny Millisecond-level Face Detector, Machine Intelligence
Research 20, 2023.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from inference.detection.boxes import (
    Floats,
    groups_of_equal,
    keep_best,
    resized,
    to_image,
    without_parts,
)
from inference.detection.canvas import Canvas
from inference.landmarks.layouts import FIVE
from inference.models import DetectedFace, Pixels
from inference.packs.pack import RoleSpec
from inference.session import ModelFiles

_STRIDES: Final = (8, 16, 32)


class YuNet:
    """Finds faces; images are scaled until their longer side lies in the pack's range.

    The network is blind for faces much larger than `largest_face` pixels and takes parts of them
    for faces. So a large image is also looked at with its longer side at `least_side`, and large
    faces are those found there. A network of one fixed input size gets every image fitted into
    that.
    """

    def __init__(self, spec: RoleSpec, files: ModelFiles) -> None:
        self._session = files.session()
        self._canvas = Canvas(spec.colour)
        self._batch = spec.batch_on(self._session.provider)
        self._min_score = spec.option("min_score", 0.6)
        self._max_iou = spec.option("max_iou", 0.3)
        self._least = spec.option("least_side", 640)
        self._most = spec.option("most_side", 1280)
        self._largest = spec.option("largest_face", 400)
        sizes = next(iter(self._session.inputs.values()))[2:]
        self._fixed = sizes if all(isinstance(side, int) for side in sizes) else None

    @property
    def most_side(self) -> float:
        """The longer side to which larger images are reduced."""
        return float(max(self._fixed) if self._fixed else self._most)

    def __call__(self, images: Sequence[Pixels]) -> list[list[DetectedFace]]:
        """Faces per image, best first."""
        looks = [look for i, image in enumerate(images) for look in self._looks(i, image)]
        sizes = [self._padded_size(look.pixels) for look in looks]
        for group in groups_of_equal(sizes, self._batch):
            width, height = sizes[group[0]]
            outputs = self._session(self._canvas([looks[i].pixels for i in group], width, height))
            for row, index in enumerate(group):
                maps = {name: values[row] for name, values in outputs.items()}
                looks[index].found = _decode(maps, width, height, self._min_score)
        return [
            self._faces([look for look in looks if look.image == i]) for i in range(len(images))
        ]

    def _looks(self, index: int, image: Pixels) -> list["_Look"]:
        """The scales at which an image is looked at, with the face sizes that count there."""
        height, width = image.shape[:2]
        if self._fixed:
            factors = [min(self._fixed[0] / height, self._fixed[1] / width)]
        else:
            side = max(height, width)
            factors = [min(max(side, self._least), self._most) / side]
            if side * factors[0] > 1.25 * self._least:
                factors.append(self._least / side)
        looks = [_Look(index, resized(image, factor), image) for factor in factors]
        if len(looks) > 1:
            looks[0].largest = self._largest
            # Sizes in between count at both scales, so that none falls through.
            looks[1].smallest = 0.8 * self._largest * factors[1] / factors[0]
        return looks

    def _padded_size(self, image: Pixels) -> tuple[int, int]:
        """Width and height as multiples of the coarsest stride."""
        if self._fixed:
            return self._fixed[1], self._fixed[0]
        height, width = image.shape[:2]
        return -(-width // 32) * 32, -(-height // 32) * 32

    def _faces(self, looks: Sequence["_Look"]) -> list[DetectedFace]:
        parts = [look.in_image() for look in looks]
        scores, corners, points = (np.concatenate(part) for part in zip(*parts, strict=True))
        kept = without_parts(corners, keep_best(corners, scores, self._max_iou))
        return [
            DetectedFace(box, float(score), place.astype(np.float32), FIVE)
            for box, score, place in zip(
                to_image(corners[kept], 1, 1), scores[kept], points[kept], strict=True
            )
        ]


@dataclass(slots=True, eq=False)
class _Look:
    """One scale of one image, and what was found there."""

    image: int
    pixels: Pixels
    original: Pixels
    smallest: float = 0.0
    largest: float = np.inf
    found: tuple[Floats, Floats, Floats] | None = None

    def in_image(self) -> tuple[Floats, Floats, Floats]:
        """Scores, corners and points of the faces that count, in pixels of the image."""
        if self.found is None:
            raise AssertionError("every look is looked at")
        scores, corners, points = self.found
        sides = (corners[:, 2:] - corners[:, :2]).max(axis=1)
        counts = (sides >= self.smallest) & (sides <= self.largest)
        small, large = self.pixels.shape, self.original.shape
        scale = np.array([small[1] / large[1], small[0] / large[0]])
        return scores[counts], corners[counts] / np.tile(scale, 2), points[counts] / scale


def _decode(
    maps: dict[str, Floats], width: int, height: int, min_score: float
) -> tuple[Floats, Floats, Floats]:
    """Scores (n), corners (n, 4) and points (n, 5, 2) of the cells above the threshold."""
    scores: list[Floats] = []
    corners: list[Floats] = []
    points: list[Floats] = []
    for stride in _STRIDES:
        columns = width // stride
        cls, obj = maps[f"cls_{stride}"][:, 0], maps[f"obj_{stride}"][:, 0]
        # Nearly all cells are empty; the exact score is taken of the others only.
        cells = np.flatnonzero(cls * obj >= 0.99 * min_score**2)
        score = np.sqrt(np.clip(cls[cells], 0, 1) * np.clip(obj[cells], 0, 1))
        cells, score = cells[score >= min_score], score[score >= min_score]
        if not cells.size and scores:
            continue  # nothing of this size, and the shapes of nothing are told already
        grid = np.stack([cells % columns, cells // columns], axis=1).astype(np.float32)
        box = maps[f"bbox_{stride}"][cells]
        centres = (grid + box[:, :2]) * stride
        halves = np.exp(np.clip(box[:, 2:], -10, 10)) * stride / 2
        keypoints = maps[f"kps_{stride}"][cells].reshape(-1, 5, 2)
        scores.append(score)
        corners.append(np.hstack([centres - halves, centres + halves]))
        points.append((grid[:, None] + keypoints) * stride)
    return np.concatenate(scores), np.concatenate(corners), np.concatenate(points)
