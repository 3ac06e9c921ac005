"""What filters ask of rows, in plain columns: ids, times, ages and whether a row is alive."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from inference.matching.id_table import Ids, Rows
from inference.matching.values import MatchFilters, PutCandidate

Mask = NDArray[np.bool_]
Cell = TypeVar("Cell", bound=np.generic)

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_NO_AGE: Final = -1
_FIRST: Final = 1024


def microseconds(time: datetime) -> int:
    """A time as whole microseconds since 1970; times without a zone are UTC."""
    aware = time if time.tzinfo else time.replace(tzinfo=UTC)
    return (aware - _EPOCH) // _MICROSECOND


def times_of(puts: Sequence[PutCandidate]) -> NDArray[np.int64]:
    """The cells of candidates' times."""
    return np.array([microseconds(put.create_time) for put in puts], np.int64)


def ages_of(puts: Sequence[PutCandidate]) -> NDArray[np.int16]:
    """The cells of candidates' ages."""
    return np.array([_NO_AGE if put.age is None else put.age for put in puts], np.int16)


def time_of(cell: int) -> datetime:
    """The time of a cell."""
    return _EPOCH + cell * _MICROSECOND


def age_of(cell: int) -> int | None:
    """The age of a cell."""
    return None if cell == _NO_AGE else cell


class SavedColumns(NamedTuple):
    """The cells of every row that was ever used."""

    ids: Ids
    times: NDArray[np.int64]
    ages: NDArray[np.int16]
    alive: Mask


class Columns:
    """One cell per row and column; `count` rows were ever used."""

    def __init__(self) -> None:
        self.count = 0
        self.ids: Ids = np.zeros((_FIRST, 2), np.uint64)
        self.times: NDArray[np.int64] = np.zeros(_FIRST, np.int64)
        self.ages: NDArray[np.int16] = np.zeros(_FIRST, np.int16)
        self.alive: Mask = np.zeros(_FIRST, np.bool_)

    @property
    def nbytes(self) -> int:
        """The bytes of the cells in use."""
        return self.count * (16 + 8 + 2 + 1)

    def save(self) -> "SavedColumns":
        """Copies of the cells in use."""
        cells = (self.ids, self.times, self.ages, self.alive)
        return SavedColumns(*(column[: self.count].copy() for column in cells))  # type: ignore[arg-type]

    def restore(self, saved: "SavedColumns") -> None:
        """Take over what was saved."""
        self.count = len(saved.alive)
        size = max(self.count + self.count // 8, _FIRST)
        self.ids, self.times, self.ages, self.alive = (
            _grown(saved.ids, size), _grown(saved.times, size),
            _grown(saved.ages, size), _grown(saved.alive, size),
        )  # fmt: skip

    def write(self, rows: Rows, puts: list[PutCandidate], ids: Ids) -> None:
        """Fill rows and bring them to life."""
        self._grow(int(rows.max()) + 1)
        self.ids[rows] = ids
        self.times[rows] = times_of(puts)
        self.ages[rows] = ages_of(puts)
        self.alive[rows] = True

    def passing(self, rows: Rows | slice, filters: MatchFilters) -> Mask | None:
        """Which of the rows pass the filters on columns; None when there are no such filters."""
        times = (filters.create_time__gte, filters.create_time__lt)
        ages = (filters.age__gte, filters.age__lt)
        conditions: list[Mask] = []
        if times != (None, None):  # cells of many rows are gathered only where they are needed
            conditions += _bounds(self.times[rows], *map(_micros, times))
        if ages != (None, None):
            conditions += _bounds(self.ages[rows], *ages)
        if filters.age__lt is not None and filters.age__gte is None:
            conditions.append(self.ages[rows] != _NO_AGE)
        if filters.id__gte is not None:
            conditions.append(~self._before(rows, filters.id__gte.bytes))
        if filters.id__lt is not None:
            conditions.append(self._before(rows, filters.id__lt.bytes))
        return np.logical_and.reduce(conditions) if conditions else None

    def _before(self, rows: Rows | slice, bound: bytes) -> Mask:
        high, low = self.ids[rows, 0], self.ids[rows, 1]
        first, second = np.frombuffer(bound, ">u8").astype(np.uint64)
        return np.asarray((high < first) | ((high == first) & (low < second)))

    def _grow(self, count: int) -> None:
        self.count = max(self.count, count)
        if count <= len(self.alive):
            return
        size = max(count, 2 * len(self.alive))
        self.ids, self.times, self.ages, self.alive = (
            _grown(self.ids, size), _grown(self.times, size),
            _grown(self.ages, size), _grown(self.alive, size),
        )  # fmt: skip


def _grown(column: NDArray[Cell], size: int) -> NDArray[Cell]:
    grown = np.zeros((size, *column.shape[1:]), column.dtype)  # zeroed pages cost nothing unused
    grown[: len(column)] = column
    return grown


def _micros(time: datetime | None) -> int | None:
    return None if time is None else microseconds(time)


def _bounds(
    cells: NDArray[np.signedinteger[Any]], least: int | None, below: int | None
) -> list[Mask]:
    return [
        *([] if least is None else [np.asarray(cells >= least)]),
        *([] if below is None else [np.asarray(cells < below)]),
    ]
