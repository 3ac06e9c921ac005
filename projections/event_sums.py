"""Statistics from the sums of whole hours, and from the events of all others: one exact answer."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from psycopg.sql import SQL, Composable, Identifier

from projections.database import Reader, owned_by
from projections.event_hours import CUBOIDS, DIMENSIONS, number_of

if TYPE_CHECKING:
    from projections.event_statistics import StatQuery, Target

_NAMES: Final = {"top_matching_candidates_label": "top_label"}
_ALWAYS: Final = frozenset({"event_id", "account_id", "create_time", "end_time", "insert_time"})
"""Columns that every event has, so that counting them is counting events."""

_FUNCTIONS: Final[Mapping[tuple[str, str], str]] = {
    **{("count", name): "coalesce(sum(events), 0)::bigint" for name in _ALWAYS},
    ("count", "age"): "coalesce(sum(ages), 0)::bigint",
    ("min", "age"): "min(age_min)",
    ("max", "age"): "max(age_max)",
    ("avg", "age"): "sum(age_sum)::numeric / nullif(sum(ages), 0)::numeric",
    ("min", "create_time"): "min(time_min)",
    ("max", "create_time"): "max(time_max)",
}
_ENDS: Final = "hour + interval '1 hour' <= %s"
_GOES_ON: Final = "hour > %s - interval '1 hour'"
_BOUNDS: Final = {
    "gte": ("hour >= %s", _GOES_ON),
    "gt": ("hour > %s", _GOES_ON),
    "lt": (_ENDS, "hour <= %s"),
    "lte": (_ENDS, "hour <= %s"),
}
"""Of conditions on the time of creation: which hours fulfil them, and which do in part at least."""

_HOUR_S: Final = 3600
_PARTS: Final = {"s": 1, "m": 60}


class NotSummed(Exception):
    """The sums do not tell apart what is asked."""


class Sums:
    """Rows to count over in the place of events: sums where there are any, else the events.

    Raises `NotSummed` where they would not give the same answer.
    """

    def __init__(self, query: "StatQuery") -> None:
        self._bounds = [c for c in query.conditions if c.column == "create_time"]
        if any(c.value is None or c.operator not in _BOUNDS for c in self._bounds):
            raise NotSummed
        if not (query.by_time is None or isinstance(query.by_time, str)):
            unit, amount = query.by_time.unit, query.by_time.amount
            if amount * _PARTS.get(unit, _HOUR_S) % _HOUR_S:
                raise NotSummed
        self._functions = {target: _function(target) for target in query.targets}
        named = {c.column for c in query.conditions if c.column != "create_time"}
        named |= {t.column for t in query.targets if (t.aggregator, t.column) not in _FUNCTIONS}
        wanted = {_NAMES.get(name, name) for name in named} - {"account_id"}
        found = next((one for one in CUBOIDS if wanted <= set(one)), None)
        if found is None:
            raise NotSummed
        self.number = number_of(found)
        self._columns = sorted(wanted)

    def function(self, target: "Target") -> str:
        """The SQL of a function over a group of rows."""
        return self._functions[target]

    def are_worth_it(self, db: Reader, account_id: UUID | None) -> bool:
        """Whether at least half of the hours are summed; else reading all is as quick."""
        known, values = self.known(account_id)
        worth = SQL("SELECT count(sums_id) * 2 >= count(*) AND count(*) > 0 FROM ({}) known")
        return bool(db.fetch_value(worth.format(known), values))

    def rows(self, account_id: UUID | None) -> tuple[Composable, list[Any]]:
        """A table expression, with its values."""
        known, values = self.known(account_id)
        columns = [Identifier(name) for name in self._columns]
        query = SQL(_ROWS).format(
            known=known,
            of_sums=SQL("").join(SQL("s.{}, ").format(c) for c in columns),
            of_events=SQL("").join(SQL("e.{}, ").format(c) for c in columns),
            read=SQL(", ").join(map(Identifier, sorted({*self._columns, "age", "create_time"}))),
        )
        return query, [*values, self.number]

    def known(self, account_id: UUID | None) -> tuple[Composable, list[Any]]:
        """All hours there may be events of, with the sums that are whole and right."""
        owner, of_owner = owned_by(account_id)
        whole, touched, bounds = ["TRUE"], ["TRUE"], list[Any]()
        for bound in self._bounds:
            in_whole, in_part = _BOUNDS[bound.operator]
            whole.append(in_whole)
            touched.append(in_part)
            bounds.append(bound.value)
        parts = {
            "owner": owner,
            "whole": SQL(" AND ".join(whole)),
            "touched": SQL(" AND ".join(touched)),
        }
        values = [*bounds, self.number, *of_owner, *of_owner, *bounds]
        return SQL(_KNOWN).format(**parts), values


def _function(target: "Target") -> str:
    if target.aggregator == "group_by":
        return ""
    name = _NAMES.get(target.column, target.column)
    if (target.aggregator, name) in _FUNCTIONS:
        return _FUNCTIONS[target.aggregator, name]
    if target.aggregator != "count" or name not in DIMENSIONS:
        raise NotSummed
    return f"coalesce(sum(events) FILTER (WHERE {name} IS NOT NULL), 0)::bigint"


# The id of the table changes when it is rebuilt, which may make other rows of the same facts.
_KNOWN: Final = """SELECT account_id, hour,
        CASE WHEN bool_and(fresh) AND {whole} THEN max(sums_id) END AS sums_id
    FROM (
        SELECT account_id, hour, sums_id, coalesce(sums_id IS NOT NULL
            AND of_table = to_regclass('events')::oid AND %s = ANY(sets), FALSE) AS fresh
        FROM event_hours WHERE {owner}
        UNION ALL
        SELECT account_id, hour, NULL, FALSE FROM event_hour_marks WHERE {owner}
    ) hours WHERE {touched} GROUP BY account_id, hour"""
_ROWS: Final = """(
        WITH known AS MATERIALIZED ({known})
        SELECT known.account_id, known.hour AS create_time, {of_sums} s.events, s.ages, s.age_sum,
            s.age_min, s.age_max, s.time_min, s.time_max
        FROM known JOIN event_sums s USING (sums_id) WHERE s.set_of = %s
        UNION ALL
        SELECT known.account_id, e.create_time, {of_events} 1, (e.age IS NOT NULL)::int, e.age,
            e.age, e.age, e.create_time, e.create_time
        FROM known CROSS JOIN LATERAL (
            SELECT {read} FROM events e WHERE e.account_id = known.account_id
            AND e.create_time >= known.hour AND e.create_time < known.hour + interval '1 hour'
            OFFSET 0
        ) e WHERE known.sums_id IS NULL
    ) summed"""
