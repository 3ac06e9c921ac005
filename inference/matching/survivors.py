"""Rows that may be among the best of some reference, as the scan found them."""

from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from inference.matching.id_table import Rows

Products = NDArray[np.int32] | NDArray[np.float64]  # whole numbers either way


class Survivors(NamedTuple):
    """Pairs of reference and row (n each), with the product of their codes."""

    references: NDArray[np.uint8]
    rows: Rows
    products: Products

    def picked(self, pairs: Rows | NDArray[np.bool_]) -> "Survivors":
        """Some of the pairs, by place or by flag."""
        return Survivors(self.references[pairs], self.rows[pairs], self.products[pairs])

    def by_reference(self, references: int) -> "list[Survivors]":
        """The pairs of each reference."""
        grouped = self.picked(np.argsort(self.references, kind="stable"))
        ends = np.searchsorted(grouped.references, np.arange(references + 1)).tolist()
        return [
            Survivors(*(column[start:stop] for column in grouped))  # type: ignore[arg-type]
            for start, stop in pairwise(ends)
        ]


def joined(parts: list[Survivors]) -> Survivors:
    """All pairs of some parts."""
    if not parts:
        return Survivors(np.empty(0, np.uint8), np.empty(0, np.int64), np.empty(0, np.int32))
    return Survivors(
        np.concatenate([part.references for part in parts]),
        np.concatenate([part.rows for part in parts]),
        np.concatenate([part.products for part in parts]),
    )
