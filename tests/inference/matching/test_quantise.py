"""The bound of what codes lose is a bound, for any rows and references."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inference.matching.coded import CodedReferences
from inference.matching.quantise import Quantiser

SHAPES = st.sampled_from(["gaussian", "sparse", "heavy", "zero", "constant"])


def rows_of(shape: str, count: int, dimension: int, seed: int) -> np.ndarray:
    random = np.random.default_rng(seed)
    rows = random.standard_normal((count, dimension))
    if shape == "sparse":
        rows *= random.random(rows.shape) < 0.02
    if shape == "heavy":
        rows = rows**5
    if shape == "zero":
        rows *= 0
    if shape == "constant":
        rows = np.full_like(rows, random.standard_normal())
    lengths = np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12)
    return np.asarray(rows / lengths, np.float32)


@settings(max_examples=60, deadline=None)
@given(
    SHAPES, SHAPES, st.sampled_from([128, 256, 512]), st.integers(0, 2**32),
    st.floats(1e-3, 1e3), st.booleans(), st.integers(1, 5),
)  # fmt: skip
def test_no_product_is_off_by_more_than_its_bound(
    shape: str, other: str, dimension: int, seed: int, length: float, biased: bool, count: int
) -> None:
    length = length if biased else 1.0
    rows = rows_of(shape, 40, dimension, seed) * np.float32(length)
    references = rows_of(other, count, dimension, seed + 1) * np.float32(length)
    quantiser = Quantiser.for_rows(dimension, length, biased)
    quantised = quantiser.rows(rows)
    coded = CodedReferences(references, quantiser, float(quantised.lengths.max()))
    products = coded.products(quantised.codes, quantised.bias).copy()

    exact = rows.astype(np.float64) @ references.astype(np.float64).T
    if biased:
        exact -= (rows.astype(np.float64) ** 2).sum(axis=1)[:, None] / 2
    for number in range(count):
        best = coded.best(number, products[:, number], quantised.residuals)
        assert (best >= exact[:, number]).all()
    for row, residual in enumerate(quantised.residuals.tolist()):
        # A floor that a row reaches is one that its codes reach.
        assert (products[row] >= coded.least(exact[row]).at(residual)).all()


def test_the_bound_of_common_rows_is_small() -> None:
    rows = rows_of("gaussian", 1000, 512, 3)
    quantised = Quantiser.for_rows(512).rows(rows)
    assert np.median(quantised.residuals) < 0.0125
    assert quantised.codes.min() >= -127


@pytest.mark.parametrize("length", [0.0, 1e-12, 1e12])
def test_lengths_beyond_reason_do_no_harm(length: float) -> None:
    rows = rows_of("gaussian", 10, 128, 4) * np.float32(length)
    quantised = Quantiser.for_rows(128, length, biased=True).rows(rows)
    assert np.isfinite(quantised.residuals).all()
