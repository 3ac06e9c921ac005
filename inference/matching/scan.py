"""Exact top-k: scan codes, keep what the quantisation bound cannot exclude, rescore in float32."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from inference.matching.id_table import Rows
from inference.matching.planner import Plan
from inference.matching.quantise import Codes, Quantiser, Vectors
from inference.matching.scoring import Scores, Scoring
from inference.matching.segments import Block, Segments
from inference.matching.survivors import Products, Survivors
from inference.matching.workers import Workers
from inference.native import numkong

BATCH: Final = 32
_RESCORED_AT_ONCE: Final = 256
_LEAST: Final = int(np.iinfo(np.int32).min)
_MOST: Final = int(np.iinfo(np.int32).max)
# Survivors are condensed after this many blocks, and each time this many times later.
_FIRST_CONDENSING, _CONDENSING_FACTOR = 2, 3


class Found(NamedTuple):
    """The best rows of one reference, in no order; more than asked for where scores are equal."""

    rows: Rows
    scores: Scores


@dataclass(frozen=True, slots=True)
class Wanted:
    """One reference (1, d), how many rows it wants, and the score they need to have."""

    vector: Vectors
    limit: int
    least_score: float


class _Buffers(threading.local):
    """Scratch memory of a thread, kept from search to search."""

    def __init__(self) -> None:
        self._kept: dict[str, NDArray[Any]] = {}

    def get(self, name: str, shape: tuple[int, int], kind: type[np.generic]) -> NDArray[Any]:
        """An array to overwrite; the last one of that name is overwritten with it."""
        size = shape[0] * shape[1] * np.dtype(kind).itemsize
        kept = self._kept.get(name)
        if kept is None or kept.nbytes < size:
            kept = self._kept[name] = np.empty(size, np.uint8)
        return kept[:size].view(kind).reshape(shape)


_buffers = _Buffers()


class Scan:
    """One search of up to `BATCH` references through the rows of one plan.

    Every reference has a floor: a product that its worst wanted row has at least, as proven by
    rows already seen. A row is kept while its code product plus the bound of its error reaches
    the floor. Now and then the best so far are rescored, which raises the floors.
    """

    def __init__(
        self,
        segments: Segments,
        quantiser: Quantiser,
        scoring: Scoring,
        plan: Plan,
        wanted: Sequence[Wanted],
    ) -> None:
        self._segments, self._scoring, self._plan, self._wanted = segments, scoring, plan, wanted
        self._count, self._unit = len(wanted), quantiser.unit
        vectors = np.concatenate([each.vector for each in wanted])
        quantised = quantiser.rows(vectors)
        self._biased = quantiser.biased
        self._codes = quantised.codes
        self._packed = numkong.dots_pack(quantised.codes, dtype="int8")
        squares = np.einsum("ij,ij->i", vectors, vectors, dtype=np.float64)
        self._lengths = np.sqrt(squares)
        # |q - p/scale| |c/scale|, the part of the bound that does not depend on the row.
        self._own_error = quantised.residuals.astype(np.float64) * segments.longest
        self._limits = np.array([each.limit for each in wanted])
        self._floors = np.array(
            [self._product(number, each.least_score) for number, each in enumerate(wanted)]
        )
        self._lock, self._condensing = threading.Lock(), threading.Lock()
        self._parts: list[Survivors] = []
        self._blocks_done, self._condense_at = 0, _FIRST_CONDENSING

    def run(self, workers: Workers) -> list[Found]:
        """What each reference finds."""
        plan, found = self._plan, [_NOTHING] * self._count
        if plan.rows is not None and plan.chosen <= 2 * int(self._limits.max()) + 128:
            return [Found(plan.rows, self._scores(n, plan.rows)) for n in range(self._count)]
        workers.each(self._scan, self._blocks())
        survivors = self._remaining(Survivors.joined(self._parts))

        def finish(item: tuple[int, slice]) -> None:
            number, part = item
            found[number] = self._finish(number, survivors.rows[part], survivors.products[part])

        workers.each(finish, list(enumerate(survivors.of_each(self._count))))
        return found

    def _blocks(self) -> list[Block]:
        step = self._segments.block_rows
        if self._plan.rows is not None:
            return self._segments.blocks_of(self._plan.rows, step)
        return self._segments.blocks(self._plan.scanned, step if self._count > 4 else 2 * step)

    def _scan(self, block: Block) -> None:
        products = self._products(block)
        error = self._lengths * self._segments.worst_residual(block) + self._own_error
        if not self._blocks_done or np.isneginf(self._floors).any():
            self._seed(products, block, error)
        reached = _buffers.get("reached", products.shape, np.bool_)
        np.greater_equal(products, self._least_products(error), out=reached)
        places = np.flatnonzero(reached)
        values = products.ravel()[places]
        in_block, references = np.divmod(places, self._count)
        rows = block.numbers(in_block)
        part = Survivors(references, rows, values)
        if self._plan.mask is not None:
            part = part.picked(self._plan.mask[rows])
        with self._lock:
            self._parts.append(part)
            self._blocks_done += 1
            due = self._blocks_done >= self._condense_at
        if due and self._condensing.acquire(blocking=False):
            try:
                self._condense()
            finally:
                self._condensing.release()

    def _products(self, block: Block) -> Products:
        shape = (block.size, self._count)
        gathered = _buffers.get("codes", (self._segments.block_rows, self._codes.shape[1]), np.int8)
        codes: Codes = self._segments.codes(block, gathered)
        products: Products = _buffers.get("products", shape, np.int32)
        if self._count == 1:
            numkong.cdist(codes, self._codes, metric="dot", out=products)
        else:
            numkong.dots_packed(codes, self._packed, out=numkong.from_dlpack(products))
        if self._biased:
            products += self._segments.bias(block)[:, None]
        return products

    def _seed(self, products: Products, block: Block, error: NDArray[np.float64]) -> None:
        """First floors: the k-th best of the best of each of some groups of rows."""
        mask = self._plan.mask
        if mask is not None:
            products = products[mask[block.first : block.stop]]
        most = int(self._limits.max())
        groups = min(len(products), max(4 * most, 512))
        if not groups:
            return
        size = len(products) // groups
        best = products[: groups * size].reshape(size, groups, self._count).max(axis=0)
        wanted = np.minimum(self._limits, groups)
        ordered = np.partition(best, np.unique(groups - wanted), axis=0)
        worst = ordered[groups - wanted, np.arange(self._count)]
        floors = np.where(wanted == self._limits, (worst - 1) / self._unit - error, -np.inf)
        with self._lock:
            self._floors = np.maximum(self._floors, floors)

    def _least_products(self, error: NDArray[np.float64]) -> Products:
        """The code products from which rows reach the floors."""
        least = np.floor((self._floors - error) * self._unit) - 1
        return np.asarray(np.clip(least, _LEAST, _MOST), np.int32)

    def _condense(self) -> None:
        """Rescore the best so far, raise the floors, and drop what does not reach them."""
        with self._lock:
            parts, self._parts = self._parts, []
            self._condense_at = self._blocks_done * _CONDENSING_FACTOR
        survivors = Survivors.joined(parts)
        floors = self._floors.copy()
        for number, part in enumerate(survivors.of_each(self._count)):
            limit = self._wanted[number].limit
            if part.stop - part.start >= limit:
                scores = self._scores(number, survivors.rows[part.start : part.start + limit])
                floors[number] = max(floors[number], self._product(number, float(scores.min())))
        with self._lock:
            self._floors = np.maximum(self._floors, floors)
            self._parts.append(self._remaining(survivors))

    def _remaining(self, survivors: Survivors) -> Survivors:
        """Those that reach the floors of now."""
        error = self._lengths * self._segments.worst_of_all() + self._own_error
        return survivors.at_least(self._least_products(error))

    def _finish(self, number: int, rows: Rows, products: Products) -> Found:
        """Rescore the survivors of one reference, the best first, until no other can be better."""
        limit = self._wanted[number].limit
        scores = self._scores(number, rows[:limit])
        rest = rows[limit:]
        if len(rest):
            floor = max(self._floors[number], self._product(number, float(scores.min())))
            error = self._lengths[number] * self._segments.residuals(rest).astype(np.float64)
            reach = (products[limit:] + 1) / self._unit + error + self._own_error[number]
            rest = rest[reach >= floor]
            scores = np.concatenate([scores, self._scores(number, rest)])
            rows = np.concatenate([rows[:limit], rest])
        return Found(rows, scores)

    def _scores(self, number: int, rows: Rows) -> Scores:
        scores = np.empty(len(rows), np.float32)
        order = np.argsort(rows)
        dimension = self._segments.dimension
        for start in range(0, len(rows), _RESCORED_AT_ONCE):
            part = order[start : start + _RESCORED_AT_ONCE]
            buffer: Vectors = _buffers.get("vectors", (_RESCORED_AT_ONCE, dimension), np.float32)
            vectors = self._segments.vectors(rows[part], buffer)
            scores[part] = self._scoring.scores(vectors, self._wanted[number].vector)
        return scores

    def _product(self, number: int, score: float) -> float:
        return self._scoring.product(score, float(self._lengths[number]))


_NOTHING = Found(np.empty(0, np.int64), np.empty(0, np.float32))
