"""How many rows a table has from one time to the next: what far pages start from.

The rows of an account, and those of all accounts, lie in blocks by their time of creation, each
of some thousand rows. Whatever adds or removes a row marks its block in the same transaction; a
mark is only added where none is seen, so nobody waits for anybody. The number of a block counts
only while it has no mark; it is taken from the rows themselves.
"""

import time
from typing import Any, Final, NamedTuple
from uuid import UUID

from psycopg import Connection
from psycopg.sql import SQL, Composable

SIZE: Final = 2048
"""So many rows a block has when it is made; it is split again when there are twice as many."""

MOST: Final = 1000
"""About so many blocks a scope has, whatever its rows: beyond, its blocks are made larger."""

ALL_ACCOUNTS: Final = UUID(int=0)
"""The scope of the rows of all accounts; any other scope is an account."""

_SCALE: Final = 4
"""A block that is this many times smaller than it was made becomes part of the one before."""

ROW_BLOCKS: Final = (
    """CREATE TABLE IF NOT EXISTS counted_blocks (
        of_table oid NOT NULL,
        scope uuid NOT NULL,
        start_time timestamptz NOT NULL,
        stop_time timestamptz NOT NULL,
        rows integer,
        size integer NOT NULL,
        PRIMARY KEY (of_table, scope, start_time)
    )""",
    # The last block of a scope has no end, is never counted, and need not be.
    """CREATE INDEX IF NOT EXISTS counted_blocks_due ON counted_blocks (of_table)
        WHERE rows IS NULL AND stop_time < 'infinity'""",
    """CREATE TABLE IF NOT EXISTS row_block_marks (
        of_table oid NOT NULL,
        scope uuid NOT NULL,
        start_time timestamptz NOT NULL
    )""",
    """CREATE INDEX IF NOT EXISTS row_block_marks_place
        ON row_block_marks (of_table, scope, start_time)""",
    # Nearly always all rows are newer than the start of their scope's last block.
    f"""CREATE OR REPLACE FUNCTION mark_row_blocks() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        INSERT INTO row_block_marks (of_table, scope, start_time)
        WITH scopes AS MATERIALIZED (
            SELECT scope, first, (SELECT max(start_time) FROM counted_blocks b
                WHERE b.of_table = TG_RELID AND b.scope = s.scope) AS open
            FROM (
                SELECT account_id AS scope, min(create_time) AS first FROM changed GROUP BY 1
                UNION ALL
                SELECT '{ALL_ACCOUNTS}', min(create_time) FROM changed HAVING count(*) > 0
            ) s
        ), places AS (
            SELECT scope, coalesce(open, '-infinity') AS start_time FROM scopes
            WHERE open IS NULL OR first >= open
            UNION
            SELECT scope, (SELECT max(start_time) FROM counted_blocks b WHERE b.of_table = TG_RELID
                AND b.scope = scopes.scope AND b.start_time <= changed.create_time)
            FROM scopes JOIN changed ON scopes.scope IN (changed.account_id, '{ALL_ACCOUNTS}')
            WHERE first < open
        )
        SELECT TG_RELID, scope, start_time FROM places p
        WHERE current_setting('transaction_isolation') <> 'read committed' OR NOT EXISTS (
            SELECT FROM row_block_marks m WHERE m.of_table = TG_RELID AND m.scope = p.scope
            AND m.start_time = p.start_time);
        RETURN NULL;
    END $$""",
)
"""What is kept beside read models; statements that may be repeated."""

IN_BLOCKS: Final = (
    *(
        f"CREATE OR REPLACE TRIGGER blocks_{what.lower()} AFTER {what} ON {{0}} "
        f"REFERENCING {rows} TABLE AS changed FOR EACH STATEMENT "
        "EXECUTE FUNCTION mark_row_blocks()"
        for what, rows in (("INSERT", "NEW"), ("DELETE", "OLD"))
    ),
    "INSERT INTO row_block_marks SELECT '{0}'::regclass, scope, '-infinity' FROM "
    f"(SELECT DISTINCT account_id AS scope FROM {{0}} UNION ALL SELECT '{ALL_ACCOUNTS}') scopes",
)
"""What makes a table with `account_id` and `create_time`, which never change, mark its blocks."""


class _Block(NamedTuple):
    of_table: int
    scope: UUID
    start_time: Any
    stop_time: Any
    size: int


_CLEAR: Final = """WITH due AS MATERIALIZED (
        SELECT DISTINCT of_table, scope, start_time FROM row_block_marks LIMIT 500
    ), unmarked AS (
        DELETE FROM row_block_marks m USING due WHERE m.of_table = due.of_table
        AND m.scope = due.scope AND m.start_time = due.start_time
    ), made AS (
        INSERT INTO counted_blocks (of_table, scope, start_time, stop_time, size)
        SELECT of_table, scope, start_time, 'infinity', %s FROM due WHERE start_time = '-infinity'
        ON CONFLICT DO NOTHING RETURNING of_table, scope, start_time::text, stop_time::text, size
    ), uncounted AS (
        UPDATE counted_blocks b SET rows = NULL FROM due WHERE b.of_table = due.of_table
        AND b.scope = due.scope AND b.start_time = due.start_time
        RETURNING b.of_table, b.scope, b.start_time::text, b.stop_time::text, b.size
    )
    SELECT * FROM made UNION ALL SELECT * FROM uncounted WHERE stop_time = 'infinity'"""
_DUE: Final = """SELECT pg_snapshot_xmax(pg_current_snapshot())::text AS before,
        of_table, scope, start_time::text, stop_time::text, size
    FROM counted_blocks WHERE rows IS NULL AND stop_time < 'infinity' LIMIT 500"""
