"""Scores, similarities and means of descriptors."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.shared.image_refusals import NothingToAggregate
from domain.shared.similarity import Calibration
from inference.descriptors.aggregate import aggregated
from inference.descriptors.similarity import normalised, scores, similarities

COSINE = Calibration(12.5, -4.2)
EUCLIDEAN = Calibration(-15.0, 9.0, "euclidean")
SEEDS = st.integers(0, 2**32 - 1)


def rows(seed: int, count: int, scale: float = 1.0) -> np.ndarray:
    return (np.random.default_rng(seed).normal(size=(count, 16)) * scale).astype(np.float32)


@given(SEEDS, st.floats(0.01, 100))
def test_cosines_do_not_see_lengths(seed: int, factor: float) -> None:
    first, second = rows(seed, 3), rows(seed + 1, 4)
    plain = scores(first, second, COSINE)
    assert plain.shape == (3, 4)
    np.testing.assert_allclose(scores(first * np.float32(factor), second, COSINE), plain, atol=1e-5)
    assert (np.abs(plain) <= 1 + 1e-5).all()


@given(SEEDS)
def test_distances_are_those_of_space(seed: int) -> None:
    first, second = rows(seed, 3), rows(seed + 1, 4)
    expected = np.linalg.norm(first[:, None] - second[None], axis=-1)
    np.testing.assert_allclose(scores(first, second, EUCLIDEAN), expected, atol=1e-4)
    np.testing.assert_allclose(np.diag(scores(first, first, EUCLIDEAN)), 0, atol=1e-5)


@given(SEEDS, st.sampled_from([COSINE, EUCLIDEAN]))
def test_the_nearer_the_more_similar(seed: int, calibration: Calibration) -> None:
    anchor = rows(seed, 1)
    near, far = anchor + rows(seed + 1, 1, 0.1), -anchor
    told = similarities(scores(anchor, np.vstack([near, far]), calibration), calibration)[0]
    assert 1 >= told[0] > told[1] >= 0
    assert told[0] == pytest.approx(
        calibration.similarity(float(scores(anchor, near, calibration)[0, 0])), abs=1e-5
    )


@given(SEEDS, st.lists(st.floats(0, 1), min_size=2, max_size=6))
def test_a_mean_has_length_one_and_knows_no_order(seed: int, weights: list[float]) -> None:
    vectors = rows(seed, len(weights))
    mean = aggregated(vectors, weights)
    assert np.linalg.norm(mean) == pytest.approx(1, abs=1e-5)
    np.testing.assert_allclose(aggregated(vectors[::-1], weights[::-1]), mean, atol=1e-5)


def test_a_better_warp_weighs_more() -> None:
    good, poor = normalised(rows(1, 2))
    mean = aggregated(np.stack([good, poor]), [0.9, 0.1])
    assert mean @ good > mean @ poor
    assert aggregated(np.stack([good]), [0.0]) == pytest.approx(good)
    plain = aggregated(np.stack([good * 2, poor * 2]), [1, 1], unit_length=False)
    np.testing.assert_allclose(plain, good + poor, atol=1e-6)
    with pytest.raises(NothingToAggregate):
        aggregated(np.empty((0, 16), np.float32), [])
