"""Which rows belong to an account, a list or a gender: one roaring bitmap each."""

from array import array
from collections import defaultdict
from collections.abc import Collection, Hashable, Iterable, Sequence
from typing import Any, TypeVar
from uuid import UUID

import msgpack
import numpy as np
from numpy.typing import NDArray
from pyroaring import BitMap

from inference.matching.id_table import Rows
from inference.matching.values import MatchFilters, PutCandidate

Key = TypeVar("Key", bound=Hashable)


def bitmap_of(rows: Rows) -> BitMap:
    """The bitmap of some rows."""
    return BitMap(array("I", rows.astype(np.uint32).tobytes()))


def rows_of(bitmap: BitMap) -> Rows:
    """The rows of a bitmap, ascending."""
    numbers: NDArray[np.uint32] = np.frombuffer(bitmap.to_array(), np.uint32)
    return numbers.astype(np.int64)


class Bitmaps:
    """The living rows of each account, list and gender."""

    def __init__(self) -> None:
        self._accounts: dict[UUID, BitMap] = {}
        self._lists: dict[UUID, BitMap] = {}
        self._genders: dict[int, BitMap] = {}

    @property
    def nbytes(self) -> int:
        """About the bytes of all bitmaps."""
        return sum(64 + _bytes_of(bitmap) for kind in self._kinds() for bitmap in kind.values())

    def add(self, rows: Rows, puts: list[PutCandidate]) -> None:
        """Enter new rows into all that they belong to."""
        pairs = list(zip(puts, rows.tolist(), strict=True))
        _enter_ids(self._accounts, [(put.account_id, row) for put, row in pairs])
        _enter_ids(self._lists, [(list_id, row) for put, row in pairs for list_id in put.list_ids])
        _enter(self._genders, [(p.gender, row) for p, row in pairs if p.gender is not None])

    def discard(self, rows: Rows) -> None:
        """Take rows out of everything."""
        gone = bitmap_of(rows)
        for kind in self._kinds():
            for key in [key for key, bitmap in kind.items() if not bitmap.isdisjoint(gone)]:
                _leave(kind, key, gone)

    def attach(self, list_id: UUID, rows: Rows) -> None:
        """Put rows into a list."""
        self._lists.setdefault(list_id, BitMap()).update(rows.tolist())

    def detach(self, list_id: UUID, rows: Rows) -> None:
        """Take rows out of a list."""
        if list_id in self._lists:
            _leave(self._lists, list_id, bitmap_of(rows))

    def drop_list(self, list_id: UUID) -> None:
        """Forget a list."""
        self._lists.pop(list_id, None)

    @property
    def list_ids(self) -> Collection[UUID]:
        """The lists that have rows."""
        return self._lists.keys()

    def rows_of_list(self, list_id: UUID) -> BitMap:
        """The rows of a list, which is not to be changed."""
        return self._lists[list_id]

    def to_bytes(self) -> bytes:
        """All bitmaps, for `restore`."""
        accounts, lists = (
            [(key.bytes, bitmap.serialize()) for key, bitmap in kind.items()]
            for kind in (self._accounts, self._lists)
        )
        genders = [(key, bitmap.serialize()) for key, bitmap in self._genders.items()]
        return bytes(msgpack.packb((accounts, lists, genders)))

    def restore(self, saved: bytes) -> None:
        """Take over what was saved."""
        accounts, lists, genders = msgpack.unpackb(saved)
        self._accounts = {UUID(bytes=key): BitMap.deserialize(data) for key, data in accounts}
        self._lists = {UUID(bytes=key): BitMap.deserialize(data) for key, data in lists}
        self._genders = {key: BitMap.deserialize(data) for key, data in genders}

    def differing(
        self, rows: Rows, puts: Sequence[PutCandidate]
    ) -> tuple[NDArray[np.bool_], NDArray[np.bool_], NDArray[np.bool_]]:
        """Whether the account, the lists and the gender of each row are not the candidate's."""
        wanted: tuple[Sequence[Collection[Any]], ...] = (
            [(put.account_id,) for put in puts],
            [put.list_ids for put in puts],
            [() if put.gender is None else (put.gender,) for put in puts],
        )
        accounts, lists, genders = (
            _differing(kind, rows, keys) for kind, keys in zip(self._kinds(), wanted, strict=True)
        )
        return accounts, lists, genders

    def belongings(self, rows: Rows) -> list[tuple[list[UUID], list[UUID], list[int]]]:
        """The account, the lists and the gender of each row."""
        places = {row: place for place, row in enumerate(rows.tolist())}
        chosen = bitmap_of(rows)
        found: list[tuple[list[Any], list[Any], list[Any]]] = [([], [], []) for _ in places]
        for number, kind in enumerate(self._kinds()):
            for key, bitmap in kind.items():
                for row in bitmap & chosen:
                    found[places[row]][number].append(key)
        return found

    def matching(self, filters: MatchFilters) -> BitMap | None:
        """The rows that pass the filters kept here; None when there are no such filters.

        The bitmap may be one of these; it is not to be changed, and changes with them.
        """
        keys = (filters.account_id, filters.list_id, filters.gender)
        wanted = zip(self._kinds(), keys, strict=True)
        chosen = [kind.get(key, BitMap()) for kind, key in wanted if key is not None]
        if len(chosen) < 2:
            return chosen[0] if chosen else None
        return BitMap.intersection(*sorted(chosen, key=len))

    def _kinds(self) -> tuple[dict[Any, BitMap], ...]:
        return self._accounts, self._lists, self._genders


def _enter(kind: dict[Key, BitMap], pairs: Iterable[tuple[Key, int]]) -> None:
    rows: dict[Key, list[int]] = defaultdict(list)
    for key, row in pairs:
        rows[key].append(row)
    for key, numbers in rows.items():
        kind.setdefault(key, BitMap()).update(array("I", numbers))


def _enter_ids(kind: dict[UUID, BitMap], pairs: list[tuple[UUID, int]]) -> None:
    """By the number of an id, whose hash is made without a call of Python."""
    rows: dict[int, list[int]] = defaultdict(list)
    for key, row in pairs:
        rows[key.int].append(row)
    for number, numbers in rows.items():
        kind.setdefault(UUID(int=number), BitMap()).update(array("I", numbers))


def _leave(kind: dict[Key, BitMap], key: Key, gone: BitMap) -> None:
    kind[key] -= gone
    if not kind[key]:
        del kind[key]


def _differing(
    kind: dict[Any, BitMap], rows: Rows, keys: Sequence[Collection[Any]]
) -> NDArray[np.bool_]:
    """Whether a row is not in all of its keys' bitmaps, or is in others."""
    places = {row: place for place, row in enumerate(rows.tolist())}
    chosen, memberships = bitmap_of(rows), np.zeros(len(rows), np.int64)
    for bitmap in kind.values():
        memberships[[places[row] for row in bitmap & chosen]] += 1
    missing = [
        any(key not in kind or row not in kind[key] for key in own)
        for row, own in zip(places, keys, strict=True)
    ]
    expected = np.array([len({*own}) for own in keys], np.int64)
    return np.asarray(np.array(missing, np.bool_) | (memberships != expected))


def _bytes_of(bitmap: BitMap) -> int:
    statistics = bitmap.get_statistics()
    return int(
        statistics["n_bytes_array_containers"]
        + statistics["n_bytes_run_containers"]
        + statistics["n_bytes_bitset_containers"]
    )
