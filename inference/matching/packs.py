"""Copies of the codes of rows that are searched again and again, side by side in memory.

Rows of a list lie anywhere; to gather them takes three times as long as to scan their copy.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import Final, NamedTuple
from uuid import UUID

import numpy as np

from inference.matching.id_table import Rows
from inference.matching.quantise import Codes

PackKey = tuple[UUID | None, UUID | None]
"""The account and the list whose rows they are."""

SMALLEST: Final = 4096
"""Fewer rows are gathered: they are in the caches of the processor soon."""

_PART: Final = 4
_REMEMBERED: Final = 1024


class _Pack(NamedTuple):
    rows: Rows
    codes: Codes


class Packs:
    """The copies of one collection, together of a fourth of its rows at most.

    A copy is made when the same rows are searched for the second time. It is used as long as the
    rows are the same, and dropped before one of them is overwritten.
    """

    def __init__(self) -> None:
        self._kept: OrderedDict[PackKey, _Pack] = OrderedDict()
        self._seen: OrderedDict[PackKey, tuple[int, int]] = OrderedDict()
        self._lock = threading.Lock()

    @property
    def nbytes(self) -> int:
        """The bytes of all copies."""
        with self._lock:
            return sum(pack.rows.nbytes + pack.codes.nbytes for pack in self._kept.values())

    def codes(
        self, key: PackKey, rows: Rows, of_all: int, copy: Callable[[], Codes]
    ) -> Codes | None:
        """The codes of rows, one after the other, if there is a copy or one is worth its while."""
        with self._lock:
            if (pack := self._kept.get(key)) is not None:
                if np.array_equal(pack.rows, rows):
                    self._kept.move_to_end(key)
                    return pack.codes
                del self._kept[key]
            looks = (len(rows), int(rows.sum()))
            known = self._seen.get(key) == looks
            self._seen[key] = looks
            self._seen.move_to_end(key)
            if len(self._seen) > _REMEMBERED:
                self._seen.popitem(last=False)
            if not known or not SMALLEST <= len(rows) <= of_all // _PART:
                return None
        codes = copy()
        with self._lock:
            self._kept[key] = _Pack(rows, codes)
            while sum(len(pack.rows) for pack in self._kept.values()) > of_all // _PART:
                self._kept.popitem(last=False)
        return codes

    def forget(self, rows: Rows) -> None:
        """Rows are about to be overwritten; no search that has begun reads them."""
        with self._lock:
            for key, pack in [*self._kept.items()]:
                places = np.minimum(np.searchsorted(pack.rows, rows), len(pack.rows) - 1)
                if (pack.rows[places] == rows).any():
                    del self._kept[key]
