"""References of one search in codes: their products with rows, and what these can prove."""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from inference.matching.buffers import buffer
from inference.matching.quantise import Codes, Quantiser, Vectors
from inference.matching.survivors import Products
from inference.native import numkong

Floats = NDArray[np.float64]

# Two references are compared with rows one by one faster than together.
PAIRED_UP_TO: Final = 2
# Products are off by so small a part of what they may be, nearly always.
_MOSTLY_OFF: Final = 0.2
# Beyond all products of codes.
_FAR: Final = float(1 << 31) - 1.0


@dataclass(frozen=True, slots=True)
class LeastProducts:
    """The code products of each reference (n) from which a row may reach its floor."""

    without_error: Floats
    per_residual: Floats

    def at(self, residual: float) -> Floats:
        """Those of rows with residuals up to this one."""
        return np.maximum(self.without_error - self.per_residual * residual, -_FAR)


class CodedReferences:
    """Some references (n, d), coded once and multiplied with many blocks of rows."""

    def __init__(self, vectors: Vectors, quantiser: Quantiser, longest: float) -> None:
        coded = quantiser.references(vectors)
        self.count = len(vectors)
        self.lengths = np.sqrt(np.einsum("ij,ij->i", vectors, vectors, dtype=np.float64))
        self._codes, self._units = coded.codes, coded.units
        self._packed = numkong.dots_pack(coded.codes, dtype="int8")
        # The part of the bound that does not depend on the row.
        self._own_error = coded.residuals * longest

    def products(self, codes: Codes, bias: NDArray[np.int32] | None) -> Products:
        """Whole numbers (rows, n) in this thread's buffer."""
        shape = (len(codes), self.count)
        products: Products
        if self.count <= PAIRED_UP_TO:
            products = buffer("products", shape, np.float64)
            numkong.cdist(codes, self._codes, metric="dot", out=products)
        else:
            products = buffer("products", shape, np.int32)
            numkong.dots_packed(codes, self._packed, out=numkong.from_dlpack(products))
        if bias is not None:
            products += bias[:, None]
        return products

    def estimates(self, products: NDArray[Any]) -> Floats:
        """What products of codes (n) stand for."""
        return np.asarray(products / self._units, np.float64)

    def guess(self, number: int, product: float) -> float:
        """A bit less than what a row with this product of one reference's codes likely has."""
        return product / float(self._units[number]) - _MOSTLY_OFF * float(self._own_error[number])

    def best(self, number: int, products: Products, residuals: Vectors) -> Floats:
        """The most that rows with these products of one reference's codes can have."""
        error = self.lengths[number] * residuals.astype(np.float64) + self._own_error[number]
        return np.asarray((products + 1.0) / self._units[number] + error)

    def least(self, floors: Floats) -> LeastProducts:
        """What products of codes must reach for the floors."""
        without_error = (floors - self._own_error) * self._units - 2.0  # roundings of the bias
        return LeastProducts(np.clip(without_error, -_FAR, _FAR), self.lengths * self._units)
