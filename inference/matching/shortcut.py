"""Searches that take a graph's word for which rows are near."""

from typing import NamedTuple

from pyroaring import BitMap

from inference.matching.bitmaps import rows_of
from inference.matching.graph import Graph
from inference.matching.id_table import Rows
from inference.matching.quantise import Codes


class Shortcut(NamedTuple):
    """A graph that stands for some rows of a search, and what it found when it was measured.

    `members` are the rows that the graph may name, `everyone` all rows that take part; those
    that are not in the graph yet have to be looked at beside it.
    """

    graph: Graph
    members: BitMap
    everyone: BitMap
    recall: float

    @property
    def others(self) -> Rows:
        """The rows that take part and are not in the graph, ascending."""
        return rows_of(self.everyone - self.members)

    def nearest(self, codes: Codes, limits: list[int], threads: int) -> list[Rows | None]:
        """Rows near each reference, more than wanted; None where the graph has too few."""
        count = 2 * max(limits) + 32  # what codes get wrong, and rows that take no part any more
        near = self.graph.nearest(codes, min(count, len(self.members)), threads)
        found: list[Rows | None] = []
        for rows, limit in zip(near, limits, strict=True):
            own = rows_of(self.members & BitMap(rows.tolist()))
            found.append(own if len(own) >= min(limit, len(self.members)) else None)
        return found
