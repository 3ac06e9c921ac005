"""Descriptors by a network that sees a fixed part of a warp."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from domain.shared.image_refusals import BadModelPack
from inference.descriptors.similarity import normalised
from inference.models import Pixels
from inference.packs.pack import RoleSpec
from inference.session import ModelFiles
from inference.warps import Matrix, blob, warp_affine


class WarpDescriptor:
    """One row per warp: cut, fed in batches, and scaled to length one unless the pack declines.

    `to_crop` is the 2x3 matrix from warp pixels to the network's; None feeds the warp as it is.
    With the option `mirror` the vector of the mirrored crop is added, at twice the cost.
    """

    def __init__(
        self, spec: RoleSpec, files: ModelFiles, size: tuple[int, int], to_crop: Matrix | None
    ) -> None:
        if spec.version is None or spec.dimension is None:
            raise BadModelPack(spec.role, "a descriptor needs a version and a dimension")
        self._session = files.session()
        self._spec, self._size, self._to_crop = spec, size, to_crop
        self._mirror = bool(spec.options.get("mirror", False))
        self._unit_length = bool(spec.options.get("unit_length", True))
        self.version, self.dimension = spec.version, spec.dimension

    def __call__(self, warps: Sequence[Pixels]) -> NDArray[np.float32]:
        """Descriptors, one row per warp."""
        step = self._spec.batch_on(self._session.provider)
        parts = [self._rows(warps[start : start + step]) for start in range(0, len(warps), step)]
        return np.concatenate(parts) if parts else np.empty((0, self.dimension), np.float32)

    def _rows(self, warps: Sequence[Pixels]) -> NDArray[np.float32]:
        crops = [self._cut(warp) for warp in warps]
        rows = self._run(crops)
        if self._mirror:
            rows = normalised(rows) + normalised(self._run([crop[:, ::-1] for crop in crops]))
        return normalised(rows) if self._unit_length else rows

    def _cut(self, warp: Pixels) -> Pixels:
        return warp if self._to_crop is None else warp_affine(warp, self._to_crop, self._size)

    def _run(self, crops: Sequence[Pixels]) -> NDArray[np.float32]:
        spec = self._spec
        fed = blob(crops, colour=spec.colour, mean=spec.mean, scale=spec.scale)
        (rows,) = self._session(fed).values()
        if rows.shape[1:] != (self.dimension,):
            raise BadModelPack(spec.role, f"the network gives {rows.shape[1]} numbers")
        return rows
