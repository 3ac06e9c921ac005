"""Gatherings: they begin with enough counts in a row, and end with as many that are too small."""

from itertools import groupby, pairwise

from hypothesis import given
from hypothesis import strategies as st

from domain.shared.geometry import Point
from inference.video.crowd import Count, Crowd, Gathering


def gatherings(counts: list[int], *, probes: int, threshold: int = 0) -> list[Gathering]:
    """What comes of counts of people, one a second."""
    crowd = Crowd.__new__(Crowd)  # the pack is only needed to look at frames
    crowd._step, crowd._probes, crowd._threshold = 1, probes, threshold
    crowd._above = crowd._below = 0
    crowd._open, crowd.gatherings = None, []
    for second, count in enumerate(counts):
        crowd.take(Count(float(second), (Point(1, 2),) * count))
    return crowd.gatherings


def spans(counts: list[int], *, probes: int, threshold: int = 0) -> list[tuple[float, float]]:
    """From when to when the gatherings last."""
    found = gatherings(counts, probes=probes, threshold=threshold)
    return [(one.counts[0].time_s, one.counts[-1].time_s) for one in found]


def test_a_gathering_begins_with_the_last_of_its_probes() -> None:
    assert spans([2, 2, 2, 2, 2], probes=2) == [(1, 4)]
    assert spans([1, 0, 1, 0, 1], probes=2) == []


def test_a_gathering_ends_with_its_last_count_above_the_threshold() -> None:
    assert spans([3, 3, 0, 3, 0, 0, 3], probes=2) == [(1, 3)]
    assert spans([3, 3, 1, 1, 3, 3], probes=2, threshold=1) == [(1, 1), (5, 5)]


@given(st.lists(st.integers(0, 3), max_size=30), st.integers(1, 4), st.integers(0, 2))
def test_gatherings_are_apart_and_hold_what_is_above(
    counts: list[int], probes: int, threshold: int
) -> None:
    found = spans(counts, probes=probes, threshold=threshold)

    longest = max(
        (len(list(run)) for above, run in groupby(counts, lambda n: n > threshold) if above),
        default=0,
    )
    assert bool(found) == (longest >= probes)
    for begin, end in found:
        assert begin <= end
        assert counts[int(begin)] > threshold
    assert all(one[1] < two[0] for one, two in pairwise(found))
