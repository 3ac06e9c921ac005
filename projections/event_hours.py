"""Which hours of events changed, and sums of the hours that rest: what statistics start from.

Whatever changes a row of `events` marks its account and hour in the same transaction. A mark is
only added where none is seen, so nobody waits for anybody. Sums count only for an hour without a
mark; they are made from the rows themselves, so they follow deletions and rebuilds alike.
"""

import time
from collections.abc import Iterable
from datetime import timedelta
from itertools import combinations
from typing import Any, Final

from psycopg import Connection

DIMENSIONS: Final = {
    "gender": "smallint",
    "age": "smallint",
    "emotion": "smallint",
    "mask": "smallint",
    "ethnic_group": "smallint",
    "liveness": "smallint",
    "deepfake": "smallint",
    "handler_id": "uuid",
    "stream_id": "uuid",
    "source": "text",
    "top_label": "text",
    "city": "text",
}
"""Columns of events that sums tell apart, with their SQL types."""

_FACE: Final = ("gender", "emotion", "mask", "ethnic_group", "liveness", "deepfake")
_PLACE: Final = ("handler_id", "stream_id", "source", "city")
CUBOIDS: Final[tuple[tuple[str, ...], ...]] = (
    (),
    *((one,) for one in DIMENSIONS),
    *(("gender", other) for other in DIMENSIONS if other != "gender"),
    *combinations(("source", "emotion", "mask", "liveness", "top_label", "handler_id"), 2),
    _FACE,
    _PLACE,
    ("handler_id", "source", "top_label"),
    ("gender", *_PLACE),
    (*_FACE, "source"),
)
"""Sets of dimensions that sums are made for, from the fewest rows to the most."""

_MOST: Final = 1000
"""So many rows the sums of one hour and one set may have; of a more varied hour there are none."""

_WORTH: Final = 16
"""So many events a row of sums stands for on average, or reading the events costs as little."""

QUIET: Final = timedelta(minutes=1)
"""So long after its end, or after it was marked, an hour is summed."""

HOUR_OF: Final = "date_bin('1 hour', create_time, timestamptz '1970-01-01 00:00:00+00')"

EVENT_HOURS: Final = (
    """CREATE TABLE IF NOT EXISTS event_hours (
        account_id uuid NOT NULL,
        hour timestamptz NOT NULL,
        of_table oid,
        sets smallint[] NOT NULL DEFAULT '{}',
        sums_id bigint,
        PRIMARY KEY (account_id, hour)
    )""",
    "CREATE INDEX IF NOT EXISTS event_hours_due ON event_hours (hour) WHERE sums_id IS NULL",
    """CREATE TABLE IF NOT EXISTS event_hour_marks (
        account_id uuid NOT NULL,
        hour timestamptz NOT NULL,
        create_time timestamptz NOT NULL DEFAULT now()
    )""",
    "CREATE INDEX IF NOT EXISTS event_hour_marks_hour ON event_hour_marks (account_id, hour)",
    "CREATE SEQUENCE IF NOT EXISTS event_sums_ids",
    f"""CREATE TABLE IF NOT EXISTS event_sums (
        sums_id bigint NOT NULL,
        set_of smallint NOT NULL,
        {", ".join(f"{name} {kind}" for name, kind in DIMENSIONS.items())},
        events bigint NOT NULL,
        ages bigint NOT NULL,
        age_sum bigint,
        age_min smallint,
        age_max smallint,
        time_min timestamptz NOT NULL,
        time_max timestamptz NOT NULL
    )""",
    "CREATE INDEX IF NOT EXISTS event_sums_set ON event_sums (sums_id, set_of)",
    # Under another isolation a mark may be seen that was taken away since.
    f"""CREATE OR REPLACE FUNCTION mark_event_hours() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        INSERT INTO event_hour_marks (account_id, hour)
        SELECT * FROM (SELECT DISTINCT account_id, {HOUR_OF} AS hour FROM changed) c
        WHERE current_setting('transaction_isolation') <> 'read committed' OR NOT EXISTS (
            SELECT FROM event_hour_marks m WHERE m.account_id = c.account_id AND m.hour = c.hour);
        RETURN NULL;
    END $$""",
)
"""What is kept beside the read model of events; statements that may be repeated."""

MARKING: Final = (
    *(
        f"CREATE OR REPLACE TRIGGER mark_{what.lower()}_{rows.lower()} AFTER {what} ON {{0}} "
        f"REFERENCING {rows} TABLE AS changed FOR EACH STATEMENT "
        "EXECUTE FUNCTION mark_event_hours()"
        for what, rows in (
            ("INSERT", "NEW"), ("DELETE", "OLD"), ("UPDATE", "OLD"), ("UPDATE", "NEW")
        )
    ),
    f"INSERT INTO event_hour_marks (account_id, hour) SELECT DISTINCT account_id, {HOUR_OF} "
    "FROM {0}",
)  # fmt: skip
"""What makes a table of events mark its hours, those that it has already included."""

