"""Parameters about events: conditions on meta, and what is refused by name."""

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from pydantic import ValidationError

from domain.log.port import Batch
from projections.database import Reader
from projections.event_common import AnyOf
from projections.event_filters import EventConditions
from projections.events import EventFilter, list_events
from tests.support.events import recorded, rich_event
from tests.support.log import open_log, prepare
from tests.support.postgres import Databases

MINE = uuid4()
BOTH = {"origin_longitude", "origin_latitude"}
METAS: dict[str, Any] = {
    "text": {"a": {"b": "5"}},
    "five": {"a": {"b": 5}},
    "half": {"a": {"b": 7.5}},
    "yes": {"a": {"b": True}},
    "list": {"a": {"b": [5]}},
    "other": {"a": "b"},
    "none": None,
}


@pytest.fixture(scope="module")
def db(databases: Databases) -> Iterator[Reader]:
    with databases.fresh(prepare) as dsn:
        log = open_log(dsn)
        made = [recorded(MINE, rich_event(source=name, meta=meta)) for name, meta in METAS.items()]
        log.commit(Batch(recognitions=[(event, "") for event in made]))
        log.close()
        reader = Reader(dsn)
        reader.open()
        yield reader
        reader.close()


@pytest.mark.parametrize(
    ("parameter", "value", "found"),
    [
        ("meta.a.b", "5", {"text"}),
        ("meta.a.b__eq:string", "5", {"text"}),
        ("meta.a.b:integer", "5", {"five"}),
        ("meta.a.b__eq:numeric", "7.50", {"half"}),
        ("meta.a.b__neq:numeric", "5", {"half"}),
        ("meta.a.b__gt:integer", "5", {"half"}),
        ("meta.a.b__gte:integer", "5", {"five", "half"}),
        ("meta.a.b__lt:numeric", "7.5", {"five"}),
        ("meta.a.b__lte:numeric", "7.5", {"five", "half"}),
        ("meta.a.b__in:integer", "4, 5", {"five"}),
        ("meta.a.b__nin:integer", "4,5", {"half"}),
        ("meta.a.b:boolean", "true", {"yes"}),
        ("meta.a.b:boolean", "false", set()),
        ("meta.a__like", "b", {"other"}),
        ("meta.a__nlike", "c", {"other"}),
        ("meta.a.b.c", "5", set()),
        ("meta.a' OR true --", "5", set()),
        ("meta", "null", {"none"}),
    ],
)
def test_conditions_on_meta_look_at_values_of_their_type(
    db: Reader, parameter: str, value: str, found: set[str]
) -> None:
    rows = list_events(db, MINE, EventFilter.model_validate({parameter: value}))

    assert {row["source"] for row in rows} == found


@pytest.mark.parametrize(
    ("query", "at_fault"),
    [
        ({"origin_longitude": "10"}, BOTH),
        ({"longitude_delta": "1"}, BOTH),
        ({"origin_longitude": "null", "origin_latitude": "5"}, BOTH),
        ({"meta.foo__gt:integer": "much"}, {"meta.foo__gt:integer"}),
        ({"meta.foo__like:integer": "1"}, {"meta.foo__like:integer"}),
        ({"meta.foo..bar": "1"}, {"meta.foo..bar"}),
        ({"emotions": ["8"]}, {"emotions"}),
        ({"gender": ["0,1"]}, {"gender"}),
        ({"page_size": "1001"}, {"page_size"}),
        ({"order": "newest"}, {"order"}),
        ({"target": ["everything"]}, {"target"}),
        ({"create_time__gte": "1577836800"}, {"create_time__gte"}),
    ],
)  # fmt: skip
def test_a_bad_parameter_is_named(query: dict[str, Any], at_fault: set[str]) -> None:
    with pytest.raises(ValidationError) as refused:
        EventFilter.model_validate(query)

    names: set[str] = set()
    for error in refused.value.errors():
        names |= {str(error["loc"][0])} if error["loc"] else {*error["ctx"]["parameters"]}
    assert names == at_fault


def test_every_alternative_is_a_condition_with_and_without_a_page() -> None:
    fields = EventConditions.model_fields.items()
    lists = [name for name, field in fields if any(isinstance(m, AnyOf) for m in field.metadata)]
    assert "sources" in lists
    for name in lists:
        for kind in (EventConditions, EventFilter):
            clauses, values = kind.model_validate({name: ["null"]}).conditions()
            assert (len(clauses), values) == (1, []), (kind, name)
