"""What a hundred million descriptors need: `python -m tests.bench.match_plan [--rows N ...]`.

A search costs so much by itself and so much for every row. Both are measured with a small index,
searches of larger ones are predicted by them and measured, and so are searches of one index in
several shards; then the same line is drawn on to the machines of a plan. Costs are seconds of
cores, of which other work on this machine takes nothing away.
"""

import argparse
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from statistics import median
from typing import Final
from uuid import UUID, uuid4

import numpy as np
from numpy.typing import NDArray

from domain.shared.biometrics import Descriptor, DescriptorKind
from domain.shared.model_features import DescriptorFeature
from domain.shared.similarity import Calibration
from inference.matching.match_index import MatchIndex
from inference.matching.sharded_index import ShardedIndex
from inference.matching.values import MatchAnswer, MatchQuery, Origin, PutCandidate
from tests.bench.figures import Figure, show

DIMENSION, BATCH, PART, IMAGES, REPEATS, LIMIT = 512, 32, 10_000, 10, 9, 100
SMALL: Final = (50_000, 200_000)
PLANNED: Final = (10**8, 10**9)
_FEATURE = DescriptorFeature(DescriptorKind.FACE, 1, DIMENSION, Calibration(12.0, -5.0))
_ACCOUNT, _NOW = uuid4(), datetime.now(UTC)

Index = MatchIndex | ShardedIndex


@dataclass(frozen=True, slots=True)
class Cost:
    """Core-seconds of a search of one batch: by itself, and for each row."""

    fixed: float
    per_row: float

    def of(self, rows: float) -> float:
        """Those of so many rows."""
        return self.fixed + rows * self.per_row

    @staticmethod
    def through(few: int, cost: float, many: int, more: float) -> "Cost":
        """The line through two measurements."""
        per_row = (more - cost) / (many - few)
        return Cost(cost - few * per_row, per_row)


@dataclass(frozen=True, slots=True)
class Machine:
    """What is assumed of each machine of a plan; a month has 730 hours."""

    cores: int = 64
    usable_gb: float = 384.0
    dollars_an_hour: float = 4.0


def fill(index: Index, first: int, last: int) -> None:
    """Rows of people seen several times each, always the same ones."""
    for start in range(first, last, PART):
        rows = _people(start, PART)
        puts = [
            PutCandidate(
                origin=Origin.FACES,
                candidate_id=UUID(int=(number * 0x9E3779B97F4A7C15) % (1 << 128)),
                account_id=_ACCOUNT,
                descriptor=Descriptor(DescriptorKind.FACE, 1, row.tobytes()),
                create_time=_NOW,
            )
            for number, row in enumerate(rows, start)
        ]
        index.apply(puts, start + PART)


def _people(start: int, count: int) -> NDArray[np.float32]:
    random = np.random.default_rng(start)
    people = random.standard_normal((count // IMAGES, DIMENSION), dtype=np.float32)
    noise = random.standard_normal((count, DIMENSION), dtype=np.float32)
    rows = np.repeat(people, IMAGES, axis=0) + np.float32(0.8) * noise
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), np.float32)


def core_seconds(index: Index, references: int) -> float:
    """The median of searches for so many references at once."""
    rows = _people(0, PART)[:: PART // references][:references]
    query = MatchQuery(
        references=tuple(Descriptor(DescriptorKind.FACE, 1, row.tobytes()) for row in rows),
        origin=Origin.FACES,
        limit=LIMIT,
    )
    return median(_timed(lambda: index.search([query])) for _ in range(REPEATS))


def _timed(work: Callable[[], Sequence[Sequence[MatchAnswer]]]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began


def measured(sizes: Sequence[int]) -> tuple[list[Figure], float, Cost]:
    """Predicted against measured, the bytes of a row, and what a batch costs."""
    index, filled, found, figures = MatchIndex([_FEATURE]), 0, {}, []
    for rows in sorted({*SMALL, *sizes}):
        fill(index, filled, rows)
        filled = rows
        found[rows] = core_seconds(index, 1), core_seconds(index, BATCH)
    held = index.sizes()[0].bytes / filled
    index.close()
    (few, many), costs = SMALL, []
    for number, references in enumerate((1, BATCH)):
        cost = Cost.through(few, found[few][number], many, found[many][number])
        costs.append(cost)
        for rows in sorted({*sizes} - {*SMALL}):
            name = f"{rows:,} rows, {references} at once, measured / predicted"
            figures.append(_rate(name, references, found[rows][number], cost.of(rows)))
    for shards in (2, 4):
        sharded = ShardedIndex([_FEATURE], shards)
        fill(sharded, 0, many)
        name = f"{many:,} rows in {shards} shards, {BATCH} at once, measured / predicted"
        predicted = shards * costs[1].of(many / shards)
        figures.append(_rate(name, BATCH, core_seconds(sharded, BATCH), predicted))
        sharded.close()
    return figures, held, costs[1]


def _rate(name: str, references: int, measured: float, predicted: float) -> Figure:
    return Figure(name, references / measured, references / predicted, "1/s of a core", 0.7)


def plan(rows: int, held: float, cost: Cost, machine: Machine) -> dict[str, float]:
    """Machines that hold everything twice, and what they answer at what price."""
    copies = 2
    machines = copies * -(-rows * held // (machine.usable_gb * 1e9))
    # A batch is worked on by all machines of one copy at once, each in its own rows.
    seconds = cost.of(copies * rows / machines) / machine.cores
    each_second = copies * BATCH / seconds
    month = machines * machine.dollars_an_hour * 730
    sent = machines / copies * (4 * DIMENSION + 24 * LIMIT)
    return {
        "memory, twice (TB)": copies * rows * held / 1e12,
        "machines": machines,
        "one batch of 32 (ms)": 1e3 * seconds,
        "references a second": each_second,
        "network of one reference (kB)": sent / 1e3,
        "network in all (MB/s)": sent * each_second / 1e6,
        "a month (US$)": month,
        "a million references (US$)": month / (each_second * 3600 * 730) * 1e6,
    }


def main(sizes: Sequence[int]) -> None:
    """Print what was measured, and the plans."""
    figures, held, cost = measured(sizes)
    print(show(figures))
    print(f"\n{1e-6 * BATCH / cost.per_row:,.0f} million comparisons a second and core\n")
    plans = [plan(rows, held, cost, Machine()) for rows in PLANNED]
    print("| rows |", " | ".join(f"{rows:,}" for rows in PLANNED), "|")
    print("|---|", "|".join("---:" for _ in PLANNED), "|")
    for what in plans[0]:
        print(f"| {what} |", " | ".join(f"{each[what]:,.4g}" for each in plans), "|")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, nargs="+", default=[100_000, 1_000_000])
    main(parser.parse_args().rows)
