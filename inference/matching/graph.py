"""A graph of rows' codes that finds near rows without looking at all of them; some it misses."""

import threading
from typing import Final

import numpy as np
from numpy.typing import NDArray
from pyroaring import BitMap

from inference.matching.bitmaps import bitmap_of
from inference.matching.id_table import Rows
from inference.matching.quantise import Codes
from inference.native import usearch

_CONNECTIVITY: Final = 16
_LOOKED_AT: Final = 128
_NOT_A_KEY: Final = -1
_FIRST: Final = 1024
_ADDED_AT_ONCE: Final = 16  # searches wait meanwhile


class Graph:
    """An approximate index of rows, by codes of one scale.

    `known` are the rows that can be found, and are changed by whoever holds the lock of the
    collection. A row whose vector is overwritten has to be forgotten before.
    """

    def __init__(self, dimension: int, *, by_distance: bool) -> None:
        self._index = usearch.index.Index(
            ndim=dimension,
            metric="l2sq" if by_distance else "ip",
            dtype="i8",
            connectivity=_CONNECTIVITY,
            expansion_add=_LOOKED_AT,
            expansion_search=_LOOKED_AT,
        )
        self.known = BitMap()
        self.recall: float | None = None
        """Which part of the ten nearest rows was found when it was measured last."""
        self.measured = 0  # entries and removals by then
        self._rows: NDArray[np.int64] = np.full(_FIRST, -1, np.int64)  # of each key
        self._keys: NDArray[np.int64] = np.full(_FIRST, _NOT_A_KEY, np.int64)  # of each row
        self._next = 0
        self._lock = threading.Lock()

    @property
    def nbytes(self) -> int:
        """The bytes of the graph and its copy of the codes."""
        return int(self._index.memory_usage) + self._rows.nbytes + self._keys.nbytes

    @property
    def changes(self) -> int:
        """How many rows were entered and forgotten since the beginning."""
        return 2 * self._next - len(self.known)

    def enter(self, rows: Rows, codes: Codes, threads: int) -> None:
        """Take rows into the graph; they are found when they are among `known`, too."""
        for start in range(0, len(rows), _ADDED_AT_ONCE):
            part = slice(start, start + _ADDED_AT_ONCE)
            with self._lock:
                keys = np.arange(self._next, self._next + len(rows[part]))
                self._rows = _with_room(self._rows, int(keys[-1]))
                self._keys = _with_room(self._keys, int(rows[part].max()))
                self._rows[keys], self._keys[rows[part]] = rows[part], keys
                self._next += len(keys)
                self._index.add(keys.astype(np.uint64), codes[part], threads=threads)

    def forget(self, rows: Rows) -> None:
        """Find rows no more."""
        with self._lock:
            rows = rows[rows < len(self._keys)]
            keys = self._keys[rows]
            keys = keys[keys != _NOT_A_KEY]
            self._rows[keys], self._keys[rows] = -1, _NOT_A_KEY
            if len(keys):
                self._index.remove(keys.astype(np.uint64))
            self.known -= bitmap_of(rows)

    def nearest(self, codes: Codes, count: int, threads: int) -> list[Rows]:
        """About the `count` nearest rows of each reference, in no order."""
        with self._lock:
            if not len(self._index):
                return [np.empty(0, np.int64)] * len(codes)
            found = self._index.search(codes, count, threads=threads)
            keys = np.asarray(found.keys).reshape(len(codes), -1).astype(np.int64)
            counts = np.asarray(getattr(found, "counts", [keys.shape[1]])).ravel()
            rows = [self._rows[own[:n]] for own, n in zip(keys, counts.tolist(), strict=True)]
        return [own[own >= 0] for own in rows]


def _with_room(cells: NDArray[np.int64], place: int) -> NDArray[np.int64]:
    if place < len(cells):
        return cells
    more = np.full(max(place + 1, 2 * len(cells)) - len(cells), -1, np.int64)
    return np.concatenate([cells, more])
