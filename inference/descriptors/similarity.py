"""How alike two descriptors are: raw scores of vectors, and their calibration to 0..1."""

import numpy as np
from numpy.typing import NDArray

from domain.shared.similarity import Calibration

Rows = NDArray[np.float32]


def normalised(rows: Rows) -> Rows:
    """Rows scaled to length one; a zero row stays zero."""
    lengths = np.linalg.norm(rows, axis=-1, keepdims=True)
    return np.asarray(rows / np.maximum(lengths, 1e-12), np.float32)


def scores(references: Rows, candidates: Rows, calibration: Calibration) -> Rows:
    """Raw scores (n references, m candidates): cosines, or Euclidean distances."""
    if calibration.metric == "cosine":
        return normalised(references) @ normalised(candidates).T
    # |a - b|^2 = |a|^2 + |b|^2 - 2ab loses digits near zero; double precision keeps enough.
    first, second = references.astype(np.float64), candidates.astype(np.float64)
    squares = (first**2).sum(1)[:, None] + (second**2).sum(1) - 2 * first @ second.T
    return np.asarray(np.sqrt(np.maximum(squares, 0.0)), np.float32)


def similarities(raw: NDArray[np.floating], calibration: Calibration) -> NDArray[np.float64]:
    """Calibrated similarities, 0 to 1, of raw scores; `Calibration.similarity` for many."""
    power = calibration.slope * np.asarray(raw, np.float64) + calibration.intercept
    curve = 1.0 / (1.0 + np.exp(-np.clip(power, -700.0, 700.0)))
    return np.minimum(curve / calibration.of_equals, 1.0)
