"""Descriptors that are compared with one another, exactly and without an index of their own."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from domain.shared.biometrics import Descriptor
from domain.shared.model_features import DescriptorFeature
from inference.matching.buffers import buffer
from inference.matching.coded import CodedReferences, LeastProducts
from inference.matching.id_table import Rows
from inference.matching.planner import Plan
from inference.matching.quantise import Quantiser, Vectors
from inference.matching.scan import BATCH, Scan, Wanted
from inference.matching.scoring import Scoring
from inference.matching.segments import Block, Segments
from inference.matching.workers import Workers

BLOCK_ROWS: Final = 1024
_SEGMENT_ROWS: Final = 64 * BLOCK_ROWS
_REFERENCES: Final = 512
_CHUNK: Final = 4096


class Neighbours(NamedTuple):
    """The rows most similar to one row, best first, and their similarities (0 to 1)."""

    row: int
    rows: Rows
    similarities: NDArray[np.float64]


class Pairs(NamedTuple):
    """Rows by two that may be similar enough; the first is never the later one."""

    first: Rows
    second: Rows


@dataclass(frozen=True, slots=True)
class Comparison:
    """Some rows from `first` on, in codes, and what their products must reach."""

    segments: Segments
    first: int
    coded: CodedReferences
    least: LeastProducts

    def close_to(self, block: Block) -> Pairs:
        """All pairs of these rows and later ones of the block that codes cannot exclude."""
        products = self.coded.products(self.segments.codes(block), self.segments.bias(block))
        least = self.least.at(self.segments.worst_residual(block))
        reached = buffer("reached", products.shape, np.bool_)
        np.greater_equal(products, least.astype(products.dtype), out=reached)
        in_block, references = np.divmod(np.flatnonzero(reached), self.coded.count)
        first, second = references + self.first, in_block + block.first
        earlier = first < second
        return Pairs(first[earlier], second[earlier])


class Gallery:
    """Descriptors of one kind and version, numbered in the order in which they were added.

    What is found equals what a search of the match index would find: codes only exclude, and
    what they cannot exclude is compared in float32 with sums in double precision.
    """

    def __init__(
        self,
        feature: DescriptorFeature,
        *,
        block_rows: int = BLOCK_ROWS,
        segment_rows: int = _SEGMENT_ROWS,
    ) -> None:
        self._feature, self._scoring = feature, Scoring(feature.calibration)
        self._segments = Segments(
            feature.dimension,
            biased=self._scoring.by_distance,
            segment_rows=segment_rows,
            block_rows=block_rows,
        )
        self._quantiser: Quantiser | None = None
        self.count = 0

    def add(self, descriptors: Sequence[Descriptor]) -> None:
        """Take more rows; a descriptor of another dimension is refused (`BadDescriptor`)."""
        for descriptor in descriptors:
            descriptor.require_dimension(self._feature.dimension)
        for start in range(0, len(descriptors), _CHUNK):
            vectors = self._scoring.rows(descriptors[start : start + _CHUNK])
            if self._quantiser is None:
                self._quantiser = _quantiser(vectors, self._scoring.by_distance)
            rows = np.arange(self.count, self.count + len(vectors))
            self._segments.write(rows, vectors, self._quantiser.rows(vectors))
            self.count += len(vectors)

    def nearest(self, limit: int, threshold: float, workers: Workers) -> Iterator[Neighbours]:
        """Of each row the `limit` others most similar to it, from the threshold on.

        Of equally similar rows those added first are taken.
        """
        if not self.count or self._quantiser is None:
            return
        plan, least = Plan(self.count, self.count), self._scoring.least_score(threshold)
        limit = min(limit, self.count - 1)
        for start in range(0, self.count, BATCH):
            numbers = np.arange(start, min(start + BATCH, self.count))
            vectors = self._segments.vectors(numbers).copy()
            wanted = [Wanted(vectors[n : n + 1], limit + 1, least) for n in range(len(numbers))]
            scan = Scan(self._segments, self._quantiser, self._scoring, plan, wanted)
            for row, found in zip(numbers.tolist(), scan.run(workers), strict=True):
                order = np.lexsort((found.rows, -found.scores))
                order = order[found.rows[order] != row][:limit]
                similarities = self._scoring.similarities(found.scores[order])
                kept = similarities >= threshold
                yield Neighbours(row, found.rows[order][kept], similarities[kept])

    def parts(self) -> list[range]:
        """All rows, so many at a time as are compared with blocks together."""
        starts = range(0, self.count, _REFERENCES)
        return [range(start, min(start + _REFERENCES, self.count)) for start in starts]

    def blocks_from(self, first: int) -> list[Block]:
        """All rows from the block on that this one is in."""
        step = self._segments.block_rows
        blocks = self._segments.blocks(self.count, step)
        return blocks[first // step :]

    def comparison(self, rows: range, threshold: float) -> "Comparison":
        """Some rows, ready to be compared with many blocks."""
        assert self._quantiser is not None
        vectors = self._segments.vectors(np.arange(rows.start, rows.stop))
        coded = CodedReferences(vectors, self._quantiser, self._segments.longest)
        score = self._scoring.least_score(threshold)
        floors = np.array([self._scoring.product(score, float(each)) for each in coded.lengths])
        return Comparison(self._segments, rows.start, coded, coded.least(floors))

    def similar(self, pairs: Pairs, threshold: float) -> NDArray[np.bool_]:
        """Which of some thousand pairs really have a similarity from the threshold on."""
        first = self._segments.vectors(pairs.first).copy()
        scores = self._scoring.paired(first, self._segments.vectors(pairs.second))
        return np.asarray(self._scoring.similarities(scores) >= threshold)


def _quantiser(vectors: Vectors, by_distance: bool) -> Quantiser:
    length = float(np.median(np.linalg.norm(vectors, axis=1))) if by_distance else 1.0
    return Quantiser.for_rows(vectors.shape[1], length, by_distance)
