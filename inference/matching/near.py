"""Searches among the vectors of a collection, through a graph where the plan says so."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np

from inference.matching.approximate import MEASURED, Upkeep
from inference.matching.bitmaps import rows_of
from inference.matching.packs import SMALLEST, Packs
from inference.matching.planner import Plan
from inference.matching.quantise import Quantiser
from inference.matching.scan import BATCH, Found, Scan, Wanted
from inference.matching.scoring import Scoring
from inference.matching.segments import Segments
from inference.matching.workers import Workers


@dataclass(frozen=True, slots=True)
class KeptVectors:
    """The vectors of a collection, their scale, and how they are compared."""

    segments: Segments
    quantiser: Quantiser
    scoring: Scoring
    packs: Packs = field(default_factory=Packs)

    def packed(self, plan: Plan) -> Plan:
        """The plan, with a copy of the codes of its rows if they are often searched."""
        if plan.key is None or plan.rows is None or len(plan.rows) < SMALLEST:
            return plan
        rows = plan.rows
        copy = partial(self.segments.copy_of, rows)
        return replace(plan, packed=self.packs.codes(plan.key, rows, self.segments.rows, copy))


def search(
    vectors: KeptVectors, plan: Plan, wanted: Sequence[Wanted], workers: Workers
) -> list[Found]:
    """What each of a few references finds, as planned.

    References for which the graph knows too little are looked for among all rows.
    """
    plan = vectors.packed(plan)
    scan = Scan(vectors.segments, vectors.quantiser, vectors.scoring, plan, wanted)
    found = scan.run(workers)
    if plan.shortcut is None:
        return found
    shortcut, references = plan.shortcut, np.concatenate([each.vector for each in wanted])
    codes = vectors.quantiser.rows(references).codes
    near = shortcut.nearest(codes, [each.limit for each in wanted], workers.threads)
    for number, rows in enumerate(near):
        if rows is not None:
            joined = scan.joined(number, found[number], rows)
            found[number] = joined._replace(recall=shortcut.recall)
    if short := [number for number, rows in enumerate(near) if rows is None]:
        everyone = rows_of(shortcut.everyone)
        whole = Plan(len(everyone), rows=everyone)
        again = search(vectors, whole, [wanted[number] for number in short], workers)
        for number, exact in zip(short, again, strict=True):
            found[number] = exact
    return found


def keep_up(vectors: KeptVectors, upkeep: Upkeep, workers: Workers) -> None:
    """Enter rows into a graph, or measure its recall; half of the threads are left for searches."""
    if len(upkeep.rows):
        codes = vectors.segments.codes_of(upkeep.rows)
        upkeep.graph.enter(upkeep.rows, codes, max(workers.threads // 2, 1))
        return
    values = vectors.segments.vectors(upkeep.sample).copy()
    wanted = [Wanted(values[n : n + 1], MEASURED + 1, -math.inf) for n in range(len(values))]
    parts = [wanted[start : start + BATCH] for start in range(0, len(wanted), BATCH)]
    exact, short = (
        [found for part in parts for found in search(vectors, plan, part, workers)]
        for plan in upkeep.plans
    )
    upkeep.measure(exact, short)
