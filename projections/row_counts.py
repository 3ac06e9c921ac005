"""How many faces and lists accounts have, and faces lists: what every transaction added, summed."""

from typing import Any, Final, Literal
from uuid import UUID

from psycopg import Connection
from psycopg.sql import SQL, Identifier

from projections.database import Reader

Kind = Literal["account", "attributes", "list"]
"""The rows of an account, those of them that have attributes, or the members of a list."""

_ROWS: Final = "SELECT 'account' AS kind, account_id AS scope, {n} AS n FROM {rows} GROUP BY 2"
_FACES: Final = (
    _ROWS
    + """ UNION ALL
    SELECT 'attributes', account_id, {n} FROM {rows} WHERE attributes_time IS NOT NULL GROUP BY 2
    UNION ALL
    SELECT 'list', list_id, {n} FROM {rows} CROSS JOIN LATERAL unnest(list_ids) list_id
    GROUP BY 2"""
)
_GAINED: Final = {"n": "count(*)", "rows": "gained"}
_LOST: Final = {"n": "-count(*)", "rows": "lost"}


def _noting(name: str, deltas: str) -> str:
    return f"""CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        INSERT INTO row_counts (of_table, kind, scope, rows)
        SELECT TG_RELID, kind, scope, sum(n) FROM ({deltas}) deltas
        GROUP BY kind, scope HAVING sum(n) <> 0;
        RETURN NULL;
    END $$"""


ROW_COUNTS: Final = (
    """CREATE TABLE IF NOT EXISTS row_counts (
        of_table oid NOT NULL,
        kind text NOT NULL,
        scope uuid NOT NULL,
        rows bigint NOT NULL
    )""",
    """CREATE INDEX IF NOT EXISTS row_counts_scope
        ON row_counts (of_table, kind, scope) INCLUDE (rows)""",
    _noting("note_gained_rows", _ROWS.format(**_GAINED)),
    _noting("note_lost_rows", _ROWS.format(**_LOST)),
    _noting("note_gained_faces", _FACES.format(**_GAINED)),
    _noting("note_lost_faces", _FACES.format(**_LOST)),
    _noting("note_changed_faces", f"{_FACES.format(**_GAINED)} UNION ALL {_FACES.format(**_LOST)}"),
)
"""What is kept beside read models; statements that may be repeated."""


def _trigger(event: str, rows: str, function: str) -> str:
    return (
        f"CREATE OR REPLACE TRIGGER counts_{event.lower()} AFTER {event} ON {{0}} "
        f"REFERENCING {rows} FOR EACH STATEMENT EXECUTE FUNCTION {function}()"
    )


def _first(deltas: str) -> str:
    """What the table has already; nothing when that was noted before."""
    return (
        "INSERT INTO row_counts (of_table, kind, scope, rows) SELECT '{0}'::regclass, deltas.* "
        f"FROM ({deltas.format(n='count(*)', rows='{0}')}) deltas "
        "WHERE NOT EXISTS (SELECT FROM row_counts WHERE of_table = '{0}'::regclass)"
    )


COUNTED: Final = (
    _trigger("INSERT", "NEW TABLE AS gained", "note_gained_rows"),
    _trigger("DELETE", "OLD TABLE AS lost", "note_lost_rows"),
    _first(_ROWS),
)
"""What makes a table with `account_id`, which never changes, note how many rows come and go."""

COUNTED_FACES: Final = (
    _trigger("INSERT", "NEW TABLE AS gained", "note_gained_faces"),
    _trigger("DELETE", "OLD TABLE AS lost", "note_lost_faces"),
    _trigger("UPDATE", "NEW TABLE AS gained OLD TABLE AS lost", "note_changed_faces"),
    _first(_FACES),
)
"""The same for faces, those with attributes and those in lists as well."""

_SUM: Final = """WITH due AS MATERIALIZED (
        SELECT of_table, kind, scope FROM row_counts GROUP BY 1, 2, 3 HAVING count(*) > 1
    ), gone AS (
        DELETE FROM row_counts c USING due WHERE c.of_table = due.of_table AND c.kind = due.kind
        AND c.scope = due.scope RETURNING c.*
    )
    INSERT INTO row_counts SELECT of_table, kind, scope, sum(rows) FROM gone GROUP BY 1, 2, 3
    HAVING sum(rows) <> 0"""


def sum_counts(connection: Connection[Any]) -> None:
    """Put one number in the place of many, for each thing that is counted."""
    connection.execute(_SUM)


def counted(db: Reader, table: str, kind: Kind, scope: UUID | None) -> int:
    """How many rows of the kind a scope has; without a scope, all of them have."""
    whose = SQL("TRUE") if scope is None else SQL("scope = %s")
    query = SQL(
        "SELECT coalesce(sum(rows), 0)::bigint FROM row_counts "
        "WHERE of_table = {}::regclass AND kind = %s AND {}"
    ).format(SQL("'{}'").format(Identifier(table)), whose)
    return int(db.fetch_value(query, [kind] if scope is None else [kind, scope]))
