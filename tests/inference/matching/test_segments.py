"""Rows come back as they were written, across segments, and not after they were wiped."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inference.matching.quantise import Quantiser
from inference.matching.segments import Segments

QUANTISER = Quantiser.for_rows(16, biased=True)


def filled(count: int, directory: Path | None = None) -> tuple[Segments, np.ndarray]:
    segments = Segments(16, biased=True, segment_rows=12, block_rows=4, directory=directory)
    rows = np.random.default_rng(count).standard_normal((count, 16)).astype(np.float32)
    order = np.random.default_rng(1).permutation(count)
    for part in np.array_split(order, 5):
        segments.write(part, rows[part], QUANTISER.rows(rows[part]))
    return segments, rows


@settings(deadline=None)
@given(st.integers(5, 60), st.lists(st.integers(0, 59), unique=True), st.sampled_from([4, 8]))
def test_blocks_are_all_rows_once(count: int, chosen: list[int], step: int) -> None:
    segments, rows = filled(count)
    codes = QUANTISER.rows(rows)
    wanted = np.array(sorted(number for number in chosen if number < count), np.int64)
    for blocks, numbers in (
        (segments.blocks(count, step), np.arange(count)),
        (segments.blocks_of(wanted, step), wanted),
    ):
        seen = []
        for block in blocks:
            own = block.numbers(np.arange(block.size))
            seen += own.tolist()
            bias = segments.bias(block)
            assert bias is not None
            assert codes.bias is not None
            assert (segments.codes(block) == codes.codes[own]).all()
            assert (bias == codes.bias[own]).all()
            assert segments.worst_residual(block) >= codes.residuals[own].max() - 1e-7
        assert seen == numbers.tolist()


@pytest.mark.parametrize("mapped", [False, True])
def test_wiped_rows_are_gone(tmp_path: Path, mapped: bool) -> None:
    segments, rows = filled(40, tmp_path if mapped else None)
    gone = np.array([0, 11, 12, 13, 39])
    segments.wipe(gone)
    kept = np.setdiff1d(np.arange(40), gone)
    assert not segments.vectors(gone).any()
    assert not segments.codes_of(gone).any()
    assert (segments.vectors(kept) == rows[kept]).all()


def test_a_segment_is_a_whole_number_of_blocks() -> None:
    with pytest.raises(ValueError, match="whole number"):
        Segments(16, segment_rows=10, block_rows=4)