_OWN: Final = "of_table = %(of_table)s AND scope = %(scope)s AND start_time = %(start_time)s"
_IN: Final = """{owner} AND create_time >= %(start_time)s::timestamptz
    AND create_time < %(stop_time)s::timestamptz"""
# Whoever saw a mark that was taken away, or other blocks, has ended; who came later adds a mark.
_COUNT: Final = f"""UPDATE counted_blocks b SET rows = (SELECT count(*) FROM {{table}} WHERE {_IN})
    WHERE {_OWN} AND stop_time = %(stop_time)s
    AND pg_snapshot_xmin(pg_current_snapshot()) >= %(before)s::text::xid8
    AND NOT EXISTS (SELECT FROM row_block_marks m WHERE m.of_table = b.of_table
        AND m.scope = b.scope AND m.start_time = b.start_time)
    RETURNING rows"""
# Of many rows each block has more, or adding up the blocks would take long in its turn.
_STARTS: Final = f"""SELECT create_time::text, size FROM (
        SELECT create_time, n, rows, greatest(%(size)s::bigint, (rows + (
            SELECT coalesce(sum(b.rows), 0) FROM counted_blocks b
            WHERE b.of_table = %(of_table)s AND b.scope = %(scope)s
        ))::bigint / %(most)s) AS size
        FROM (
            SELECT create_time, row_number() OVER (ORDER BY create_time) AS n,
                count(*) OVER () AS rows
            FROM {{table}} WHERE {_IN}
        ) found
    ) sized
    WHERE n > 1 AND n %% size = 1 AND rows > 2 * size AND create_time > %(start_time)s
    GROUP BY create_time, size ORDER BY create_time"""
_MERGE: Final = f"""WITH gone AS (
        DELETE FROM counted_blocks WHERE {_OWN} RETURNING of_table, scope, start_time, stop_time
    )
    UPDATE counted_blocks b SET rows = NULL, stop_time = gone.stop_time FROM gone
    WHERE b.of_table = gone.of_table AND b.scope = gone.scope AND b.stop_time = gone.start_time"""


def count_blocks(
    connection: Connection[Any], seconds: float, size: int = SIZE, most: int = MOST
) -> bool:
    """Count some of the blocks that changed, and split and merge them; whether there are more.

    Stops soon after so many seconds. The connection commits every statement, and only one may
    do this at a time.
    """
    until = time.monotonic() + seconds
    tables = dict[int, Composable | None]()
    opened = connection.execute(_CLEAR, [size]).fetchall()
    for row in opened:
        _split(connection, tables, _Block(*row), most)
    due = connection.execute(_DUE).fetchall()
    for before, *rest in due:
        if time.monotonic() > until:
            return True
        block = _Block(*rest)
        table = _table(connection, tables, block.of_table)
        if table is None:
            connection.execute(SQL("DELETE FROM counted_blocks WHERE " + _OWN), block._asdict())
            continue
        owner = _owner(block.scope)
        count = SQL(_COUNT).format(table=table, owner=owner)
        row = connection.execute(count, {**block._asdict(), "before": before}).fetchone()
        if row is None:
            return True  # somebody who may have seen an old mark is not done
        if row[0] > 2 * block.size:
            _split(connection, tables, block, most)
        elif row[0] * _SCALE < block.size and block.start_time != "-infinity":
            connection.execute(_MERGE, block._asdict())
    return len(due) + len(opened) > 0


def _split(
    connection: Connection[Any],
    tables: dict[int, Composable | None],
    block: _Block,
    most: int,
) -> None:
    """Several blocks in the place of one that has grown, none of them counted."""
    table = _table(connection, tables, block.of_table)
    if table is None:
        return
    found = SQL(_STARTS).format(table=table, owner=_owner(block.scope))
    with connection.transaction():
        rows = connection.execute(found, {**block._asdict(), "most": most}).fetchall()
        starts = [row[0] for row in rows]
        if not starts:
            return
        connection.execute(
            "UPDATE counted_blocks SET rows = NULL, stop_time = %(next)s, size = %(new)s "
            f"WHERE {_OWN}",
            {**block._asdict(), "next": starts[0], "new": rows[0][1]},
        )
        connection.execute(
            "INSERT INTO counted_blocks (of_table, scope, size, start_time, stop_time) "
            "SELECT %s, %s, %s, start_time, lead(start_time, 1, %s) OVER (ORDER BY start_time) "
            "FROM unnest(%s::timestamptz[]) start_time",
            [block.of_table, block.scope, rows[0][1], block.stop_time, starts],
        )


def _table(
    connection: Connection[Any], known: dict[int, Composable | None], of_table: int
) -> Composable | None:
    """The name of a table, None when it was dropped."""
    if of_table not in known:
        found = connection.execute(
            "SELECT oid::regclass::text FROM pg_class WHERE oid = %s", [of_table]
        ).fetchone()
        known[of_table] = None if found is None else SQL(found[0])
    return known[of_table]


def _owner(scope: UUID) -> Composable:
    return SQL("TRUE" if scope == ALL_ACCOUNTS else "account_id = %(scope)s")


def forget_blocks(connection: Connection[Any]) -> None:
    """Drop what is noted of tables that are no more."""
    for noted in ("counted_blocks", "row_block_marks", "row_counts"):
        connection.execute(
            f"DELETE FROM {noted} WHERE of_table IN (SELECT of_table FROM {noted} "
            "EXCEPT SELECT oid FROM pg_class)"
        )
