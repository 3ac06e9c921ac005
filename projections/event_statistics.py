"""Statistics of events: counts and extremes, by fields and by time."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final, Literal
from uuid import UUID

from psycopg.sql import SQL, Composable, Identifier

from domain.shared.fields import written
from domain.shared.refusal import Refusal
from projections.database import Reader, owned_by
from projections.event_sums import NotSummed, Sums

MOST_ROWS: Final = 100_000
"""How many groups an answer may have."""

Kind = Literal["text", "id", "number", "uuid", "time"]
Aggregator = Literal["count", "group_by", "max", "min", "avg"]
Operator = Literal["eq", "neq", "gt", "gte", "lt", "lte", "in", "nin", "like"]
Unit = Literal["s", "m", "h", "d", "w", "M", "y"]
Frequency = Literal["hourOfDay", "dayOfWeek", "dayOfMonth", "monthOfYear"]


class TooManyGroups(Refusal):
    """Statistics would have more rows than an answer may; narrow the period or group by less."""

    detail = "Statistics have more than {} rows"


@dataclass(frozen=True, slots=True)
class Column:
    """A field of events that statistics know: its SQL, and what its values are.

    An `id` is a number that stands for a word, so it has no average and no order.
    """

    sql: str
    kind: Kind


def _body(column: str, path: str, kind: Kind) -> Column:
    at = f"{column} #> '{{{path}}}'"
    if kind == "text":
        return Column(f"({column} #>> '{{{path}}}')", kind)
    return Column(f"CASE jsonb_typeof({at}) WHEN 'number' THEN ({at})::int END", kind)


_PATH: Final = re.compile(
    r"(?P<path>[\w-]{1,64}(\.[\w-]{1,64}){0,15})(:(?P<type>string|integer|numeric))?", re.ASCII
)
_CONTENT: Final[Mapping[str, tuple[str, str, Kind]]] = {
    "string": ("string", "text", "text"),
    "integer": ("number", "numeric", "number"),
    "numeric": ("number", "numeric", "number"),
}

COLUMNS: Final[Mapping[str, Column]] = {
    **{name: Column(name, "uuid") for name in ("event_id", "account_id", "handler_id")},
    **{name: Column(name, "uuid") for name in ("face_id", "stream_id")},
    **{name: Column(name, "time") for name in ("create_time", "end_time", "insert_time")},
    **{name: Column(name, "text") for name in ("external_id", "user_data", "source", "track_id")},
    **{n: Column(n, "text") for n in ("city", "area", "district", "street", "house_number")},
    **{n: Column(n, "id") for n in ("gender", "emotion", "mask", "ethnic_group", "liveness")},
    "deepfake": Column("deepfake", "id"),
    "age": Column("age", "number"),
    "top_matching_candidates_label": Column("top_label", "text"),
    "top_similar_object_id": Column("top_object_id", "uuid"),
    "top_similar_external_id": Column("top_external_id", "text"),
    "top_similar_object_similarity": Column("top_similarity", "number"),
    "apparent_age": _body("body_basic_attributes", "apparent_age", "number"),
    "apparent_gender": _body("body_basic_attributes", "apparent_gender", "id"),
    "headwear_state": _body("upper_body", "headwear,state", "id"),
    "headwear_apparent_color": _body("upper_body", "headwear,apparent_color", "text"),
    "sleeve_length": _body("upper_body", "sleeve,length", "text"),
    "lower_garment_type": _body("lower_body", "lower_garment,type", "text"),
    "shoes_apparent_color": _body("lower_body", "shoes,apparent_color", "text"),
    "backpack_state": _body("accessories", "backpack,state", "id"),
}
"""What statistics of handler events may name."""


@dataclass(frozen=True, slots=True)
class Counted:
    """A table of events with what statistics may name; nothing else ever reaches the SQL.

    With `content`, `<content>.<path>` and `<content>.<path>:<type>` name what lies at a path in
    the jsonb column `content`.
    """

    table: str
    columns: Mapping[str, Column]
    content: str | None = None

    def column(self, name: str) -> Column:
        """The column of a name; KeyError if there is none."""
        if name in self.columns:
            return self.columns[name]
        word, dot, path = name.partition(".")
        found = _PATH.fullmatch(path)
        if not dot or word != self.content or found is None:
            raise KeyError(name)
        at = "{" + ",".join(f'"{part}"' for part in found["path"].split(".")) + "}"
        of_json, of_sql, kind = _CONTENT[found["type"] or "string"]
        value = f"(content #>> '{at}')::{of_sql}"
        return Column(
            f"CASE jsonb_typeof(content #> '{at}') WHEN '{of_json}' THEN {value} END", kind
        )


EVENTS: Final = Counted("events", COLUMNS)
GENERAL_EVENTS: Final = Counted(
    "general_events",
    {
        **{n: COLUMNS[n] for n in ("event_id", "account_id", "stream_id", "source", "track_id")},
        **{n: COLUMNS[n] for n in ("create_time", "end_time", "insert_time")},
        **{n: COLUMNS[n] for n in ("city", "area", "district", "street", "house_number")},
        "event_type": Column("event_type", "text"),
        "longitude": Column("longitude", "number"),
        "latitude": Column("latitude", "number"),
    },
    content="event",
)

AGGREGATORS: Final[Mapping[Kind, frozenset[str]]] = {
    "text": frozenset({"count", "group_by"}),
    "uuid": frozenset({"count", "group_by"}),
    "id": frozenset({"count", "group_by"}),
    "time": frozenset({"count", "group_by", "max", "min"}),
    "number": frozenset({"count", "group_by", "max", "min", "avg"}),
}
_ORDERED: Final = frozenset({"eq", "neq", "gt", "gte", "lt", "lte", "in", "nin"})
OPERATORS: Final[Mapping[Kind, frozenset[str]]] = {
    "text": frozenset({"eq", "neq", "in", "nin", "like"}),
    "uuid": frozenset({"eq", "neq", "in", "nin"}),
    "id": frozenset({"eq", "neq", "in", "nin"}),
    "time": _ORDERED,
    "number": _ORDERED,
}


@dataclass(frozen=True, slots=True)
class Target:
    """A column of the answer: a grouping key, or a function over each group."""

    column: str
    aggregator: Aggregator = "count"


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition on the events; `value` is of the column's kind, a list for in and nin."""

    column: str
    operator: Operator
    value: Any


