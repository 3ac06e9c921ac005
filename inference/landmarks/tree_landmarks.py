"""Alignment points by cascades of regression trees, for many faces at once.

V. Kazemi, J. Sullivan, One Millisecond Face Alignment with an Ensemble of Regression Trees,
CVPR 2014.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from domain.shared.geometry import Box
from inference.landmarks.layouts import EYE_CORNERS_AND_NOSE_BASE, PointLayout
from inference.models import Pixels, Points
from inference.packs.pack import RoleSpec
from inference.session import ModelFiles

_PARTS: Final = ("mean", "first", "second", "threshold", "leaves", "anchor", "delta")
_AT_ONCE: Final = 64  # faces; keeps the tables of one step in the processor's cache


class TreeLandmarks:
    """Finds the eye corners and the nose base of faces whose boxes are known."""

    def __init__(self, spec: RoleSpec, files: ModelFiles) -> None:
        self._trees = LandmarkCascade.load(files.path())
        self._share, self._down = spec.option("box_share", 1.0), spec.option("box_down", 0.0)

    @property
    def layout(self) -> PointLayout:
        """Both corners of the image-right and of the image-left eye, and the nose base."""
        return EYE_CORNERS_AND_NOSE_BASE

    def __call__(self, image: Pixels, boxes: Sequence[Box]) -> list[Points]:
        """The points of each face, rows of (x, y) in image pixels."""
        squares = [box.square(self._share, self._down) for box in boxes]
        return list(self._trees([image], [0] * len(boxes), squares)) if boxes else []


@dataclass(frozen=True, slots=True, eq=False)
class LandmarkCascade:
    """The trees, with C cascades, T trees of S splits, F feature pixels and P points.

    `mean` P x 2 in a box of side 1; `first` and `second` (the feature pixels a split compares)
    and `threshold` C x T x S; `leaves` C x T x (S + 1) x 2P; `anchor` (the point a feature pixel
    hangs on) C x F; `delta` (how far from it) C x F x 2.
    """

    mean: NDArray[np.float32]
    first: NDArray[np.int32]
    second: NDArray[np.int32]
    threshold: NDArray[np.float32]
    leaves: NDArray[np.float32]
    anchor: NDArray[np.int32]
    delta: NDArray[np.float32]

    @classmethod
    def load(cls, path: Path) -> "LandmarkCascade":
        """The trees in an .npz file."""
        with np.load(path, allow_pickle=False) as arrays:
            return cls(**{part: arrays[part] for part in _PARTS})

    def arrays(self) -> Mapping[str, NDArray[np.generic]]:
        """The parts by name, as `load` wants them in the file."""
        return {part: getattr(self, part) for part in _PARTS}

    def __call__(
        self, images: Sequence[Pixels], of_image: Sequence[int], boxes: Sequence[Box]
    ) -> NDArray[np.float32]:
        """Points (faces, P, 2) in image pixels; `of_image` tells each face's image."""
        found = np.empty((len(boxes), *self.mean.shape), np.float32)
        for start in range(0, len(boxes), _AT_ONCE):
            part = slice(start, start + _AT_ONCE)
            found[part] = self._find(images, np.asarray(of_image[part], np.intp), boxes[part])
        return found

    def _find(
        self, images: Sequence[Pixels], of_image: NDArray[np.intp], boxes: Sequence[Box]
    ) -> NDArray[np.float64]:
        pixels = _PixelReader(images, of_image)
        corners = np.array([(box.x, box.y) for box in boxes])
        # The far edge of a box is its last pixel.
        sides = np.array([(box.width - 1.0, box.height - 1.0) for box in boxes])
        shape = np.repeat(self.mean[None], len(boxes), axis=0)
        for cascade in range(len(self.leaves)):
            turns = _turns(self.mean, shape)
            offsets = self.delta[cascade] @ turns.transpose(0, 2, 1)
            places = shape[:, self.anchor[cascade]] + offsets
            values = pixels(places * sides[:, None] + corners[:, None])
            shape = shape + self._step(cascade, values)
        return np.asarray(shape * sides[:, None] + corners[:, None])

    def _step(self, cascade: int, values: NDArray[np.int16]) -> NDArray[np.float32]:
        """The sum of the leaves that faces with these feature pixels (faces, F) fall into."""
        faces, (trees, splits) = len(values), self.threshold.shape[1:]
        first, second = self.first[cascade].ravel(), self.second[cascade].ravel()
        threshold = self.threshold[cascade].ravel()
        root = np.arange(trees) * splits
        node = np.zeros((faces, trees), np.intp)
        row = np.arange(faces)[:, None]
        for _ in range((splits + 1).bit_length() - 1):
            split = root + node
            difference = values[row, first[split]] - values[row, second[split]]
            node = 2 * node + 2 - (difference > threshold[split])
        leaves = self.leaves[cascade][np.arange(trees), node - splits].sum(axis=1)
        return np.asarray(leaves.reshape(faces, -1, 2))


class _PixelReader:
    """Reads the grey of places: the mean of the channels, rounded down; 0 outside the image."""

    def __init__(self, images: Sequence[Pixels], of_image: NDArray[np.intp]) -> None:
        sizes = np.array([image.shape[:2] for image in images])
        starts = np.concatenate([[0], np.cumsum(sizes.prod(axis=1))[:-1]])
        rows = [image.reshape(-1, 3) for image in images]
        self._flat = rows[0] if len(rows) == 1 else np.concatenate(rows)
        self._start = starts[of_image][:, None]
        self._height, self._width = (sizes[of_image, axis][:, None] for axis in (0, 1))

    def __call__(self, places: NDArray[np.float64]) -> NDArray[np.int16]:
        whole = np.floor(places + 0.5).astype(np.intp)
        x, y = whole[..., 0], whole[..., 1]
        inside = (x >= 0) & (y >= 0) & (x < self._width) & (y < self._height)
        index = np.where(inside, self._start + y * self._width + x, 0)
        grey = self._flat[index].sum(axis=-1, dtype=np.int16) // 3
        return np.where(inside, grey, np.int16(0))


def _turns(mean: NDArray[np.float32], shapes: NDArray[np.float32]) -> NDArray[np.float64]:
    """The turn and scale (faces, 2, 2) that bring the mean shape closest to each shape."""
    # With points as complex numbers the best similarity is one complex factor.
    base = (mean - mean.mean(axis=0)).astype(np.float64) @ np.array([1, 1j])
    points = (shapes - shapes.mean(axis=1, keepdims=True)).astype(np.float64) @ np.array([1, 1j])
    factor = points @ base.conj() / (base @ base.conj()).real
    return np.stack([factor.real, -factor.imag, factor.imag, factor.real], axis=-1).reshape(
        -1, 2, 2
    )
