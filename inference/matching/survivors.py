"""Rows that may still be among the best of some reference, as found by the scan so far."""

from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from inference.matching.id_table import Rows

Products = NDArray[np.int32]


class Survivors(NamedTuple):
    """Pairs of reference and row (n each), with the product of their codes."""

    references: Rows
    rows: Rows
    products: Products

    @staticmethod
    def joined(parts: "list[Survivors]") -> "Survivors":
        """All pairs of some parts, the best of each reference first."""
        if not parts:
            nothing = np.empty(0, np.int64)
            return Survivors(nothing, nothing, np.empty(0, np.int32))
        joined = Survivors(
            np.concatenate([part.references for part in parts]),
            np.concatenate([part.rows for part in parts]),
            np.concatenate([part.products for part in parts]),
        )
        # One sort of one number: the reference above, the negated product below.
        return joined.picked(np.argsort((joined.references << 32) - joined.products))

    def picked(self, pairs: Rows | NDArray[np.bool_]) -> "Survivors":
        """Some of the pairs, by place or by flag."""
        return Survivors(self.references[pairs], self.rows[pairs], self.products[pairs])

    def at_least(self, limits: Products) -> "Survivors":
        """The pairs whose product reaches the limit of their reference."""
        keep = self.products >= limits[self.references]
        return self if keep.all() else self.picked(keep)

    def of_each(self, references: int) -> list[slice]:
        """Where the pairs of each reference are, in joined survivors."""
        ends = np.searchsorted(self.references, np.arange(references + 1)).tolist()
        return [slice(start, stop) for start, stop in pairwise(ends)]