@dataclass(frozen=True, slots=True)
class Interval:
    """Grouping by stretches of time that follow one another; weeks begin on Mondays."""

    amount: int
    unit: Unit


@dataclass(frozen=True, slots=True)
class StatQuery:
    """What is asked: columns, conditions, and the grouping by creation time, if any."""

    targets: Sequence[Target] = (Target("event_id"),)
    conditions: Sequence[Condition] = ()
    by_time: Interval | Frequency | None = None


_COMPARED: Final = {"eq": "=", "neq": "<>", "gt": ">", "gte": ">=", "lt": "<", "lte": "<="}
_TYPES: Final = {"text": "text", "uuid": "uuid", "id": "int", "time": "timestamptz"}
_LENGTHS: Final = {"s": "second", "m": "minute", "h": "hour", "d": "day", "w": "week"}
_CLOCK: Final = "(create_time AT TIME ZONE 'UTC')"
_FREQUENCIES: Final = {
    "hourOfDay": f"extract(hour FROM {_CLOCK})::int",
    "dayOfWeek": f"extract(isodow FROM {_CLOCK})::int",
    "dayOfMonth": f"extract(day FROM {_CLOCK})::int",
    "monthOfYear": f"extract(month FROM {_CLOCK})::int",
}
_DAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS: Final = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September",
    "October", "November", "December",
)  # fmt: skip
_NAMES: Final = {"dayOfWeek": _DAYS, "monthOfYear": _MONTHS}


