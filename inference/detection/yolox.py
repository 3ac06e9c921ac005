"""YOLOX: an object detector of which only people are used.

Z. Ge, S. Liu, F. Wang, Z. Li, J. Sun, YOLOX: Exceeding YOLO Series in 2021, arXiv 2107.08430.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np

from inference.detection.boxes import Floats, keep_best, resized, to_image
from inference.detection.canvas import Canvas
from inference.models import DetectedBody, Pixels
from inference.packs.pack import RoleSpec
from inference.session import ModelFiles

_STRIDES: Final = (8, 16, 32)
_PERSON: Final = 0
_PADDING: Final = 114


class YoloX:
    """Finds people's bodies; images are fitted into one fixed size."""

    def __init__(self, spec: RoleSpec, files: ModelFiles) -> None:
        self._session = files.session()
        self._canvas = Canvas(spec.colour, _PADDING)
        self._width, self._height = spec.size or (416, 416)
        self._batch = spec.batch_on(self._session.provider)
        self._min_score = spec.option("min_score", 0.4)
        self._max_iou = spec.option("max_iou", 0.45)
        self._grid, self._steps = _cells(self._width, self._height)

    @property
    def most_side(self) -> float:
        """The longer side to which larger images are reduced."""
        return float(max(self._width, self._height))

    def __call__(self, images: Sequence[Pixels]) -> list[list[DetectedBody]]:
        """Bodies per image, best first."""
        found: list[list[DetectedBody]] = []
        for start in range(0, len(images), self._batch):
            part = images[start : start + self._batch]
            fitted = [resized(image, self._factor(image)) for image in part]
            fed = self._canvas(fitted, self._width, self._height)
            (output,) = self._session(fed).values()
            for image, small, rows in zip(part, fitted, output, strict=True):
                scale = small.shape[1] / image.shape[1], small.shape[0] / image.shape[0]
                found.append(self._people(rows, *scale))
        return found

    def _factor(self, image: Pixels) -> float:
        return float(min(self._width / image.shape[1], self._height / image.shape[0]))

    def _people(self, rows: Floats, scale_x: float, scale_y: float) -> list[DetectedBody]:
        scores = rows[:, 4] * rows[:, 5 + _PERSON]
        likely = scores >= self._min_score
        rows, scores = rows[likely], scores[likely]
        steps = self._steps[likely]
        centres = (rows[:, :2] + self._grid[likely]) * steps
        halves = np.exp(np.clip(rows[:, 2:4], -10, 10)) * steps / 2
        corners = np.hstack([centres - halves, centres + halves])
        kept = keep_best(corners, scores, self._max_iou)
        boxes = to_image(corners[kept], scale_x, scale_y)
        return [
            DetectedBody(box, float(score)) for box, score in zip(boxes, scores[kept], strict=True)
        ]


def _cells(width: int, height: int) -> tuple[Floats, Floats]:
    """Column and row of every cell (n, 2), and its stride (n, 1), in the network's order."""
    grids, steps = [], []
    for stride in _STRIDES:
        rows, columns = np.mgrid[: height // stride, : width // stride]
        grid = np.stack([columns.ravel(), rows.ravel()], axis=1)
        grids.append(grid)
        steps.append(np.full((len(grid), 1), stride))
    return np.concatenate(grids).astype(np.float32), np.concatenate(steps).astype(np.float32)
