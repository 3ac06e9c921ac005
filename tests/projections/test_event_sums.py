"""Statistics from sums of hours are those of the events themselves, whatever happens to them."""

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.log.port import Batch
from domain.recognitions import EventDeleted, EventRecorded
from projections import event_statistics as statistics
from projections.database import Reader
from projections.event_columns import event_row
from projections.event_hours import CUBOIDS, DIMENSIONS, number_of, sum_hours
from projections.event_statistics import (
    AGGREGATORS,
    COLUMNS,
    OPERATORS,
    Condition,
    Interval,
    StatQuery,
    Target,
    event_statistics,
)
from projections.event_sums import NotSummed, Sums
from projections.events import EVENTS
from projections.history import PostgresLog
from projections.rebuild import rebuild
from projections.verify import verify
from tests.support.events import EventPool, recorded
from tests.support.log import MASTER, open_log, prepare
from tests.support.postgres import Databases

ACCOUNTS = [uuid4(), uuid4()]
START = datetime(2026, 3, 1, 22, tzinfo=UTC)
AT_ONCE = timedelta(0)
SUMMED = sorted(
    name for name, column in COLUMNS.items() if column.sql in {*DIMENSIONS, "create_time"}
)


class Life:
    """Events of two accounts that come and go, and questions about those that are there."""

    def __init__(self, dsn: str) -> None:
        self.dsn = dsn
        self.pool = EventPool(3)
        self.random = random.Random(4)
        self.log: PostgresLog = open_log(dsn)
        self.reader = Reader(dsn)
        self.reader.open()
        self.there: dict[UUID, EventRecorded] = {}

    def close(self) -> None:
        self.log.close()
        self.reader.close()

    def add(self, count: int, hours: int = 4) -> None:
        added = []
        for _ in range(count):
            account_id = self.random.choice(ACCOUNTS)
            event = self.pool.one(account_id)
            event = recorded(
                account_id,
                event.generated,
                handler_id=event.handler_id,
                create_time=START + timedelta(minutes=self.random.randrange(60 * hours)),
            )
            self.there[event.originator_id] = event
            added.append((event, ""))
        self.log.commit(Batch(recognitions=added))

    def delete(self, count: int) -> None:
        chosen = self.random.sample(sorted(self.there), min(count, len(self.there)))
        now = datetime.now(UTC)
        gone = [EventDeleted(i, 2, now, self.there.pop(i).account_id) for i in chosen]
        self.log.commit(Batch(recognitions=[(event, "") for event in gone]))

    def sum(self) -> None:
        with psycopg.connect(self.dsn, autocommit=True) as connection:
            sum_hours(connection, 10, AT_ONCE)

    def rebuild(self) -> None:
        rebuild(self.dsn, EVENTS, MASTER)

    def answers(self, query: StatQuery, account_id: UUID | None) -> tuple[Any, Any]:
        """What sums tell and what the events themselves do."""
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Sums, "are_worth_it", lambda *_: True)
            told = event_statistics(self.reader, account_id, query)
            patch.setattr(statistics, "_sums", lambda *_: None)
            return told, event_statistics(self.reader, account_id, query)

    def whole(self) -> int:
        """How many hours are answered by sums of no dimensions."""
        sums = Sums(StatQuery())
        known, values = sums.known(None)
        rows = self.reader.fetch_all(known, values)
        return sum(row["sums_id"] is not None for row in rows)


@pytest.fixture(scope="module")
def life(databases: Databases) -> Iterator[Life]:
    with databases.fresh(prepare) as dsn:
        made = Life(dsn)
        yield made
        made.close()


moments = st.integers(-30, 300).map(lambda minutes: START + timedelta(minutes=minutes))
moments |= st.integers(-1, 6).map(lambda hours: START + timedelta(hours=hours))


@st.composite
def conditions(draw: st.DrawFn) -> Condition:
    name = draw(st.sampled_from(["create_time", *SUMMED]))
    kind = COLUMNS[name].kind
    operator: Any = draw(st.sampled_from(sorted(OPERATORS[kind])))
    if kind == "time":
        value: Any = draw(moments)
    elif kind == "text":
        value = draw(st.sampled_from(["gate", "hall", "good", "city 1", "a"]))
    elif kind == "uuid":
        value = draw(st.sampled_from([*EventPool(3).ids[:3], *ACCOUNTS]))
    else:
        value = draw(st.integers(0, 50))
    if operator in ("in", "nin"):
        value = [value]
    elif operator in ("eq", "neq"):
        value = draw(st.sampled_from([value, None]))
    return Condition(name, operator, value)


