"""Working hours: sets mean the union of their stretches, and edges are where work changes."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from domain.working_hours import as_told, at_work, merged, next_change, working

START = datetime(2026, 1, 1, tzinfo=UTC)


def at(minute: int) -> datetime:
    """A time within the day."""
    return START + timedelta(minutes=minute)


stretches = st.tuples(st.integers(0, 60), st.integers(1, 20)).map(
    lambda pair: (at(pair[0]), at(sum(pair)))
)
some_sets = st.dictionaries(
    st.integers(0, 4).map(str), st.lists(stretches, min_size=1, max_size=4).map(as_told), max_size=3
)
moments = st.integers(-5, 90).map(at)


@given(some_sets, moments)
def test_merging_changes_nothing_about_when_it_works(sets: dict, now: datetime) -> None:  # type: ignore[type-arg]
    whole = merged(sets)

    assert all(one[1] < two[0] for one, two in pairwise(whole))
    assert working(sets, now) == (not sets or any(a <= now < b for a, b in whole))


@given(st.lists(some_sets, max_size=3), moments)
def test_work_changes_first_at_the_next_change(schedules: list, now: datetime) -> None:  # type: ignore[type-arg]
    change = next_change(schedules, now)

    later = [at(minute) for minute in range(-5, 90) if at(minute) > now]
    first = next((one for one in later if at_work(schedules, one) != at_work(schedules, now)), None)
    # One may stop just when another begins: the edge is there, though as many are at work.
    assert change is None or change > now
    if first is not None:
        assert change is not None
        assert change <= first


def test_the_beginning_belongs_to_a_stretch_and_the_end_does_not() -> None:
    sets = {"0": as_told([(at(0), at(10))])}

    assert [working(sets, at(minute)) for minute in (-1, 0, 9, 10)] == [False, True, True, False]
    assert working({}, at(0))
    assert next_change([sets, {}], at(0)) == at(10)
    assert next_change([{}], at(0)) is None
