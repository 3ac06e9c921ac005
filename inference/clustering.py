"""Groups of similar descriptors: the connected components of who is similar to whom."""

import threading
from collections.abc import Callable, Iterable
from typing import Final

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from inference.matching.gallery import Comparison, Gallery, Pairs
from inference.matching.id_table import Rows
from inference.matching.segments import Block
from inference.matching.workers import Workers

# So many pairs are compared exactly before it is asked again which of them still matter.
_AT_ONCE: Final = 2048


def clusters(
    gallery: Gallery,
    threshold: float,
    *,
    limit: int | None = None,
    together: Iterable[Rows] = (),
    workers: Workers | None = None,
    pause: Callable[[], None] = lambda: None,
) -> list[Rows]:
    """Row numbers by cluster, the largest first; within one ascending.

    Two rows are connected when their similarity (0 to 1) is not below the threshold and, where
    there is a limit, one is among the `limit` others most similar to the other one. Rows that
    belong `together` share a cluster whatever they look like. `pause` is called every now and
    then, and may raise to end the work.
    """
    workers = workers or Workers(1)
    components = Components(gallery.count)
    for rows in together:
        components.connect(Pairs(rows[:-1], rows[1:]))
    if limit is not None and limit < gallery.count - 1:
        for found in gallery.nearest(limit, threshold, workers):
            pause()
            components.connect(Pairs(np.full_like(found.rows, found.row), found.rows))
    else:
        _connect_all(gallery, threshold, components, workers, pause)
    return components.groups()


class Components:
    """Which rows are connected, directly or through others, as far as is known."""

    def __init__(self, count: int) -> None:
        self._labels = np.arange(count)
        self._members: dict[int, Rows] = {}
        self._lock = threading.Lock()

    def apart(self, pairs: Pairs) -> Pairs:
        """Those of some pairs that are not known to be connected."""
        apart = self._labels[pairs.first] != self._labels[pairs.second]
        return Pairs(pairs.first[apart], pairs.second[apart])

    def one(self, first: slice, second: slice) -> bool:
        """Whether all rows of two ranges are known to be connected."""
        label = self._labels[first.start]
        return bool((self._labels[first] == label).all() and (self._labels[second] == label).all())

    def connect(self, pairs: Pairs) -> None:
        """Connect the rows of each pair."""
        with self._lock:
            pairs = self.apart(pairs)
            if not len(pairs.first):
                return
            ends = self._labels[np.concatenate(pairs)]
            labels, places = np.unique(ends, return_inverse=True)
            edges = places[: len(pairs.first)], places[len(pairs.first) :]
            graph = coo_array((np.ones(len(edges[0]), np.bool_), edges), (len(labels),) * 2)
            _, group_of = connected_components(graph, directed=False)
            order = np.argsort(group_of, kind="stable")
            starts = np.flatnonzero(np.diff(group_of[order], prepend=-1))
            for group in np.split(labels[order], starts[1:]):
                self._merge(group.tolist())

    def groups(self) -> list[Rows]:
        """All rows by component, the largest component first, equal ones as their rows come."""
        order = np.argsort(self._labels, kind="stable")
        starts = np.flatnonzero(np.diff(self._labels[order], prepend=-1))
        groups = np.split(order, starts[1:]) if len(order) else []
        return sorted(groups, key=lambda rows: (-len(rows), int(rows[0])))

    def _merge(self, labels: list[int]) -> None:
        parts = [self._members.pop(label, np.array([label])) for label in labels]
        largest = max(range(len(parts)), key=lambda place: len(parts[place]))
        kept = labels[largest]
        for place, rows in enumerate(parts):
            if place != largest:
                self._labels[rows] = kept
        self._members[kept] = np.concatenate(parts)


def _connect_all(
    gallery: Gallery,
    threshold: float,
    components: Components,
    workers: Workers,
    pause: Callable[[], None],
) -> None:
    """Compare each row with every later one."""

    def compare(rows: range) -> None:
        comparison = gallery.comparison(rows, threshold)
        for block in gallery.blocks_from(rows.start):
            pause()
            if not components.one(slice(rows.start, rows.stop), slice(block.first, block.stop)):
                _connect_block(gallery, comparison, block, threshold, components)

    workers.each(compare, gallery.parts())


def _connect_block(
    gallery: Gallery,
    comparison: Comparison,
    block: Block,
    threshold: float,
    components: Components,
) -> None:
    left = components.apart(comparison.close_to(block))
    if len(left.first) > _AT_ONCE:  # of many in a crowd, a few from everywhere connect the rest
        order = np.random.default_rng(0).permutation(len(left.first))
        left = Pairs(left.first[order], left.second[order])
    while len(left.first):
        some = Pairs(left.first[:_AT_ONCE], left.second[:_AT_ONCE])
        similar = gallery.similar(some, threshold)
        components.connect(Pairs(some.first[similar], some.second[similar]))
        left = components.apart(Pairs(left.first[_AT_ONCE:], left.second[_AT_ONCE:]))
