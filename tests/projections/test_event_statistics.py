"""Statistics are what counting by hand gives."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.log.port import Batch
from domain.shared.fields import written
from projections import event_statistics as statistics
from projections.database import Reader
from projections.event_statistics import (
    AGGREGATORS,
    COLUMNS,
    Condition,
    Interval,
    StatQuery,
    Target,
    TooManyGroups,
    event_statistics,
)
from tests.projections.event_oracle import flat
from tests.support.events import EventPool
from tests.support.log import open_log, prepare
from tests.support.postgres import Databases

MINE, THEIRS = uuid4(), uuid4()
POOL = EventPool(11)
EVENTS = [POOL.one(MINE) for _ in range(120)] + [POOL.one(THEIRS) for _ in range(20)]
FLAT = [flat(event) for event in EVENTS]

PATHS = {
    **{n: f"location.{n}" for n in ("city", "area", "district", "street", "house_number")},
    "top_matching_candidates_label": "top_match.label",
    "top_similar_external_id": "top_match.external_id",
    "top_similar_object_similarity": "top_match.similarity",
    "apparent_age": "body_basic_attributes.apparent_age",
    "apparent_gender": "body_basic_attributes.apparent_gender",
    "headwear_state": "upper_body.headwear.state",
    "headwear_apparent_color": "upper_body.headwear.apparent_color",
    "sleeve_length": "upper_body.sleeve.length",
    "lower_garment_type": "lower_body.lower_garment.type",
    "shoes_apparent_color": "lower_body.shoes.apparent_color",
    "backpack_state": "accessories.backpack.state",
}
FUNCTIONS: dict[str, Callable[[Sequence[Any]], Any]] = {
    "count": len,
    "max": lambda known: max(known, default=None),
    "min": lambda known: min(known, default=None),
    "avg": lambda known: sum(known) / len(known) if known else None,
}


@pytest.fixture(scope="module")
def db(databases: Databases) -> Iterator[Reader]:
    with databases.fresh(prepare) as dsn:
        log = open_log(dsn)
        log.commit(Batch(recognitions=[(event, "") for event in EVENTS]))
        log.close()
        reader = Reader(dsn)
        reader.open()
        yield reader
        reader.close()


def value_of(event: dict[str, Any], column: str) -> Any:
    if column == "top_similar_object_id":
        top = event["top_match"] or {}
        return top.get("face_id") or top.get("event_id")
    value: Any = event
    for name in PATHS.get(column, column).split("."):
        value = None if value is None else value.get(name)
    return value


def shown(value: Any) -> Any:
    return written(value) if isinstance(value, datetime) else value


def by_hand(targets: Sequence[Target]) -> dict[tuple[Any, ...], tuple[Any, ...]]:
    """The functions by group, counted in Python."""
    keys = [t.column for t in reversed(targets) if t.aggregator == "group_by"]
    functions = [t for t in targets if t.aggregator != "group_by"]
    groups: dict[tuple[Any, ...], list[dict[str, Any]]] = defaultdict(list)
    for event in FLAT[:120]:
        groups[tuple(shown(value_of(event, key)) for key in keys)].append(event)
    found = {}
    for key, events in groups.items():
        row = []
        for target in functions:
            known = [v for e in events if (v := value_of(e, target.column)) is not None]
            row.append(shown(FUNCTIONS[target.aggregator](known)))
        found[key] = tuple(row)
    return found


targets = st.sampled_from(
    [Target(n, a) for n, c in COLUMNS.items() for a in sorted(AGGREGATORS[c.kind])]  # type: ignore[arg-type]
)


@settings(max_examples=150, deadline=None)
@given(st.lists(targets, min_size=1, max_size=5))
def test_any_targets_give_what_counting_by_hand_gives(db: Reader, asked: list[Target]) -> None:
    keys = [t for t in reversed(asked) if t.aggregator == "group_by"]
    functions = [t for t in asked if t.aggregator != "group_by"]

    answer = event_statistics(db, MINE, StatQuery(asked))

    assert answer["fields"] == [
        f"{t.column}, aggregator '{t.aggregator}'" for t in keys + functions
    ]
    rows = [(tuple(row[: len(keys)]), tuple(row[len(keys) :])) for row in answer["stats"]]
    right = by_hand(asked)
    assert len(rows) == len(right)
    for key, values in rows:
        assert values == pytest.approx(right[key])


def starts(**length: int) -> Callable[[datetime], str]:
    """The start of the stretch that a time lies in."""
    monday, step = datetime(1970, 1, 5, tzinfo=UTC), timedelta(**length)
    return lambda moment: written(monday + (moment - monday) // step * step)


@pytest.mark.parametrize(
    ("how", "group"),
    [
        ("dayOfWeek", lambda t: t.strftime("%A")),
        ("hourOfDay", lambda t: t.hour),
        ("dayOfMonth", lambda t: t.day),
        ("monthOfYear", lambda t: t.strftime("%B")),
        (Interval(7000, "s"), starts(seconds=7000)),
        (Interval(90, "m"), starts(minutes=90)),
        (Interval(5, "h"), starts(hours=5)),
        (Interval(1, "d"), starts(days=1)),
        (Interval(1, "w"), starts(weeks=1)),
        (Interval(1, "M"), lambda t: written(t.replace(day=1, hour=0))),
        (Interval(3, "M"), lambda t: "2026-01-01T00:00:00Z"),
        (Interval(5, "M"), lambda t: "2025-11-01T00:00:00Z"),
        (Interval(1, "y"), lambda t: "2026-01-01T00:00:00Z"),
        (Interval(1000, "y"), lambda t: "2000-01-01T00:00:00Z"),
    ],
)
def test_events_are_grouped_by_time(db: Reader, how: Any, group: Callable[..., Any]) -> None:
    counted: dict[Any, int] = defaultdict(int)
    for event in EVENTS[:120]:
        counted[group(event.create_time)] += 1

    answer = event_statistics(db, MINE, StatQuery(by_time=how))

    name = how if isinstance(how, str) else f"{how.amount}{how.unit}"
    assert answer["fields"] == [f"Group by time: {name}", "event_id, aggregator 'count'"]
    assert dict(map(tuple, answer["stats"])) == counted
    keys = [row[0] for row in answer["stats"]]
    days = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
    assert keys == (sorted(keys, key=days.index) if how == "dayOfWeek" else sorted(keys))


@pytest.mark.parametrize(
    ("column", "operator", "value"),
    [
        ("source", "eq", "gate"),
        ("source", "neq", "gate"),
        ("source", "eq", None),
        ("source", "neq", None),
        ("source", "in", ["gate", "hall"]),
        ("source", "nin", ["gate"]),
        ("user_data", "like", "nn"),
        ("gender", "eq", 1),
        ("gender", "in", []),
        ("age", "gt", 30),
        ("age", "gte", 30),
        ("age", "lt", 30.5),
        ("age", "lte", 30),
        ("age", "in", [10, 30]),
        ("top_similar_object_similarity", "eq", 0.5),
        ("create_time", "gt", POOL.start + timedelta(hours=24)),
        ("create_time", "in", [EVENTS[0].create_time]),
        ("handler_id", "eq", POOL.ids[0]),
        ("handler_id", "nin", [POOL.ids[0]]),
        ("headwear_state", "eq", 1),
        ("sleeve_length", "in", ["short"]),
    ],
)
def test_conditions_narrow(db: Reader, column: str, operator: Any, value: Any) -> None:
    compared: dict[str, Callable[[Any, Any], bool]] = {
        "eq": lambda a, b: a == b, "neq": lambda a, b: a != b, "gt": lambda a, b: a > b,
        "gte": lambda a, b: a >= b, "lt": lambda a, b: a < b, "lte": lambda a, b: a <= b,
        "in": lambda a, b: a in b, "nin": lambda a, b: a not in b, "like": lambda a, b: b in a,
    }  # fmt: skip
    plain = [str(v) for v in value] if column == "handler_id" and operator == "nin" else value
    plain = str(value) if column == "handler_id" and operator == "eq" else plain
    right = 0
    for event in FLAT[:120]:
        known = value_of(event, column)
        if value is None:
            right += (known is None) == (operator == "eq")
        elif known is not None:
            right += compared[operator](known, plain)

    answer = event_statistics(db, MINE, StatQuery(conditions=[Condition(column, operator, value)]))

    assert answer["stats"] == [[right]]


def test_accounts_are_counted_apart(db: Reader) -> None:
    counts = [event_statistics(db, who, StatQuery())["stats"] for who in (MINE, THEIRS, None)]

    assert counts == [[[120]], [[20]], [[140]]]


def test_too_many_groups_are_refused(db: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(statistics, "MOST_ROWS", 119)
    by_id = StatQuery([Target("event_id", "group_by")])

    with pytest.raises(TooManyGroups, match="119 rows"):
        event_statistics(db, MINE, by_id)
    monkeypatch.setattr(statistics, "MOST_ROWS", 120)
    assert len(event_statistics(db, MINE, by_id)["stats"]) == 120
