"""dlib's convolutional face detector, slid over an image pyramid.

D. E. King, Max-Margin Object Detection, arXiv 1502.00046.
"""

from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np

from inference.detection.boxes import (
    Floats,
    groups_of_equal,
    keep_best,
    resized,
    to_image,
)
from inference.models import DetectedFace, Pixels
from inference.opencv import cv2
from inference.packs.pack import RoleSpec
from inference.session import ModelFiles
from inference.warps import blob

_STEP: Final = 8  # pixels of a level from one cell to the next
_FIRST_CENTRE: Final = 3
_HALF_SIDE: Final = 40
_SHRINK: Final = 5 / 6
_SMALLEST_LEVEL: Final = 40
# Cells this far below the threshold still tell where a face is, though not that there is one.
_MARGIN: Final = 0.5
_SAME_FACE: Final = 0.5


class DlibFaceDetector:
    """Finds upright faces; images are scaled until their longer side lies in the pack's range.

    A face must be about 75 pixels wide in the scaled image. Small images grow by
    `most_enlarged` at the most. Faces lie on a grid of 8 pixels and sizes 20 % apart; a box is
    the mean of all that cover a face, weighted by their scores, and so depends little on how
    the grid happens to lie. Scores are sigmoid(`score_slope` * margin), 0.5 at the threshold.
    """

    def __init__(self, spec: RoleSpec, files: ModelFiles) -> None:
        self._session = files.session()
        self._spec = spec
        self._least = spec.option("least_side", 640)
        self._most = spec.option("most_side", 1280)
        self._most_enlarged = spec.option("most_enlarged", 3)
        self._min_score = spec.option("min_score", 0.0)
        self._max_iou = spec.option("max_iou", 0.338)
        self._score_slope = spec.option("score_slope", 4.0)

    @property
    def most_side(self) -> float:
        """The longer side to which larger images are reduced."""
        return self._most

    def __call__(self, images: Sequence[Pixels]) -> list[list[DetectedFace]]:
        """Faces per image, best first."""
        found: list[list[DetectedFace]] = [[] for _ in images]
        scaled = [resized(image, self._factor(image)) for image in images]
        most = self._spec.batch_on(self._session.provider)
        for group in groups_of_equal([image.shape for image in scaled], most):
            cells = self._scan([scaled[index] for index in group])
            for index, (corners, scores) in zip(group, cells, strict=True):
                small, large = scaled[index].shape, images[index].shape
                corners, scores = self._faces(corners, scores)
                boxes = to_image(corners, small[1] / large[1], small[0] / large[0])
                found[index] = list(map(DetectedFace, boxes, scores.tolist()))
        return found

    def _factor(self, image: Pixels) -> float:
        side = max(image.shape[:2])
        least = min(self._least, side * self._most_enlarged)
        return float(min(max(side, least), self._most) / side)

    def _scan(self, images: Sequence[Pixels]) -> list[tuple[Floats, Floats]]:
        """Corners (n, 4) and scores of likely cells, per image of one size."""
        height, width = images[0].shape[:2]
        found: list[tuple[list[Floats], list[Floats]]] = [([], []) for _ in images]
        for level in _pyramid(images):
            spec = self._spec
            fed = blob(level, colour=spec.colour, mean=spec.mean, scale=spec.scale)
            (maps,) = self._session(fed).values()
            scale = np.array([width / level[0].shape[1], height / level[0].shape[0]])
            for (corners, scores), cells in zip(found, maps[:, 0], strict=True):
                rows, columns = np.nonzero(cells > self._min_score - _MARGIN)
                centres = np.stack([columns, rows], axis=1) * _STEP + _FIRST_CENTRE
                both = np.hstack([centres - _HALF_SIDE, centres + _HALF_SIDE])
                corners.append((both * np.tile(scale, 2)).astype(np.float32))
                scores.append(cells[rows, columns])
        return [(_joined(corners, (0, 4)), _joined(scores, (0,))) for corners, scores in found]

    def _faces(self, corners: Floats, scores: Floats) -> tuple[Floats, Floats]:
        """One box and score per face, best first."""
        sure = np.flatnonzero(scores > self._min_score)
        kept = sure[keep_best(corners[sure], scores[sure], self._max_iou)]
        margins = scores[kept] - self._min_score
        weights = scores - (self._min_score - _MARGIN)
        boxes = [_mean_box(corners, weights, corners[best]) for best in kept]
        return _joined([box[None] for box in boxes], (0, 4)), _sigmoid(self._score_slope * margins)


def _pyramid(images: Sequence[Pixels]) -> Iterator[list[Pixels]]:
    """The images at their size, and at each size 5/6 of the one before."""
    level, size = list(images), (images[0].shape[1], images[0].shape[0])
    exact = np.array(size, np.float64)
    while min(size) >= _SMALLEST_LEVEL:
        yield level
        exact *= _SHRINK
        size = (round(exact[0]), round(exact[1]))
        if min(size) >= _SMALLEST_LEVEL:
            shrunk = (cv2.resize(one, size, interpolation=cv2.INTER_LINEAR) for one in level)
            level = [np.asarray(one) for one in shrunk]


def _mean_box(corners: Floats, weights: Floats, best: Floats) -> Floats:
    """The weighted mean of the boxes that cover the same face as the best one."""
    near = np.maximum(corners[:, :2], best[:2])
    far = np.minimum(corners[:, 2:], best[2:])
    shared = np.clip(far - near, 0, None).prod(axis=1)
    area = (corners[:, 2:] - corners[:, :2]).prod(axis=1)
    union = area + (best[2:] - best[:2]).prod() - shared
    same = shared > _SAME_FACE * union
    boxes, shares = corners[same], weights[same, None] / weights[same].sum()
    centre = (shares * (boxes[:, :2] + boxes[:, 2:]) / 2).sum(axis=0)
    half = np.exp((shares * np.log(boxes[:, 2:] - boxes[:, :2])).sum(axis=0)) / 2
    return np.asarray(np.concatenate([centre - half, centre + half]), np.float32)


def _sigmoid(values: Floats) -> Floats:
    return np.asarray(1 / (1 + np.exp(-values)), np.float32)


def _joined(parts: Sequence[Floats], empty: tuple[int, ...]) -> Floats:
    return np.concatenate(parts) if parts else np.empty(empty, np.float32)