def event_statistics(
    db: Reader, account_id: UUID | None, query: StatQuery, of: Counted = EVENTS
) -> dict[str, Any]:
    """The contract's `EventStats`: grouping by time, then fields (the last first), then functions.

    Rows are in the order of their groups; what is not known comes last.
    """
    groups = [target for target in reversed(query.targets) if target.aggregator == "group_by"]
    functions = [target for target in query.targets if target.aggregator != "group_by"]
    keys = [of.column(target.column).sql for target in groups]
    if query.by_time is not None:
        keys.insert(0, _by_time(query.by_time))
    owner, values = owned_by(account_id)
    source: Composable = Identifier(of.table)
    if (sums := _sums(db, account_id, query, of)) is not None:
        source, of_source = sums.rows(account_id)
        values = [*of_source, *values]
    clauses: list[Composable] = [owner]
    for condition in query.conditions:
        clause, of_clause = _condition(condition, of)
        clauses.append(clause)
        values += of_clause
    shown = [*keys, *(_function(target, of, sums) for target in functions)]
    named = SQL(", ").join(SQL(f"{sql} AS c{n}") for n, sql in enumerate(shown))
    numbers = ", ".join(str(n + 1) for n in range(len(keys)))
    ordered = ", ".join(f"{n + 1} NULLS LAST" for n in range(len(keys)))
    grouping = SQL(f"GROUP BY {numbers} ORDER BY {ordered}" if keys else "")
    statement = SQL("SELECT {} FROM {} WHERE {} {} LIMIT %s").format(
        named, source, SQL(" AND ").join(clauses), grouping
    )
    rows = db.fetch_all(statement, [*values, MOST_ROWS + 1])
    if len(rows) > MOST_ROWS:
        raise TooManyGroups(MOST_ROWS)
    names = _NAMES.get(query.by_time) if isinstance(query.by_time, str) else None
    return {
        "fields": _fields(query.by_time, [*groups, *functions]),
        "stats": [_row(list(row.values()), names) for row in rows],
    }


def _sums(db: Reader, account_id: UUID | None, query: StatQuery, of: Counted) -> Sums | None:
    try:
        sums = Sums(query)
    except NotSummed:
        return None
    return sums if of is EVENTS and sums.are_worth_it(db, account_id) else None


def _function(target: Target, of: Counted, sums: Sums | None) -> str:
    if sums is not None:
        return sums.function(target)
    return f"{target.aggregator}({of.column(target.column).sql})"


def _fields(by_time: Interval | Frequency | None, targets: Sequence[Target]) -> list[str]:
    said = [f"{target.column}, aggregator '{target.aggregator}'" for target in targets]
    if by_time is None:
        return said
    how = by_time if isinstance(by_time, str) else f"{by_time.amount}{by_time.unit}"
    return [f"Group by time: {how}", *said]


def _row(values: list[Any], names: Sequence[str] | None) -> list[Any]:
    if names is not None:
        values[0] = names[values[0] - 1]
    return [_plain(value) for value in values]


def _plain(value: Any) -> Any:
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, datetime):
        return written(value.astimezone(UTC))
    return float(value) if isinstance(value, Decimal) else value


def _by_time(how: Interval | Frequency) -> str:
    if isinstance(how, str):
        return _FREQUENCIES[how]
    amount = int(how.amount)
    if how.unit in _LENGTHS:
        step = f"interval '{amount} {_LENGTHS[how.unit]}'"
        return f"date_bin({step}, create_time, timestamptz '1970-01-05 00:00:00+00')"
    months = amount * (12 if how.unit == "y" else 1)
    counted = f"(extract(year FROM {_CLOCK})::int * 12 + extract(month FROM {_CLOCK})::int - 1)"
    first = f"({counted} / {months} * {months})"
    return f"make_timestamptz({first} / 12, {first} %% 12 + 1, 1, 0, 0, 0, 'UTC')"


def _condition(condition: Condition, of: Counted) -> tuple[Composable, list[Any]]:
    column, value = of.column(condition.column), condition.value
    if condition.operator == "like":
        return SQL(f"strpos({column.sql}, %s) > 0"), [value]
    if condition.operator in ("in", "nin"):
        compared = "= ANY" if condition.operator == "in" else "<> ALL"
        kind = _TYPES.get(column.kind, "double precision")
        return SQL(f"{column.sql} {compared}(%s::{kind}[])"), [list(value)]
    if value is None:
        unknown = "IS NULL" if condition.operator == "eq" else "IS NOT NULL"
        return SQL(f"{column.sql} {unknown}"), []
    return SQL(f"{column.sql} {_COMPARED[condition.operator]} %s"), [value]
