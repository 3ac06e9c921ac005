"""The vectors of a collection: segments of codes for scanning and float32 rows for rescoring."""

import os
import tempfile
import threading
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Final, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from inference.matching.buffers import aligned, buffer
from inference.matching.quantise import Codes, Quantised, Vectors

Rows = NDArray[np.int64]
Bias = NDArray[np.int32]
Cell = TypeVar("Cell", bound=np.generic)

BLOCK_ROWS: Final = 4096
SEGMENT_ROWS: Final = 64 * BLOCK_ROWS


class Block(NamedTuple):
    """Rows that are scanned in one step, all of one segment.

    `rows` are their numbers, or None when they are all from `first` up to `stop`; `packed` is a
    copy of their codes, if there is one.
    """

    first: int
    stop: int
    rows: Rows | None
    packed: Codes | None = None

    @property
    def size(self) -> int:
        """How many rows they are."""
        return self.stop - self.first if self.rows is None else len(self.rows)

    def numbers(self, places: Rows) -> Rows:
        """The row numbers of places in the block."""
        return places + self.first if self.rows is None else self.rows[places]


class SavedVectors(NamedTuple):
    """The vectors of a collection: codes and float32 rows by segment, and what is known of rows."""

    segments: list[tuple[Codes, Vectors]]
    residuals: Vectors
    bias: Bias | None
    worst_residual: NDArray[np.float64]
    longest: float