targets = st.sampled_from(
    [Target(n, a) for n in [*SUMMED, "event_id", "account_id"]
     for a in sorted(AGGREGATORS[COLUMNS[n].kind]) if (n, a) != ("event_id", "group_by")]
)  # fmt: skip
by_time = st.sampled_from(
    [None, "hourOfDay", "dayOfWeek", "dayOfMonth", "monthOfYear", Interval(1, "h"),
     Interval(30, "m"), Interval(120, "m"), Interval(1, "d"), Interval(1, "M")]
)  # fmt: skip
queries = st.builds(
    StatQuery,
    st.lists(targets, min_size=1, max_size=3),
    st.lists(conditions(), max_size=2),
    by_time,
)
steps = st.sampled_from(["add", "add", "delete", "sum", "sum", "rebuild"])


@settings(max_examples=25, deadline=None)
@given(
    st.lists(steps, max_size=2), st.lists(queries, max_size=8), st.sampled_from([*ACCOUNTS, None])
)
def test_sums_and_events_tell_the_same(
    life: Life, done: list[str], asked: list[StatQuery], account_id: UUID | None
) -> None:
    for step in done:
        if step in ("add", "delete"):
            getattr(life, step)(life.random.randrange(1, 40))
        else:
            getattr(life, step)()
    for query in asked:
        told, counted = life.answers(query, account_id)
        assert told == counted
    told, _ = life.answers(StatQuery(), None)
    assert told["stats"] == [[len(life.there)]]


bounds = st.one_of(st.none(), moments)


def test_a_change_is_counted_at_once_and_its_hour_summed_again(life: Life) -> None:
    life.add(300)
    life.sum()
    assert life.whole() == 8
    assert verify(life.dsn, EVENTS, MASTER).differences == 0

    life.add(1, hours=1)
    assert life.whole() == 7
    assert life.answers(StatQuery(), None)[0]["stats"] == [[len(life.there)]]
    life.sum()
    assert life.whole() == 8
    life.delete(1)
    assert life.whole() == 7
    life.rebuild()
    assert life.whole() == 0
    life.sum()
    assert life.whole() == 8


def test_an_hour_is_not_summed_while_somebody_who_saw_its_mark_may_still_change_it(
    life: Life,
) -> None:
    life.add(300)
    life.sum()
    life.add(1, hours=1)
    columns = "account_id, create_time, end_time, insert_time, descriptor_ids"
    with psycopg.connect(life.dsn) as slow:
        slow.execute(
            f"INSERT INTO events (event_id, {columns}) SELECT gen_random_uuid(), {columns} "
            "FROM events WHERE create_time < %s LIMIT 1 FOR SHARE",
            [START + timedelta(hours=1)],
        )
        life.sum()
        assert life.whole() < 8
        slow.rollback()
    life.sum()
    assert life.whole() == 8


def test_nothing_is_left_of_the_sums_of_an_hour_that_changed(life: Life) -> None:
    life.add(200)
    life.sum()
    with psycopg.connect(life.dsn) as connection:
        found = connection.execute(
            "SELECT count(*) FROM event_sums WHERE sums_id NOT IN "
            "(SELECT sums_id FROM event_hours WHERE sums_id IS NOT NULL)"
        ).fetchone()
    assert found == (0,)


def test_young_hours_are_left_to_rest(life: Life) -> None:
    life.add(300)
    with psycopg.connect(life.dsn, autocommit=True) as connection:
        before = connection.execute("SELECT count(*) FROM event_hour_marks").fetchone()
        assert not sum_hours(connection, 10)
        assert connection.execute("SELECT count(*) FROM event_hour_marks").fetchone() == before


@pytest.mark.parametrize(
    "query",
    [
        StatQuery([Target("user_data", "group_by")]),
        StatQuery([Target("end_time", "max")]),
        StatQuery([Target("create_time", "group_by")]),
        StatQuery(by_time=Interval(90, "m")),
        StatQuery(conditions=[Condition("create_time", "in", [START])]),
        StatQuery(conditions=[Condition("external_id", "eq", "A")]),
    ],
)
def test_what_sums_do_not_tell_apart_is_counted_from_events(query: StatQuery) -> None:
    with pytest.raises(NotSummed):
        Sums(query)


def test_each_set_of_dimensions_is_summed_once() -> None:
    numbers = [number_of(one) for one in CUBOIDS]

    assert len(set(numbers)) == len(numbers)
    assert max(numbers) < 2**15
    assert set(DIMENSIONS) <= set(event_row(EventPool(1).one(ACCOUNTS[0])))
