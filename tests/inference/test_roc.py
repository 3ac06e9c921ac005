"""Curves, areas and rates agree with their definitions, counted pair by pair."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from inference import roc
from inference.matching.gallery import Gallery
from inference.roc import Matches, RocCurve, match_marked, roc_curve
from tests.inference.matching.galleries import COSINE, DISTANCE, descriptor
from tests.inference.test_clustering import similarities

LEVELS = st.sampled_from([0.0, 0.25, 0.5, 0.5000001, 0.75, 1.0]) | st.floats(0, 1)
PAIRS = st.lists(st.tuples(LEVELS, st.booleans()), min_size=2, max_size=80).filter(
    lambda pairs: len({positive for _, positive in pairs}) == 2
)


def found(pairs: list[tuple[float, bool]], *, lost: tuple[int, int] = (0, 0)) -> Matches:
    values = np.array([value for value, _ in pairs])
    positive = np.array([same for _, same in pairs])
    positives, negatives = int(positive.sum()) + lost[0], int((~positive).sum()) + lost[1]
    return Matches(values, positive, positives, negatives)


@given(PAIRS)
def test_each_point_counts_the_pairs_from_its_threshold_on(
    pairs: list[tuple[float, bool]],
) -> None:
    matches = found(pairs)
    curve = roc_curve(matches)
    for threshold, fpr, tpr in zip(curve.thresholds, curve.fpr, curve.tpr, strict=True):
        taken = matches.similarities >= threshold
        assert tpr == (taken & matches.positive).sum() / matches.positives
        assert fpr == (taken & ~matches.positive).sum() / matches.negatives
    assert {*curve.thresholds[1:]} == {*matches.similarities}
    assert (curve.fpr[0], curve.tpr[0], curve.fpr[-1], curve.tpr[-1]) == (0, 0, 1, 1)


@given(PAIRS)
def test_the_area_is_how_often_a_positive_pair_beats_a_negative_one(
    pairs: list[tuple[float, bool]],
) -> None:
    matches = found(pairs)
    positive = matches.similarities[matches.positive][:, None]
    negative = matches.similarities[~matches.positive]
    wins = (positive > negative).mean() + (positive == negative).mean() / 2
    assert roc_curve(matches).area == pytest.approx(wins)


@given(PAIRS, st.tuples(st.integers(0, 20), st.integers(0, 20)))
def test_pairs_that_were_not_found_are_less_similar_than_all_that_were(
    pairs: list[tuple[float, bool]], lost: tuple[int, int]
) -> None:
    assume(min(value for value, _ in pairs) > 0)
    cropped = roc_curve(found(pairs, lost=lost))
    rest = [(0.0, True)] * lost[0] + [(0.0, False)] * lost[1]
    whole = roc_curve(found([*pairs, *rest]))
    for name in ("thresholds", "fpr", "tpr"):
        assert np.array_equal(getattr(cropped, name), getattr(whole, name))


@given(PAIRS)
def test_the_equal_error_lies_where_the_curve_meets_the_diagonal(
    pairs: list[tuple[float, bool]],
) -> None:
    curve = roc_curve(found(pairs))
    rate = curve.equal_error
    points = [*zip(curve.fpr, curve.tpr, strict=True)]
    assert any(
        f0 - 1e-12 <= rate <= f1 + 1e-12
        and (rate - f0) * (t1 - t0) == pytest.approx((1 - rate - t0) * (f1 - f0))
        and t0 - 1e-12 <= 1 - rate <= t1 + 1e-12
        for (f0, t0), (f1, t1) in pairwise(points)
    )


@given(PAIRS, st.floats(0, 1))
def test_a_key_point_is_the_best_that_a_threshold_can_do(
    pairs: list[tuple[float, bool]], fpr: float
) -> None:
    curve = roc_curve(found(pairs))
    tpr, threshold = curve.at(fpr)
    assert tpr == max(t for f, t in zip(curve.fpr, curve.tpr, strict=True) if f <= fpr)
    assert curve.tpr[curve.thresholds == threshold].tolist() == [tpr]


@given(PAIRS)
def test_corners_are_the_same_curve(pairs: list[tuple[float, bool]]) -> None:
    curve = roc_curve(found(pairs))
    corners = curve.corners()
    assert corners.area == pytest.approx(curve.area)
    assert corners.equal_error == pytest.approx(curve.equal_error)
    assert {*zip(corners.fpr, corners.tpr, strict=True)} <= {
        *zip(curve.fpr, curve.tpr, strict=True)
    }


def test_no_more_points_are_shown_than_can_be_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(roc, "MOST_POINTS", 50)
    random = np.random.default_rng(1)
    pairs = [(float(value), bool(value > random.random())) for value in random.random(4000)]
    curve = roc_curve(found(pairs))
    corners = curve.corners()
    assert len(corners.fpr) == 50
    assert corners.area == pytest.approx(curve.area, abs=0.01)


NUMBERS = st.lists(st.integers(1, 60), min_size=2, max_size=50)


@given(NUMBERS, st.sampled_from([COSINE, DISTANCE]), st.integers(1, 60), st.floats(0, 1))
@settings(max_examples=40, deadline=None)
def test_matches_are_the_best_of_each_and_hits_are_counted_by_rank(
    numbers: list[int],
    feature,
    limit: int,
    threshold: float,  # type: ignore[no-untyped-def]
) -> None:
    descriptors = [descriptor(number, feature) for number in numbers]
    labels = [number // 8 for number in numbers]
    gallery = Gallery(feature, block_rows=8, segment_rows=16)
    gallery.add(descriptors)
    marked = match_marked(gallery, labels, limit=limit, hit_threshold=threshold)
    expected: list[tuple[float, bool]] = []
    ranks = []
    for row, values in enumerate(similarities(descriptors, feature)):
        order = [n for n in np.lexsort((np.arange(len(values)), -values)) if n != row][:limit]
        same = [labels[n] == labels[row] for n in order]
        expected += [(values[n], each) for n, each in zip(order, same, strict=True)]
        hits = [
            place + 1
            for place, (n, each) in enumerate(zip(order, same, strict=True))
            if each and values[n] >= threshold
        ]
        if labels.count(labels[row]) > 1:
            ranks.append(min(hits, default=0))
    assert marked.matches.similarities.tolist() == pytest.approx([v for v, _ in expected])
    assert marked.matches.positive.tolist() == [same for _, same in expected]
    assert marked.ranks.tolist() == ranks
    same_pairs = sum(a == b for a in labels for b in labels) - len(labels)
    assert (marked.matches.positives, marked.matches.negatives) == (
        same_pairs,
        len(labels) * (len(labels) - 1) - same_pairs,
    )
    shares = [sum(0 < rank <= n for rank in ranks) / max(len(ranks), 1) for n in (1, 2, 3)]
    assert marked.within(3) == pytest.approx(shares)


def test_a_perfect_curve() -> None:
    curve = roc_curve(found([(0.9, True), (0.8, True), (0.2, False), (0.1, False)]))
    assert (curve.area, curve.equal_error) == (1.0, 0.0)
    corners = curve.corners()
    assert (corners.fpr.tolist(), corners.tpr.tolist()) == ([0, 0, 1], [0, 1, 1])
    assert isinstance(corners, RocCurve)
