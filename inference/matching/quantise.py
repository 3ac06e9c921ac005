"""Eight-bit codes of vectors, with what is lost stated exactly enough to prove results.

A row x has codes c and a residual r = |x - c/s|. For a reference q with codes p at its own scale
t the Cauchy-Schwarz inequality bounds what the product of codes can be off:

    |q.x - (p.c)/(s t)|  <=  |q| r  +  |q - p/t| |c/s|
"""

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from inference.matching.buffers import buffer

Vectors = NDArray[np.float32]
Codes = NDArray[np.int8]

# Components of descriptors are nearly Gaussian: 255 levels lose least of most rows when they span
# four standard deviations, but one cut off component spoils the bound of its whole block.
_SPAN: Final = 5.0
_LEVELS: Final = 127
_SHORTEST: Final = 1e-6
_CHUNK: Final = 512
# Single precision sums of at most 4096 squares are wrong by less than this factor.
_ROUND_UP: Final = np.float32(1.0 + 1e-3)
_BIAS_LIMIT: Final = float(1 << 30)


@dataclass(frozen=True, slots=True)
class Quantised:
    """Rows in codes (n, d), the norms of what was lost and of what the codes stand for (n).

    `bias` (n) is -|x|^2/2 in units of code products, where distances are asked for.
    """

    codes: Codes
    residuals: Vectors
    lengths: Vectors
    bias: NDArray[np.int32] | None


@dataclass(frozen=True, slots=True)
class References:
    """References in codes (n, d), the norms of what was lost (n), and units of products (n).

    A unit is how many units of code products make one of products.
    """

    codes: Codes
    residuals: NDArray[np.float64]
    units: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Quantiser:
    """A fixed scale, in steps per unit, for all rows of a collection."""

    scale: float
    biased: bool = False

    @staticmethod
    def for_rows(dimension: int, length: float = 1.0, biased: bool = False) -> "Quantiser":
        """The scale for rows of about this length."""
        span = _SPAN * (length if length > _SHORTEST else 1.0)
        return Quantiser(_LEVELS * math.sqrt(dimension) / span, biased)

    def references(self, values: Vectors) -> References:
        """The codes of references (n, d), as fine as they can be.

        Where rows have a bias its unit is that of the rows, and so the scale is theirs.
        """
        scales = np.full(len(values), self.scale)
        if not self.biased:
            scales = _LEVELS / np.maximum(np.abs(values).max(axis=1), 1e-9).astype(np.float64)
        steps = values * scales[:, None]
        codes = np.clip(np.rint(steps), -_LEVELS, _LEVELS)
        residuals = np.sqrt(((steps - codes) ** 2).sum(axis=1)) / scales * _ROUND_UP
        return References(codes.astype(np.int8), residuals, scales * self.scale)

    def rows(self, values: Vectors) -> Quantised:
        """The codes of rows (n, d)."""
        count = len(values)
        codes = np.empty(values.shape, np.int8)
        residuals, lengths = np.empty(count, np.float32), np.empty(count, np.float32)
        for start in range(0, count, _CHUNK):
            own = values[start : start + _CHUNK]
            part = slice(start, start + len(own))
            steps: Vectors = buffer("steps", own.shape, np.float32)
            np.multiply(own, np.float32(self.scale), out=steps)
            np.rint(steps, out=steps)
            np.clip(steps, -_LEVELS, _LEVELS, out=steps)
            codes[part] = steps
            steps *= np.float32(1.0 / self.scale)
            lengths[part] = _norms(steps) * _ROUND_UP
            np.subtract(own, steps, out=steps)
            residuals[part] = (_norms(steps) + _norms(own) * 1e-6) * _ROUND_UP
        return Quantised(codes, residuals, lengths, self._bias(values, residuals))

    def _bias(self, values: Vectors, residuals: Vectors) -> NDArray[np.int32] | None:
        if not self.biased:
            return None
        squares = np.einsum("ij,ij->i", values, values, dtype=np.float64)
        bias = np.rint(squares * (-0.5 * self.scale * self.scale))
        # A row too long for its bias gets a bound that nothing can be proven with.
        residuals[bias < -_BIAS_LIMIT] = np.finfo(np.float32).max
        return np.asarray(np.maximum(bias, -_BIAS_LIMIT), np.int32)


def _norms(rows: Vectors) -> Vectors:
    return np.asarray(np.sqrt(np.einsum("ij,ij->i", rows, rows)), np.float32)
