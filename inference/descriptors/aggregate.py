"""One descriptor of several warps that show the same person."""

from collections.abc import Sequence

import numpy as np

from domain.shared.image_refusals import NothingToAggregate
from inference.descriptors.similarity import Rows, normalised


def aggregated(rows: Rows, weights: Sequence[float], *, unit_length: bool = True) -> Rows:
    """The mean of descriptors, weighted by their scores: one row.

    Every descriptor keeps some weight, since a low score may be all there is.
    """
    if not len(rows):
        raise NothingToAggregate("no descriptors")
    shares = np.maximum(np.asarray(weights, np.float32), 1e-3)[:, None]
    if not unit_length:
        return np.asarray((rows * shares).sum(0) / shares.sum(), np.float32)
    return normalised((normalised(rows) * shares).sum(0))
