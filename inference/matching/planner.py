"""From filters to rows: scan everything, scan under a mask, or gather the chosen rows."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from inference.matching.bitmaps import Bitmaps, bitmap_of, rows_of
from inference.matching.columns import Columns, Mask
from inference.matching.id_table import IdTable, Rows, id_pairs
from inference.matching.packs import PackKey
from inference.matching.quantise import Codes
from inference.matching.shortcut import Shortcut
from inference.matching.values import MatchFilters

# Gathering more rows than this part of all costs more than scanning them under a mask.
GATHER_BELOW: Final = 0.6


@dataclass(frozen=True, slots=True)
class Plan:
    """The rows that take part in a search, as they were when it was planned.

    `rows` are gathered; without them the first `scanned` rows are scanned, those that `mask`
    (one flag per row) excludes being left out. `chosen` counts them. More rows take part by a
    `shortcut`. With a `key` the rows are those of an account, a list or both.
    """

    chosen: int
    scanned: int = 0
    rows: Rows | None = None
    mask: Mask | None = None
    shortcut: Shortcut | None = None
    key: PackKey | None = None
    packed: Codes | None = None

    def all_rows(self) -> Rows:
        """The rows that take part, ascending."""
        if self.rows is not None:
            return self.rows
        return np.arange(self.scanned) if self.mask is None else np.flatnonzero(self.mask)

    def sample(self, size: int) -> Rows:
        """About so many rows that take part, evenly spread."""
        step = max((self.scanned if self.rows is None else self.chosen) // size, 1)
        if self.rows is not None:
            return self.rows[::step]
        rows = np.arange(0, self.scanned, step)
        return rows if self.mask is None else rows[self.mask[::step]]


class Planner:
    """Plans over the columns, bitmaps and ids of one collection."""

    def __init__(self, columns: Columns, bitmaps: Bitmaps, table: IdTable) -> None:
        self._columns, self._bitmaps, self._table = columns, bitmaps, table

    def plan(self, filters: MatchFilters, alive: int) -> Plan:
        """How to search, `alive` being how many rows are."""
        count = self._columns.count
        bitmap = self._bitmaps.matching(filters)
        if filters.ids is not None:
            pairs = id_pairs(filters.ids)
            rows = self._table.find(pairs, self._columns.ids, self._columns.alive)
            named = bitmap_of(rows[rows >= 0])
            bitmap = named if bitmap is None else named & bitmap
        if bitmap is not None and len(bitmap) < GATHER_BELOW * count:
            rows = rows_of(bitmap)
            passing = self._columns.passing(rows, filters)
            if passing is not None:
                return _gather(rows[passing])
            key = filters.account_id, filters.list_id
            plain = filters == MatchFilters(account_id=key[0], list_id=key[1])
            return Plan(len(rows), rows=rows, key=key if plain else None)
        passing = self._columns.passing(slice(0, count), filters)
        if bitmap is None or len(bitmap) == alive:
            if passing is None and alive == count:
                return Plan(alive, count)
            mask = self._columns.alive[:count].copy()
        else:
            mask = np.zeros(count, np.bool_)
            mask[rows_of(bitmap)] = True
        if passing is not None:
            mask &= passing
        chosen = int(np.count_nonzero(mask))
        if chosen < GATHER_BELOW * count:
            return _gather(np.flatnonzero(mask))
        return Plan(chosen, count, mask=mask)


def _gather(rows: Rows) -> Plan:
    return Plan(len(rows), rows=rows)
