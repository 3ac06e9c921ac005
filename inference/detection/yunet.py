"""YuNet: a small face detector that also finds the five alignment points.

W. Wu, H. Peng, S. Yu, YuNet: A Tiny Millisecond-level Face Detector, Machine Intelligence
Research 20, 2023.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np

from inference.detection.boxes import (
    Floats,
    groups_of_equal_size,
    keep_best,
    padded,
    resized,
    to_image,
)
from inference.landmarks.layouts import FIVE
from inference.models import DetectedFace, Pixels
from inference.packs.pack import RoleSpec
from inference.session import ModelFiles
from inference.warps import blob

_STRIDES: Final = (8, 16, 32)


class YuNet:
    """Finds faces; images are scaled until their longer side lies in the pack's range.

    A network of one fixed input size gets every image fitted into that.
    """

    def __init__(self, spec: RoleSpec, files: ModelFiles) -> None:
        self._session = files.session()
        self._colour = spec.colour
        self._max_batch = spec.max_batch
        self._min_score = spec.option("min_score", 0.6)
        self._max_iou = spec.option("max_iou", 0.3)
        self._least = spec.option("least_side", 640)
        self._most = spec.option("most_side", 1280)
        sizes = next(iter(self._session.inputs.values()))[2:]
        self._fixed = sizes if all(isinstance(side, int) for side in sizes) else None

    def __call__(self, images: Sequence[Pixels]) -> list[list[DetectedFace]]:
        """Faces per image, best first."""
        scaled = [resized(image, self._factor(image)) for image in images]
        inputs = [padded(image, *self._padded_size(image)) for image in scaled]
        found: list[list[DetectedFace]] = [[] for _ in images]
        for group in groups_of_equal_size(inputs, self._max_batch):
            outputs = self._session(blob([inputs[i] for i in group], colour=self._colour))
            height, width = inputs[group[0]].shape[:2]
            for row, index in enumerate(group):
                maps = {name: values[row] for name, values in outputs.items()}
                scores, corners, points = _decode(maps, width, height, self._min_score)
                small, large = scaled[index].shape, images[index].shape
                scale = np.array([small[1] / large[1], small[0] / large[0]])
                kept = keep_best(corners, scores, self._max_iou)
                boxes = to_image(corners[kept], *scale)
                found[index] = [
                    DetectedFace(box, float(score), (place / scale).astype(np.float32), FIVE)
                    for box, score, place in zip(boxes, scores[kept], points[kept], strict=True)
                ]
        return found

    def _factor(self, image: Pixels) -> float:
        height, width = image.shape[:2]
        if self._fixed:
            return float(min(self._fixed[0] / height, self._fixed[1] / width))
        side = max(height, width)
        return float(min(max(side, self._least), self._most) / side)

    def _padded_size(self, image: Pixels) -> tuple[int, int]:
        """Width and height as multiples of the coarsest stride."""
        if self._fixed:
            return self._fixed[1], self._fixed[0]
        height, width = image.shape[:2]
        return -(-width // 32) * 32, -(-height // 32) * 32


def _decode(
    maps: dict[str, Floats], width: int, height: int, min_score: float
) -> tuple[Floats, Floats, Floats]:
    """Scores (n), corners (n, 4) and points (n, 5, 2) of the cells above the threshold."""
    scores, corners, points = [], [], []
    for stride in _STRIDES:
        columns = width // stride
        cls = np.clip(maps[f"cls_{stride}"][:, 0], 0, 1)
        obj = np.clip(maps[f"obj_{stride}"][:, 0], 0, 1)
        score = np.sqrt(cls * obj)
        cells = np.flatnonzero(score >= min_score)
        grid = np.stack([cells % columns, cells // columns], axis=1).astype(np.float32)
        box = maps[f"bbox_{stride}"][cells]
        centres = (grid + box[:, :2]) * stride
        halves = np.exp(np.clip(box[:, 2:], -10, 10)) * stride / 2
        keypoints = maps[f"kps_{stride}"][cells].reshape(-1, 5, 2)
        scores.append(score[cells])
        corners.append(np.hstack([centres - halves, centres + halves]))
        points.append((grid[:, None] + keypoints) * stride)
    return np.concatenate(scores), np.concatenate(corners), np.concatenate(points)
