"""How scores of a descriptor become similarities: fitted to labelled photos, with what it is worth.

A similarity says how rare a false match is: 0.5 stands for one impostor pair in a thousand, and
each factor of ten is a factor of three in odds, so that 0.9 stands for one in a hundred thousand.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from domain.shared.similarity import Calibration, Metric
from inference.descriptors.similarity import Rows, scores
from inference.roc import Matches, RocCurve, roc_curve

RATES: Final = (1e-2, 1e-3, 1e-4)
"""The false positive rates at which the rate of true ones is reported."""

_FACTOR: Final = math.log(3)
_SEEN: Final = 5
"""Impostor pairs that must pass a threshold for its rate to count."""

_BLOCK: Final = 1024
MOST_PHOTOS: Final = 5_000
_LEAST_IMPOSTORS: Final = 500


class CannotCalibrate(ValueError):
    """The photos do not tell what a score is worth."""


@dataclass(frozen=True, slots=True)
class Fitted:
    """A calibration with the pairs it was fitted to; `levels` are the rates it goes through.

    The thresholds of the curve are scores; distances count as negative ones.
    """

    calibration: Calibration
    curve: RocCurve
    genuine: int
    impostors: int
    levels: tuple[float, ...]

    def reported(self) -> list[tuple[float, float | None, float | None]]:
        """Rate of false positives, of true ones, and the score; None where pairs are too few."""
        rows: list[tuple[float, float | None, float | None]] = []
        for rate in RATES:
            if rate * self.impostors < 1:
                rows.append((rate, None, None))
                continue
            true, threshold = self.curve.at(rate)
            score = threshold if self.calibration.metric == "cosine" else -threshold
            rows.append((rate, true, score))
        return rows


def fitted(rows: Rows, people: Sequence[int], metric: Metric) -> Fitted:
    """The calibration of descriptors (n, d) whose persons are known.

    The line of log-odds over the score is fitted by least squares to the scores that 1 in 10,
    1 in 30, 1 in 100, ... impostor pairs pass, as far as at least five pairs do.
    """
    if len(people) > MOST_PHOTOS:
        raise CannotCalibrate(f"{len(people)} photos are too many, the limit is {MOST_PHOTOS}")
    closeness, same = _pairs(rows, np.asarray(people), metric)
    genuine, impostors = int(same.sum()), int((~same).sum())
    if not genuine:
        raise CannotCalibrate("no person has two photos")
    if impostors < _LEAST_IMPOSTORS:
        said = f"{impostors} pairs of different people are too few, {_LEAST_IMPOSTORS} are needed"
        raise CannotCalibrate(said)
    levels = _levels(impostors)
    ranked = -np.sort(-closeness[~same])
    at = np.array([ranked[round(level * impostors) - 1] for level in levels])
    odds = np.array([_FACTOR * (-math.log10(level) - 3) for level in levels])
    slope, intercept = np.polyfit(at, odds, 1)
    if not slope > 0:
        raise CannotCalibrate("impostors' scores do not vary")
    sign = 1.0 if metric == "cosine" else -1.0
    return Fitted(
        Calibration(round(sign * slope, 4), round(float(intercept), 4), metric),
        _curve(closeness, same),
        genuine,
        impostors,
        levels,
    )


def _pairs(
    rows: Rows, people: NDArray[np.int64], metric: Metric
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Each pair once: its score, or its distance negated, and whether it is one person's."""
    told = Calibration(1.0 if metric == "cosine" else -1.0, 0.0, metric)
    sign = np.float32(1 if metric == "cosine" else -1)
    values, same = [], []
    for start in range(0, len(rows), _BLOCK):
        block = np.asarray(scores(rows[start : start + _BLOCK], rows[start:], told), np.float32)
        later = np.triu(np.ones(block.shape, np.bool_), 1)
        values.append(sign * block[later])
        owners = people[start : start + _BLOCK, None] == people[None, start:]
        same.append(owners[later])
    return np.concatenate(values), np.concatenate(same)


def _levels(impostors: int) -> tuple[float, ...]:
    """1e-1, 10^-1.5, 1e-2, ... while enough impostor pairs pass."""
    steps = (10 ** -(1 + step / 2) for step in range(12))
    return tuple(level for level in steps if level * impostors >= _SEEN)


def _curve(closeness: NDArray[np.float32], same: NDArray[np.bool_]) -> RocCurve:
    """The ROC curve over scores; its helper wants values from 0 to 1."""
    low, high = float(closeness.min()), float(closeness.max())
    spread = max(high - low, 1e-9)
    positives = int(same.sum())
    unit = (closeness.astype(np.float64) - low) / spread
    curve = roc_curve(Matches(unit, same, positives, len(same) - positives))
    return RocCurve(curve.thresholds * spread + low, curve.fpr, curve.tpr)
