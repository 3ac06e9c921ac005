"""Scores become similarities by how rare false matches are, as far as photos can tell."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.shared.similarity import Metric
from inference.calibration import CannotCalibrate, fitted

PEOPLE, PHOTOS = 40, 4


def album(seed: int, spread: float = 0.6) -> tuple[np.ndarray, list[int]]:
    """Descriptors of people who differ, and of their photos, which differ less."""
    random = np.random.default_rng(seed)
    centres = random.normal(size=(PEOPLE, 1, 32))
    rows = (centres + spread * random.normal(size=(PEOPLE, PHOTOS, 32))).reshape(-1, 32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    return rows.astype(np.float32), [person for person in range(PEOPLE) for _ in range(PHOTOS)]


@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
def test_similarity_says_how_rare_a_false_match_is(metric: Metric) -> None:
    rows, people = album(1)
    fit = fitted(rows, people, metric)
    assert fit.genuine == PEOPLE * PHOTOS * (PHOTOS - 1) // 2
    assert fit.genuine + fit.impostors == len(rows) * (len(rows) - 1) // 2
    for rate, true, score in fit.reported()[:2]:
        assert true is not None
        assert score is not None
        expected = 1 / (1 + math.exp(math.log(3) * (math.log10(rate) + 3)))
        assert fit.calibration.similarity(score) == pytest.approx(expected, abs=0.06)
        assert true > 0.95
    assert fit.curve.area > 0.99
    assert fit.curve.equal_error < 0.03
    assert (fit.calibration.slope > 0) == (metric == "cosine")


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000), st.randoms(use_true_random=False))
def test_the_order_of_photos_changes_nothing(seed: int, random: object) -> None:
    rows, people = album(seed)
    order = list(range(len(rows)))
    random.shuffle(order)  # type: ignore[attr-defined]
    one = fitted(rows, people, "cosine")
    other = fitted(rows[order], [people[place] for place in order], "cosine")
    assert other.calibration.slope == pytest.approx(one.calibration.slope, rel=1e-3)
    assert other.calibration.intercept == pytest.approx(one.calibration.intercept, rel=1e-3)
    assert other.curve.area == pytest.approx(one.curve.area, abs=1e-6)


def test_rates_that_pairs_are_too_few_for_are_not_reported() -> None:
    rows, people = album(2)
    few = fitted(rows[:48], people[:48], "cosine")
    assert [true is None for _, true, _ in few.reported()] == [False, False, True]
    assert min(few.levels) * few.impostors >= 5


@pytest.mark.parametrize(
    ("count", "owners", "complaint"),
    [
        (20, [n // 2 for n in range(20)], "180 pairs of different people are too few"),
        (60, list(range(60)), "no person has two photos"),
        (5_001, [0] * 5_001, "5001 photos are too many"),
    ],
)
def test_photos_that_tell_too_little_are_refused(
    count: int, owners: list[int], complaint: str
) -> None:
    rows = np.random.default_rng(0).normal(size=(count, 8)).astype(np.float32)
    with pytest.raises(CannotCalibrate, match=complaint):
        fitted(rows, owners, "cosine")