class Segments:
    """Vectors by row number; memory is reserved a segment at a time and used as rows come.

    With a directory the float32 rows live in files there, mapped into memory and without a name,
    so that nothing of them outlasts the process.
    """

    def __init__(
        self,
        dimension: int,
        *,
        biased: bool = False,
        segment_rows: int = SEGMENT_ROWS,
        block_rows: int = BLOCK_ROWS,
        directory: Path | None = None,
    ) -> None:
        if segment_rows % block_rows:
            raise ValueError("a segment is a whole number of blocks")
        self.dimension, self.segment_rows, self.block_rows = dimension, segment_rows, block_rows
        self._biased, self._directory = biased, directory
        self._codes: list[Codes] = []
        self._vectors: list[Vectors] = []
        self._residuals: list[Vectors] = []
        self._bias: list[Bias] = []
        self._worst_residual: list[float] = []  # of each block
        self.longest = 0.0  # of what codes stand for
        self.changes: list[int] = []  # of each segment, counted
        self._writing = threading.Lock()

    def write(self, rows: Rows, vectors: Vectors, quantised: Quantised) -> None:
        """Put vectors into rows, of which nothing reads any more or yet; threads may share it."""
        blocks, residuals = rows // self.block_rows, quantised.residuals
        with self._writing:
            for segment in np.unique(rows // self.segment_rows).tolist():
                self._reserve(segment)
                self.changes[segment] += 1
            for block in np.unique(blocks).tolist():
                worst = float(residuals[blocks == block].max())
                self._worst_residual[block] = max(self._worst_residual[block], worst)
            self.longest = max(self.longest, float(quantised.lengths.max(initial=0.0)))
        for segment, places, part in self._parts(rows):
            at = _run_of(places)
            self._codes[segment][at] = quantised.codes[part]
            self._vectors[segment][at] = vectors[part]
            self._residuals[segment][at] = residuals[part]
            if quantised.bias is not None:
                self._bias[segment][at] = quantised.bias[part]

    def wipe(self, rows: Rows) -> None:
        """Overwrite vectors with zeros."""
        for segment, places, _ in self._parts(rows):
            self._codes[segment][places] = 0
            self._vectors[segment][places] = 0
            self._residuals[segment][places] = 0
            self.changes[segment] += 1

    def touch(self, rows: Rows) -> None:
        """Count a change of the segments that rows lie in: they died."""
        for segment in np.unique(rows // self.segment_rows).tolist():
            self.changes[segment] += 1

    def restore(self, saved: "SavedVectors") -> None:
        """Take over what was saved, while there is nothing."""
        for number, (codes, vectors) in enumerate(saved.segments):
            self._reserve(number, codes, vectors)
        for segment, places, part in self._parts(np.arange(len(saved.residuals))):
            self._residuals[segment][places] = saved.residuals[part]
            if saved.bias is not None:
                self._bias[segment][places] = saved.bias[part]
        self._worst_residual = saved.worst_residual.tolist()
        self.longest = saved.longest

    def save(self, count: int) -> "SavedVectors":
        """What the first `count` rows are: those of segments where they lie, copies of others."""
        rows = np.arange(count)
        return SavedVectors(
            list(zip(self._codes, self._vectors, strict=True)),
            self.residuals(rows),
            self.bias_of(rows),
            np.array(self._worst_residual, np.float64),
            self.longest,
        )

    def blocks(self, count: int, step: int) -> list[Block]:
        """All of the first `count` rows."""
        return [
            Block(first, min(first + step, start + self.segment_rows, count), None)
            for start in range(0, count, self.segment_rows)
            for first in range(start, min(start + self.segment_rows, count), step)
        ]

    def blocks_of(self, rows: Rows, step: int, packed: Codes | None = None) -> list[Block]:
        """Chosen rows, in ascending order, with a copy of their codes if there is one."""
        ends = np.arange(1, len(self._codes) + 1) * self.segment_rows
        cuts = [0, *np.searchsorted(rows, ends).tolist()]
        return [
            Block(int(part[0]), int(part[-1]) + 1, part, _cut(packed, first, len(part)))
            for start, stop in pairwise(cuts)
            for first in range(start, stop, step)
            if len(part := rows[first : min(first + step, stop)])
        ]

    @property
    def rows(self) -> int:
        """The rows that there is memory for."""
        return len(self._codes) * self.segment_rows

    def codes(self, block: Block) -> Codes:
        """The codes of a block, where they lie or gathered into a buffer."""
        if block.packed is not None:
            return block.packed
        if block.rows is not None:
            return self.codes_of(block.rows)
        segment, start = divmod(block.first, self.segment_rows)
        return self._codes[segment][start : start + block.size]

    def codes_of(self, rows: Rows) -> Codes:
        """The codes of rows, gathered into a buffer."""
        gathered: Codes = buffer("codes", (len(rows), self.dimension), np.int8)
        for segment, places, part in self._parts(rows):
            self._codes[segment].take(places, axis=0, out=gathered[part], mode="clip")
        return gathered

    def copy_of(self, rows: Rows) -> Codes:
        """The codes of rows, in memory of their own."""
        copied: Codes = aligned((len(rows), self.dimension), np.int8)
        for segment, places, part in self._parts(rows):
            self._codes[segment].take(places, axis=0, out=copied[part], mode="clip")
        return copied

    def bias(self, block: Block) -> Bias | None:
        """The bias of a block's rows, if they have one."""
        if block.rows is not None or not self._biased:
            return None if block.rows is None else self.bias_of(block.rows)
        segment, start = divmod(block.first, self.segment_rows)
        return self._bias[segment][start : start + block.size]

    def bias_of(self, rows: Rows) -> Bias | None:
        """The bias of rows, if they have one."""
        return self._gathered(self._bias, rows) if self._biased else None

    def worst_residual(self, block: Block) -> float:
        """A bound of the residuals in a block."""
        first, last = block.first // self.block_rows, (block.stop - 1) // self.block_rows
        return max(self._worst_residual[first : last + 1])

    def residuals(self, rows: Rows) -> Vectors:
        """The residual of each row."""
        return self._gathered(self._residuals, rows)

    def vectors(self, rows: Rows) -> Vectors:
        """The float32 rows, gathered into a buffer."""
        gathered: Vectors = buffer("vectors", (len(rows), self.dimension), np.float32)
        for segment, places, part in self._parts(rows):
            self._vectors[segment].take(places, axis=0, out=gathered[part], mode="clip")
        return gathered

    def nbytes(self, count: int) -> int:
        """The bytes that the first `count` rows take, mapped files included."""
        return count * (5 * self.dimension + 4 + 4 * self._biased)

    def _parts(self, rows: Rows) -> Iterator[tuple[int, Rows, slice]]:
        """Rows by segment: its number, the places in it, and where in `rows` they are.

        Rows of different segments may come in any order; neighbours of one segment stay together.
        """
        if not len(rows):
            return
        if len(self._codes) == 1 and int(rows.max()) < self.segment_rows:
            yield 0, rows, slice(0, len(rows))
            return
        segments = rows // self.segment_rows
        cuts = [0, *(np.flatnonzero(np.diff(segments)) + 1).tolist(), len(rows)]
        for start, stop in pairwise(cuts):
            segment = int(segments[start])
            yield segment, rows[start:stop] - segment * self.segment_rows, slice(start, stop)

    def _gathered(self, cells: list[NDArray[Cell]], rows: Rows) -> NDArray[Cell]:
        gathered = np.empty(len(rows), cells[0].dtype)
        for segment, places, part in self._parts(rows):
            gathered[part] = cells[segment][places]
        return gathered

    def _reserve(
        self, segment: int, codes: Codes | None = None, vectors: Vectors | None = None
    ) -> None:
        while len(self._codes) <= segment:
            shape = (self.segment_rows, self.dimension)
            self._codes.append(aligned(shape, np.int8) if codes is None else codes)
            self._vectors.append(self._new_vectors(shape) if vectors is None else vectors)
            self.changes.append(0)
            self._residuals.append(np.empty(self.segment_rows, np.float32))
            if self._biased:
                self._bias.append(np.empty(self.segment_rows, np.int32))
            self._worst_residual += [0.0] * (self.segment_rows // self.block_rows)

    def _new_vectors(self, shape: tuple[int, int]) -> Vectors:
        if self._directory is None:
            return aligned(shape, np.float32)
        self._directory.mkdir(parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(dir=self._directory, prefix="rows-")
        try:
            os.unlink(name)
            os.truncate(descriptor, shape[0] * shape[1] * 4)
            with os.fdopen(os.dup(descriptor), "r+b") as file:
                return np.memmap(file, np.float32, "r+", shape=shape)
        finally:
            os.close(descriptor)


def _run_of(places: Rows) -> Rows | slice:
    """Places, as a slice where each follows the last one: that is copied a good deal faster."""
    first = int(places[0])
    return slice(first, first + len(places)) if (np.diff(places) == 1).all() else places


def _cut(packed: Codes | None, first: int, count: int) -> Codes | None:
    return None if packed is None else packed[first : first + count]
