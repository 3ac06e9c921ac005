"""Exact top-k: scan codes, keep what the quantisation bound cannot exclude, rescore in float32."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np

from inference.matching.buffers import buffer
from inference.matching.coded import PAIRED_UP_TO, CodedReferences, Floats
from inference.matching.id_table import Rows
from inference.matching.planner import Plan
from inference.matching.quantise import Quantiser, Vectors
from inference.matching.scoring import Scores, Scoring
from inference.matching.segments import Block, Segments
from inference.matching.survivors import Survivors, joined
from inference.matching.workers import Workers

BATCH: Final = 32
_RESCORED_AT_ONCE: Final = 256
# So many survivors are rescored before there are more, which bounds the memory they take.
_SETTLE_AT: Final = 1 << 20
# One row in so many is sampled, at least and at most these.
_SAMPLED: Final = 64
_SAMPLE: Final = (1024, 4096)
_GROUP: Final = 8
_TOGETHER: Final = 16


class Found(NamedTuple):
    """The best rows of one reference, in no order; more than asked for where scores are equal.

    `recall` is None where no better row can have been missed.
    """

    rows: Rows
    scores: Scores
    recall: float | None = None


NOTHING: Final = Found(np.empty(0, np.int64), np.empty(0, np.float32))


@dataclass(frozen=True, slots=True)
class Wanted:
    """One reference (1, d), how many rows it wants, and the score they need to have."""

    vector: Vectors
    limit: int
    least_score: float


class Asked(NamedTuple):
    """One reference of one query."""

    query: int
    reference: int
    wanted: Wanted


class Scan:
    """One search of up to `BATCH` references through the rows of one plan.

    Every reference has a floor: a row is kept when the product of its codes, plus the bound of
    its error, reaches it. The first floor is a guess from a sample of rows. When the worst of
    the rows wanted turns out no worse than the floor, no better row can have been left out;
    otherwise what was found proves a lower floor, and those references are scanned for again.
    """

    def __init__(
        self,
        segments: Segments,
        quantiser: Quantiser,
        scoring: Scoring,
        plan: Plan,
        wanted: Sequence[Wanted],
    ) -> None:
        self._segments, self._quantiser, self._scoring = segments, quantiser, scoring
        self._plan, self._wanted = plan, wanted
        vectors = np.concatenate([each.vector for each in wanted])
        self._coded = CodedReferences(vectors, quantiser, segments.longest)
        self._required = np.array([self._product(n, w.least_score) for n, w in enumerate(wanted)])
        self._floors = self._required
        self._least = self._coded.least(self._floors)
        self._found = [NOTHING] * len(wanted)
        self._lock, self._settling = threading.Lock(), threading.Lock()
        self._parts: list[Survivors] = []
        self._kept = 0

    def run(self, workers: Workers) -> list[Found]:
        """What each reference finds."""
        if self._plan.chosen <= 2 * max(each.limit for each in self._wanted) + 128:
            rows = self._plan.all_rows()
            return [Found(rows, self._scores(number, rows)) for number in range(len(self._wanted))]
        found = self._scan_all(np.maximum(self._required, self._guesses()), workers)
        proven = np.array([self._worst(number, each) for number, each in enumerate(found)])
        short = np.flatnonzero(self._floors > proven).tolist()
        if short:
            wanted = [self._wanted[number] for number in short]
            again = Scan(self._segments, self._quantiser, self._scoring, self._plan, wanted)
            better = again._scan_all(proven[short], workers)
            for number, each in zip(short, better, strict=True):
                found[number] = each
        return found

    def _scan_all(self, floors: Floats, workers: Workers) -> list[Found]:
        self._floors, self._least = floors, self._coded.least(floors)
        workers.each(self._scan, self._blocks())
        self._settle(workers)
        return self._found

    def _guesses(self) -> Floats:
        """Floors that the rows wanted most probably reach, by a sample of all rows."""
        chosen, (smallest, largest) = self._plan.chosen, _SAMPLE
        rows = self._plan.sample(min(max(chosen // _SAMPLED, smallest), largest))
        if not len(rows):
            return self._required
        products = self._coded.products(self._segments.codes_of(rows), self._segments.bias_of(rows))
        expected = np.array([each.limit for each in self._wanted]) * (len(rows) / chosen)
        # A sample with fewer rows of those wanted is as rare as four standard deviations.
        ranks = np.ceil(expected + 4.0 * np.sqrt(expected) + 1.0).astype(np.int64)
        groups = len(rows) // _GROUP
        if ranks.max() <= groups // _GROUP:  # then few of the best share a group
            products = products[: groups * _GROUP].reshape(_GROUP, groups, -1).max(axis=0)
        places = np.maximum(len(products) - ranks, 0)
        ordered = np.partition(products, np.unique(places), axis=0)
        guesses = self._coded.estimates(ordered[places, np.arange(len(places))])
        return np.where(ranks <= len(products), guesses, -np.inf)

    def _blocks(self) -> list[Block]:
        step, count = self._segments.block_rows, self._plan.scanned
        if self._plan.rows is not None:
            return self._segments.blocks_of(self._plan.rows, step, self._plan.packed)
        if len(self._wanted) <= PAIRED_UP_TO:  # they are quickly through a block: take larger ones
            step *= min(max(count // (12 * step), 1), 4)
        return self._segments.blocks(count, step)

    def _scan(self, block: Block) -> None:
        segments = self._segments
        products = self._coded.products(segments.codes(block), segments.bias(block))
        least = self._least.at(segments.worst_residual(block)).astype(products.dtype)
        reached = buffer("reached", products.shape, np.bool_)
        # Rows taken together: numpy's innermost loop is then long enough to be quick.
        together = _TOGETHER if len(products) % _TOGETHER == 0 else 1
        wide = (len(products) // together, -1)
        np.greater_equal(
            products.reshape(wide), np.tile(least, together), out=reached.reshape(wide)
        )
        places = np.flatnonzero(reached)
        if not len(places):
            return
        in_block, references = np.divmod(places, len(self._wanted))
        rows = block.numbers(in_block)
        part = Survivors(references.astype(np.uint8), rows, products.ravel()[places])
        if self._plan.mask is not None:
            part = part.picked(self._plan.mask[rows])
        with self._lock:
            self._parts.append(part)
            self._kept += len(part.rows)
        if self._kept > _SETTLE_AT:
            with self._settling:  # whoever comes meanwhile waits, and finds nothing left to do
                if self._kept > _SETTLE_AT:
                    self._settle(Workers(1))

    def _settle(self, workers: Workers) -> None:
        """Rescore the survivors so far, of each reference keep the best, and raise its floor."""
        with self._lock:
            parts, self._parts, self._kept = self._parts, [], 0
        by_reference = joined(parts).by_reference(len(self._wanted))
        floors = self._floors.copy()

        def settle(number: int) -> None:
            self._found[number] = best = self._best(number, by_reference[number])
            floors[number] = max(floors[number], self._worst(number, best))

        workers.each(settle, range(len(self._wanted)))
        self._floors, self._least = floors, self._coded.least(floors)

    def _best(self, number: int, survivors: Survivors) -> Found:
        """The best rows of a reference among those already found and some survivors.

        Those that reach a guess of the worst score among the best are rescored; where the guess
        was too high, so are those that reach what was found.
        """
        limit, rows, found = self._wanted[number].limit, survivors.rows, self._found[number]
        if len(rows) <= limit + _RESCORED_AT_ONCE:
            return self.joined(number, found, rows)
        worst = self._worst(number, found)
        likely = np.partition(survivors.products, -limit)[-limit]
        most = self._coded.best(number, survivors.products, self._segments.residuals(rows))
        guess = max(worst, self._coded.guess(number, float(likely)))
        reaching = most >= guess
        found = self.joined(number, found, rows[reaching])
        worst = self._worst(number, found)
        if worst < guess:
            found = self.joined(number, found, rows[(most >= worst) & ~reaching])
        return found

    def joined(self, number: int, found: Found, rows: Rows) -> Found:
        """The best rows of a reference among those found and some others."""
        limit, others = self._wanted[number].limit, self._scores(number, rows)
        rows = np.concatenate([found.rows, rows])
        scores = np.concatenate([found.scores, others])
        if len(rows) <= limit:
            return Found(rows, scores)
        kept = scores >= np.partition(scores, -limit)[-limit]
        return Found(rows[kept], scores[kept])

    def _worst(self, number: int, found: Found) -> float:
        """The product that a row must have to be among the best, given some of them."""
        if len(found.rows) < self._wanted[number].limit:
            return float(self._required[number])
        reached = self._product(number, float(found.scores.min()))
        return max(reached, float(self._required[number]))

    def _scores(self, number: int, rows: Rows) -> Scores:
        scores = np.empty(len(rows), np.float32)
        for start in range(0, len(rows), _RESCORED_AT_ONCE):
            part = slice(start, start + _RESCORED_AT_ONCE)
            vectors = self._segments.vectors(rows[part])
            scores[part] = self._scoring.scores(vectors, self._wanted[number].vector)
        return scores

    def _product(self, number: int, score: float) -> float:
        return self._scoring.product(score, float(self._coded.lengths[number]))
