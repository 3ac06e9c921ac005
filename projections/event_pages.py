"""Pages far into all events of a time: the hours before the page are counted, not skipped."""

from datetime import datetime
from typing import Any, Final, Literal
from uuid import UUID

from psycopg.sql import SQL, Composable

from projections.database import Reader
from projections.event_statistics import Condition, StatQuery
from projections.event_sums import Sums

# `before` is one row, or none behind the last event; then nothing compares with it.
_PAGE: Final = """WITH known AS MATERIALIZED ({known}), counted AS (
        SELECT known.hour, s.events FROM known JOIN event_sums s USING (sums_id)
        WHERE s.set_of = %s
        UNION ALL
        SELECT known.hour, found.events FROM known CROSS JOIN LATERAL (
            SELECT count(*) AS events FROM events e WHERE e.account_id = known.account_id
            AND e.create_time >= known.hour AND e.create_time < known.hour + interval '1 hour'
            AND {bounds}
        ) found WHERE known.sums_id IS NULL
    ), hours AS (
        SELECT hour, sum(events) AS events, sum(sum(events)) OVER (ORDER BY hour {way}) AS upto
        FROM counted GROUP BY hour
    ), before AS MATERIALIZED (
        SELECT hour, upto - events AS events FROM hours WHERE upto - events <= %s AND upto > %s
    )
    SELECT {columns} FROM events WHERE event_id = ANY(ARRAY(
        SELECT event_id FROM events WHERE {condition} AND {start}
        ORDER BY {order} LIMIT %s OFFSET (SELECT (%s - events)::bigint FROM before)
    )) ORDER BY {order}"""
_STARTS: Final = {
    "asc": "create_time >= (SELECT hour FROM before)",
    "desc": "create_time < (SELECT hour + interval '1 hour' FROM before)",
}


class FarPage:
    """A page of the events from `since` on and before `until`, in either order."""

    def __init__(
        self, since: datetime | None, until: datetime | None, way: Literal["asc", "desc"]
    ) -> None:
        bounds = [Condition("create_time", "gte", since), Condition("create_time", "lt", until)]
        self._bounds = [bound for bound in bounds if bound.value is not None]
        self._sums = Sums(StatQuery(conditions=self._bounds))
        self._way = way

    def is_quick(self, db: Reader, account_id: UUID | None) -> bool:
        """Whether enough hours are counted already."""
        return self._sums.are_worth_it(db, account_id)

    def query(
        self,
        account_id: UUID | None,
        columns: Composable,
        condition: tuple[Composable, list[Any]],
        order: Composable,
        page: tuple[int, int],
    ) -> tuple[Composable, list[Any]]:
        """The rows of a page, `page` being its size and offset; `condition` is the whole one."""
        known, of_known = self._sums.known(account_id)
        compared = {"gte": ">=", "lt": "<"}
        bounds = [f"e.create_time {compared[bound.operator]} %s" for bound in self._bounds]
        where, of_where = condition
        query = SQL(_PAGE).format(
            known=known,
            bounds=SQL(" AND ".join(bounds) or "TRUE"),
            way=SQL(self._way),
            columns=columns,
            condition=where,
            start=SQL(_STARTS[self._way]),
            order=order,
        )
        size, offset = page
        values = [bound.value for bound in self._bounds]
        return query, [
            *of_known, self._sums.number, *values, offset, offset, *of_where, size, offset
        ]  # fmt: skip
