"""What is held of candidates, compared with what they should be."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from inference.matching.bitmaps import Bitmaps
from inference.matching.columns import Columns, ages_of, times_of
from inference.matching.id_table import Rows
from inference.matching.quantise import Quantiser, Vectors
from inference.matching.segments import Segments
from inference.matching.values import PutCandidate


def differing(
    puts: Sequence[PutCandidate],
    values: Vectors,
    rows: Rows,
    columns: Columns,
    bitmaps: Bitmaps,
    segments: Segments,
    quantiser: Quantiser,
) -> list[str]:
    """For each candidate, all of which have rows, the parts that differ, or an empty text."""
    parts: dict[str, NDArray[np.bool_]] = {
        "vector": (segments.vectors(rows) != values).any(axis=1),
        "code": (segments.codes_of(rows) != quantiser.rows(values).codes).any(axis=1),
        "create time": columns.times[rows] != times_of(puts),
        "age": columns.ages[rows] != ages_of(puts),
    }
    for name, differs in zip(("account", "lists", "gender"), bitmaps.differing(rows, puts),
                             strict=True):  # fmt: skip
        parts[name] = differs
    return [
        ", ".join(name for name, differs in parts.items() if differs[place])
        for place in range(len(puts))
    ]
