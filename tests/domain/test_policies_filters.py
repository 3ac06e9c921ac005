"""Filters of policies: who passes."""

from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.event_matches import Candidate, EventMatch
from domain.policies.filters import EVERYBODY, PolicyFilters, Seen
from domain.policies.run_match import seen_of
from domain.shared.estimations import BasicAttributes, Ethnicities, Gender, Liveness

FULL = Seen(gender=1, age=30, ethnicity=3, liveness=1, similarities={"staff": (0.9, 0.4)})

CONDITIONS: dict[str, tuple[Any, Any]] = {  # one that FULL meets, one that it does not
    "gender": (1, 0),
    "ethnicities": ([1, 3], [1, 2]),
    "age__lt": (31, 30),
    "age__gte": (30, 31),
    "liveness": ([1, 2], [0]),
    "match": ([{"label": "staff"}], [{"label": "guests"}]),
}


def filters(**conditions: Any) -> PolicyFilters:
    """Filters of JSON values."""
    return PolicyFilters.model_validate(conditions)


def test_without_conditions_everybody_passes() -> None:
    assert EVERYBODY.passes(FULL)
    assert EVERYBODY.passes(Seen())


@given(st.dictionaries(st.sampled_from(sorted(CONDITIONS)), st.booleans()))
def test_all_conditions_must_hold(wanted: dict[str, bool]) -> None:
    given_filters = {name: CONDITIONS[name][0 if met else 1] for name, met in wanted.items()}

    assert filters(**given_filters).passes(FULL) is all(wanted.values())


@pytest.mark.parametrize("name", sorted(CONDITIONS))
def test_what_was_not_estimated_does_not_pass(name: str) -> None:
    assert not filters(**{name: CONDITIONS[name][0]}).passes(Seen())


def test_an_empty_list_is_met_by_nobody() -> None:
    assert not filters(ethnicities=[]).passes(FULL)
    assert not filters(liveness=[]).passes(FULL)


@pytest.mark.parametrize(
    ("low", "high", "passes"),
    [
        (None, None, True),
        (0.9, 0.9, True),
        (0.4, 0.4, True),
        (0.91, None, False),
        (None, 0.39, False),
        (0.41, 0.89, False),
        (0.5, 0.95, True),
    ],
)
def test_one_candidate_within_both_bounds_is_enough(
    low: float | None, high: float | None, passes: bool
) -> None:
    bounds = {"similarity__gte": low, "similarity__lte": high}
    wanted = {"label": "staff", **{k: v for k, v in bounds.items() if v is not None}}

    assert filters(match=[wanted]).passes(FULL) is passes


def test_every_label_must_hold() -> None:
    both = filters(match=[{"label": "staff"}, {"label": "guests"}])
    found = {"staff": (0.9,), "guests": (0.1,)}

    assert both.passes(Seen(similarities=found))
    assert not both.passes(Seen(similarities={**found, "guests": ()}))
    assert both.labels == ("staff", "guests")


def test_what_filters_judge_is_what_was_estimated_and_matched() -> None:
    basic = BasicAttributes(29.6, Gender.FEMALE, Ethnicities(0.1, 0.2, 0.6, 0.1))
    living = Liveness(quality=0.9, score=0.2, quality_threshold=0.5, liveness_threshold=0.5)

    assert seen_of(basic, living) == Seen(
        gender=0, age=30, ethnicity=4, liveness=0, similarities={}
    )
    assert seen_of(BasicAttributes(140.0, Gender.MALE), None) == Seen(gender=1, age=100)
    assert seen_of(None, None) == Seen()


def test_candidates_of_equal_labels_count_together() -> None:
    def match(label: str, *similarities: float) -> EventMatch:
        return EventMatch(label, tuple(Candidate("face", uuid4(), s) for s in similarities))

    seen = seen_of(None, None, [match("a", 0.9, 0.1), match("b"), match("a", 0.5)])

    assert seen.similarities == {"a": [0.9, 0.1, 0.5], "b": []}
