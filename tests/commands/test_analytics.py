"""Analytics: what each command makes of a history."""

from uuid import uuid4

import pytest

from commands.analytics import CreateAnalytic, DeleteAnalytics, ReplaceAnalytic
from domain.analytics import (
    Analytic,
    AnalyticNameTaken,
    AnalyticNotFound,
    BadParameters,
    checked_parameters,
)
from tests.support.scenario import Scenario

ACCOUNT, OTHER = uuid4(), uuid4()
CARS = {"analytic_name": "cars"}


def test_registering_is_one_fact() -> None:
    analytic_id = uuid4()
    Scenario().given().when(
        CreateAnalytic(account_id=ACCOUNT, analytic_id=analytic_id, content=CARS)
    ).then((Analytic.Created, {"originator_id": analytic_id, "content": CARS}))


def test_the_name_of_what_everybody_has_is_taken() -> None:
    everybodys = {"analytic_name": "human_tracking"}
    Scenario().given().when(CreateAnalytic(account_id=ACCOUNT, content=everybodys)).then_refused(
        AnalyticNameTaken
    )
    mine = Analytic(ACCOUNT, CARS)
    Scenario().given(mine).when(
        ReplaceAnalytic(account_id=ACCOUNT, analytic_id=mine.id, content=everybodys)
    ).then_refused(AnalyticNameTaken)


def test_a_foreign_analytic_is_not_replaced() -> None:
    theirs = Analytic(OTHER, CARS)
    Scenario().given(theirs).when(
        ReplaceAnalytic(account_id=ACCOUNT, analytic_id=theirs.id, content=CARS)
    ).then_refused(AnalyticNotFound)


def test_deleting_takes_what_is_there_and_own() -> None:
    mine, theirs = Analytic(ACCOUNT, CARS), Analytic(OTHER, CARS)
    ids = (mine.id, theirs.id, uuid4(), mine.id)
    Scenario().given(mine, theirs).when(DeleteAnalytics(account_id=ACCOUNT, analytic_ids=ids)).then(
        (Analytic.Deleted, {"originator_id": mine.id})
    )


def test_parameters_fit_the_schema_or_are_refused_by_their_path() -> None:
    schema = {"properties": {"lane": {"type": "integer"}}, "required": ["lane"]}
    assert checked_parameters("cars", schema, {"lane": 1}) == {"lane": 1}
    with pytest.raises(BadParameters, match="Path: 'lane'"):
        checked_parameters("cars", schema, {"lane": "left"})
    with pytest.raises(BadParameters, match="required"):
        checked_parameters("cars", schema, {})


def test_a_schema_that_speaks_of_itself_comes_to_an_end() -> None:
    deep: dict[str, object] = {}
    for _ in range(100):
        deep = {"a": deep}
    schema = {"properties": {"a": {"$ref": "#"}}}
    assert checked_parameters("cars", schema, deep) == deep