# Whoever saw a mark that is taken away here ends before `before`, and only then hours are summed.
_CLEAR: Final = """WITH due AS (
        SELECT account_id, hour FROM event_hour_marks
        WHERE hour < now() - interval '1 hour' - %(quiet)s GROUP BY account_id, hour
        HAVING max(create_time) <= now() - %(quiet)s LIMIT 1000
    ), unmarked AS (
        DELETE FROM event_hour_marks m USING due
        WHERE m.account_id = due.account_id AND m.hour = due.hour
    ), forgotten AS (
        DELETE FROM event_sums WHERE sums_id IN (
            SELECT sums_id FROM event_hours JOIN due USING (account_id, hour))
    )
    INSERT INTO event_hours (account_id, hour) SELECT account_id, hour FROM due
    ON CONFLICT (account_id, hour) DO UPDATE SET sums_id = NULL"""
_MARKED: Final = (
    "EXISTS (SELECT FROM event_hour_marks m WHERE m.account_id = h.account_id AND m.hour = h.hour)"
)
_DUE: Final = f"""SELECT account_id, hour, pg_snapshot_xmax(pg_current_snapshot())::text AS before
    FROM event_hours h WHERE sums_id IS NULL AND NOT {_MARKED} ORDER BY hour DESC LIMIT 500"""


def number_of(dimensions: Iterable[str]) -> int:
    """The number of a set of dimensions: as GROUPING tells it, a bit for each that is not in it."""
    names, wanted = list(DIMENSIONS), set(dimensions)
    return sum(1 << place for place, name in enumerate(reversed(names)) if name not in wanted)


_NAMES: Final = ", ".join(DIMENSIONS)
_SETS: Final = ", ".join(f"({', '.join(one)})" for one in CUBOIDS)
_SUM: Final = f"""WITH due AS MATERIALIZED (
        SELECT account_id, hour, nextval('event_sums_ids') AS sums_id FROM event_hours h
        WHERE account_id = %(account_id)s AND hour = %(hour)s AND sums_id IS NULL
        AND NOT {_MARKED}
        AND pg_snapshot_xmin(pg_current_snapshot()) >= %(before)s::text::xid8
    ), grouped AS MATERIALIZED (
        SELECT GROUPING({_NAMES})::smallint AS set_of, {_NAMES}, count(*) AS events,
            count(age) AS ages, sum(age) AS age_sum, min(age) AS age_min, max(age) AS age_max,
            min(create_time) AS time_min, max(create_time) AS time_max
        FROM due CROSS JOIN LATERAL (
            SELECT {_NAMES}, create_time FROM events e WHERE e.account_id = due.account_id
            AND e.create_time >= due.hour AND e.create_time < due.hour + interval '1 hour' OFFSET 0
        ) found
        GROUP BY GROUPING SETS ({_SETS})
    ), kept AS MATERIALIZED (
        SELECT set_of FROM grouped GROUP BY set_of
        HAVING count(*) <= {_MOST} AND count(*) * {_WORTH} <= sum(events)
    ), stored AS (
        INSERT INTO event_sums (sums_id, set_of, {_NAMES}, events, ages, age_sum, age_min, age_max,
            time_min, time_max)
        SELECT sums_id, grouped.* FROM due, grouped WHERE set_of IN (SELECT set_of FROM kept)
    )
    UPDATE event_hours h SET sums_id = due.sums_id, of_table = to_regclass('events')::oid,
        sets = coalesce((SELECT array_agg(set_of) FROM kept), '{{}}')
    FROM due WHERE h.account_id = due.account_id AND h.hour = due.hour"""


def sum_hours(connection: Connection[Any], seconds: float, quiet: timedelta = QUIET) -> bool:
    """Sum some of the hours that are over and rest; whether there are more.

    Stops soon after so many seconds. The connection commits every statement, and only one may
    do this at a time.
    """
    until = time.monotonic() + seconds
    connection.execute(_CLEAR, {"quiet": quiet})
    due = connection.execute(_DUE).fetchall()
    for account_id, hour, before in due:
        if time.monotonic() > until:
            return True
        values = {"account_id": account_id, "hour": hour, "before": before}
        if not connection.execute(_SUM, values).rowcount:
            return True  # somebody who may have seen an old mark is not done
    return len(due) > 0
