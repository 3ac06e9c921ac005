"""Which lists of a collection are searched by a graph, and how the graphs are kept up to date."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final, NamedTuple
from uuid import UUID

import numpy as np
from pyroaring import BitMap

from inference.matching.bitmaps import Bitmaps, rows_of
from inference.matching.graph import Graph
from inference.matching.id_table import Rows
from inference.matching.planner import Plan
from inference.matching.scan import Found
from inference.matching.shortcut import Shortcut
from inference.matching.values import MatchFilters

LEAST_RECALL: Final = 0.9
"""A graph that was measured to find less is not used."""

MOST_WANTED: Final = 100
"""Searches for more than so many candidates are exact."""

MEASURED: Final = 10
"""How many nearest rows recall is measured by."""

_MOST_PENDING: Final = 0.25
_ENTERED_AT_ONCE: Final = 256
_CHANGED_MUCH: Final = 0.1
_KEPT_DOWN_TO: Final = 0.5
_NO_FILTERS: Final = MatchFilters()


class Upkeep(NamedTuple):
    """What a graph needs next: rows to be entered; where there are none, its recall measured.

    That is done with rows of a sample, searched for by either plan.
    """

    graph: Graph
    rows: Rows
    sample: Rows
    plans: tuple[Plan, ...] = ()

    def measure(self, truth: Sequence[Found], found: Sequence[Found]) -> None:
        """Learn which part of the nearest rows, but for those of the sample, was found."""
        parts = []
        for row, exact, own in zip(self.sample.tolist(), truth, found, strict=True):
            best = np.sort(exact.scores[exact.rows != row])[-MEASURED:]
            if len(best):
                hits = np.count_nonzero(own.scores[own.rows != row] >= best[0])
                parts.append(min(hits / len(best), 1.0))
        self.graph.recall = float(np.mean(parts)) if parts else 0.0


class Approximate:
    """The graphs of a collection: one of each list that has at least `from_rows` rows.

    All is called under the lock of the collection; what takes long is said by `Upkeep`, and done
    without it.
    """

    def __init__(self, bitmaps: Bitmaps, dimension: int, *, by_distance: bool) -> None:
        self._bitmaps, self._dimension, self._by_distance = bitmaps, dimension, by_distance
        self._graphs: dict[UUID, Graph] = {}

    @property
    def nbytes(self) -> int:
        """The bytes of all graphs."""
        return sum(graph.nbytes for graph in self._graphs.values())

    def plan(self, filters: MatchFilters, most: int) -> Plan | None:
        """How a search for `most` candidates uses a graph; None where it has to be exact."""
        graph = None if filters.list_id is None else self._graphs.get(filters.list_id)
        if graph is None or graph.recall is None or graph.recall < LEAST_RECALL:
            return None
        if most > MOST_WANTED or replace(filters, account_id=None, list_id=None) != _NO_FILTERS:
            return None
        everyone = self._bitmaps.matching(filters)
        members = everyone & graph.known if everyone else None
        if everyone is None or not members:
            return None
        if len(everyone) - len(members) > _MOST_PENDING * len(everyone):
            return None
        return _short(Shortcut(graph, members, BitMap(everyone), graph.recall))

    def forget(self, rows: Rows) -> None:
        """Rows whose vectors are about to be overwritten."""
        for graph in self._graphs.values():
            graph.forget(rows)

    def entered(self, upkeep: Upkeep) -> None:
        """The rows can be found."""
        upkeep.graph.known |= BitMap(upkeep.rows.tolist())

    def next_upkeep(self, from_rows: int) -> Upkeep | None:
        """What has to be done next, after a look at how lists grew and shrank."""
        lists = {key: self._bitmaps.rows_of_list(key) for key in self._bitmaps.list_ids}
        for key in [*self._graphs]:
            if len(lists.get(key, ())) < _KEPT_DOWN_TO * from_rows:
                del self._graphs[key]
        for key, everyone in lists.items():
            if len(everyone) >= from_rows and key not in self._graphs:
                self._graphs[key] = Graph(self._dimension, by_distance=self._by_distance)
            if key in self._graphs and (found := _upkeep(self._graphs[key], everyone)):
                return found
        return None


def _upkeep(graph: Graph, everyone: BitMap) -> Upkeep | None:
    left = graph.known - everyone
    if len(left) > _CHANGED_MUCH * len(everyone):
        graph.forget(rows_of(left))
    nothing = np.empty(0, np.int64)
    if pending := everyone - graph.known:
        return Upkeep(graph, np.array(pending[:_ENTERED_AT_ONCE], np.int64), nothing)
    changes = graph.changes
    if graph.recall is not None and changes - graph.measured <= _CHANGED_MUCH * len(everyone):
        return None
    graph.measured = changes
    members = BitMap(everyone)
    rows = rows_of(members)
    exact, short = Plan(len(rows), rows=rows), _short(Shortcut(graph, members, members, 0.0))
    return Upkeep(graph, nothing, rows[:: max(len(rows) // 64, 1)], (exact, short))


def _short(shortcut: Shortcut) -> Plan:
    rows = shortcut.others
    return Plan(len(rows), rows=rows, shortcut=shortcut)
