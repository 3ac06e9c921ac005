"""How well similarities tell people apart: the ROC curve of marked descriptors that are matched."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from inference.matching.gallery import Gallery
from inference.matching.workers import Workers

Floats = NDArray[np.float64]

# More points than these show nothing more to anyone; areas and rates are taken before.
MOST_POINTS: Final = 10_000


@dataclass(frozen=True, slots=True)
class Matches:
    """Pairs that were found: their similarity (0 to 1), and whether both show one person.

    `positives` and `negatives` count the pairs that there are, found or not.
    """

    similarities: Floats
    positive: NDArray[np.bool_]
    positives: int
    negatives: int


@dataclass(frozen=True, slots=True)
class RocCurve:
    """Rates of true (`tpr`) and false (`fpr`) matches of those with at least each threshold.

    The thresholds fall, the rates rise from 0 to 1. The first threshold is above all
    similarities; at the last one, 0, all pairs match, found or not.
    """

    thresholds: Floats
    fpr: Floats
    tpr: Floats

    @property
    def area(self) -> float:
        """The area under the curve, 0 to 1: how often a positive pair beats a negative one."""
        return min(float(np.trapezoid(self.tpr, self.fpr)), 1.0)  # sums may be a bit too large

    @property
    def equal_error(self) -> float:
        """The rate at which as many negative pairs match as positive ones do not."""
        gaps = self.fpr + self.tpr - 1.0
        after = int(np.argmax(gaps >= 0.0))
        if after == 0 or gaps[after] == 0.0:
            return float(self.fpr[after])
        way = -gaps[after - 1] / (gaps[after] - gaps[after - 1])
        return float(self.fpr[after - 1] + way * (self.fpr[after] - self.fpr[after - 1]))

    def at(self, fpr: float) -> tuple[float, float]:
        """The best rate of true matches with no more false ones than this, and its threshold."""
        place = int(np.searchsorted(self.fpr, fpr, side="right")) - 1
        return float(self.tpr[place]), float(self.thresholds[place])

    def corners(self) -> "RocCurve":
        """The points where the curve turns, at most `MOST_POINTS` of them."""
        steps = np.stack([np.diff(self.fpr), np.diff(self.tpr)])
        turns = steps[0, :-1] * steps[1, 1:] != steps[0, 1:] * steps[1, :-1]
        kept = np.flatnonzero(np.concatenate([[True], turns, [True]]))
        if len(kept) > MOST_POINTS:
            kept = kept[np.linspace(0, len(kept) - 1, MOST_POINTS).round().astype(np.int64)]
        return RocCurve(self.thresholds[kept], self.fpr[kept], self.tpr[kept])


def roc_curve(matches: Matches) -> RocCurve:
    """One point for each similarity that a found pair has; pairs not found have less than any."""
    order = np.argsort(-matches.similarities, kind="stable")
    similarities, positive = matches.similarities[order], matches.positive[order]
    last = np.flatnonzero(np.diff(similarities, append=-1.0))
    true, false = np.cumsum(positive)[last], np.cumsum(~positive)[last]
    thresholds = similarities[last]
    if not len(last) or (true[-1], false[-1]) != (matches.positives, matches.negatives):
        # Pairs that were not found may be as similar as the least of those that were.
        true, false = np.append(true, matches.positives), np.append(false, matches.negatives)
        thresholds = np.append(thresholds, 0.0)
    return RocCurve(
        np.concatenate([[np.inf], thresholds]),
        np.concatenate([[0.0], false / matches.negatives]),
        np.concatenate([[0.0], true / matches.positives]),
    )


@dataclass(frozen=True, slots=True)
class Marked:
    """Marked descriptors, matched: all pairs found, and how soon each meets its own person.

    `ranks` has, for each descriptor that is not the only one of its person, the place (from 1) of
    the first match of that person that is similar enough; 0 where there is none.
    """

    matches: Matches
    ranks: NDArray[np.int64]

    def within(self, count: int) -> list[float]:
        """How often the person is met among the first 1, 2, ... `count` matches."""
        places = np.bincount(self.ranks[self.ranks > 0], minlength=count + 1)[1 : count + 1]
        return (np.cumsum(places) / max(len(self.ranks), 1)).tolist()  # type: ignore[no-any-return]


def match_marked(
    gallery: Gallery,
    labels: Sequence[int],
    *,
    limit: int,
    hit_threshold: float = 0.0,
    workers: Workers | None = None,
    pause: Callable[[], None] = lambda: None,
) -> Marked:
    """Match each descriptor with all others, and keep the `limit` best matches of each.

    Pairs are counted from both sides. `labels` (one per row) say who is shown; `pause` is called
    every now and then, and may raise to end the work.
    """
    people = np.asarray(labels)
    names, sizes = np.unique(people, return_counts=True)
    positives = int((sizes * (sizes - 1)).sum())
    negatives = len(people) * (len(people) - 1) - positives
    repeated = np.isin(people, names[sizes > 1])
    similarities, positive = [np.empty(0)], [np.empty(0, np.bool_)]
    ranks = np.zeros(len(people), np.int64)
    for found in gallery.nearest(limit, 0.0, workers or Workers(1)):
        pause()
        same = people[found.rows] == people[found.row]
        similarities.append(found.similarities)
        positive.append(same)
        hits = np.flatnonzero(same & (found.similarities >= hit_threshold))
        ranks[found.row] = hits[0] + 1 if len(hits) else 0
    matches = Matches(np.concatenate(similarities), np.concatenate(positive), positives, negatives)
    return Marked(matches, ranks[repeated])
