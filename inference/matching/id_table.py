"""Ids to rows, for whole arrays of ids at a time."""

from collections import deque
from collections.abc import Iterable
from itertools import repeat
from typing import Final
from uuid import UUID, SafeUUID

import numpy as np
from numpy.typing import NDArray

Ids = NDArray[np.uint64]
Rows = NDArray[np.int64]

_SMALLEST: Final = 64
_set_number = vars(UUID)["int"].__set__
_set_safety = vars(UUID)["is_safe"].__set__
_MULTIPLIERS: Final = (np.uint64(0x9E3779B97F4A7C15), np.uint64(0xC2B2AE3D27D4EB4F))


def id_pairs(ids: Iterable[UUID]) -> Ids:
    """Ids as pairs of numbers (n, 2) that compare like the ids."""
    packed = b"".join([each.int.to_bytes(16, "big") for each in ids])
    return np.frombuffer(packed, ">u8").reshape(-1, 2).astype(np.uint64)


def ids_of(pairs: Ids) -> list[UUID]:
    """The ids of pairs: what `UUID(int=...)` gives, in a fourth of the time."""
    numbers = [high << 64 | low for high, low in pairs.tolist()]
    made = [UUID.__new__(UUID) for _ in numbers]
    deque(map(_set_number, made, numbers), 0)
    deque(map(_set_safety, made, repeat(SafeUUID.unknown)), 0)
    return made


def virtual_shards(ids: Ids) -> NDArray[np.uint8]:
    """The virtual shard (0 to 255) of each id, which never changes."""
    mixed = (ids[:, 0] * _MULTIPLIERS[1]) ^ (ids[:, 1] * _MULTIPLIERS[0])
    mixed = (mixed ^ (mixed >> np.uint64(31))) * _MULTIPLIERS[1]
    return np.asarray(mixed >> np.uint64(56), np.uint8)


class IdTable:
    """An open-addressing table of rows; the ids themselves lie in the caller's columns.

    An entry counts while its row is alive and holds the id that is looked for, so removing is
    nothing but the row's death; entries of the dead go when the table is built anew.
    """

    def __init__(self) -> None:
        self._slots = np.zeros(_SMALLEST, np.uint32)  # row + 1; 0 is free
        self._used = 0

    @property
    def nbytes(self) -> int:
        """The bytes of the table."""
        return self._slots.nbytes

    def slots(self) -> NDArray[np.uint32]:
        """A copy of the table, for `restore`."""
        return self._slots.copy()

    def restore(self, slots: NDArray[np.uint32]) -> None:
        """Take over a table, of rows that the columns have again."""
        self._slots, self._used = slots, int(np.count_nonzero(slots))

    def find(self, wanted: Ids, ids: Ids, alive: NDArray[np.bool_]) -> Rows:
        """The living row of each id, or -1."""
        found = np.full(len(wanted), -1, np.int64)
        open_, place = np.arange(len(wanted)), self._places(wanted)
        while open_.size:
            rows = self._slots[place].astype(np.int64) - 1
            known = rows >= 0
            open_, place, rows = open_[known], place[known], rows[known]
            hit = alive[rows] & (ids[rows] == wanted[open_]).all(axis=1)
            found[open_[hit]] = rows[hit]
            open_, place = open_[~hit], self._next(place[~hit])
        return found

    def add(self, rows: Rows, ids: Ids, alive: NDArray[np.bool_]) -> None:
        """Enter living rows whose ids are not in the table."""
        if 2 * (self._used + len(rows)) > len(self._slots):
            rows = np.flatnonzero(alive)
            size = max(_SMALLEST, 1 << (2 * len(rows) + len(rows) // 4).bit_length())
            self._slots = np.zeros(size, np.uint32)
            self._used = 0
        self._used += len(rows)
        place = self._places(ids[rows])
        while rows.size:
            free = self._slots[place] == 0
            self._slots[place[free]] = rows[free] + 1
            left = self._slots[place] != rows + 1  # of those that met in a slot one has got it
            rows, place = rows[left], self._next(place[left])

    def _places(self, ids: Ids) -> Rows:
        mixed = (ids[:, 0] * _MULTIPLIERS[0]) ^ (ids[:, 1] * _MULTIPLIERS[1])
        mixed = (mixed ^ (mixed >> np.uint64(29))) * _MULTIPLIERS[0]
        return np.asarray((mixed >> np.uint64(32)) & np.uint64(len(self._slots) - 1), np.int64)

    def _next(self, place: Rows) -> Rows:
        return (place + 1) & (len(self._slots) - 1)
