"""Reading from many rows: `python -m tests.bench.reads [--rows 1000000] [--http]`."""

import argparse
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from typing import Any
from uuid import UUID

import psycopg
from psycopg import Connection, sql

from api.embedded_postgres import EmbeddedPostgres
from projections.database import Reader
from projections.event_hours import sum_hours
from projections.event_statistics import (
    Condition,
    Interval,
    StatQuery,
    Target,
    event_statistics,
)
from projections.events import EVENTS, EventFilter, list_events
from projections.faces import (
    FACES,
    FaceConditions,
    FaceFilter,
    count_faces,
    count_faces_with_attributes,
    list_faces,
)
from projections.general_events import GENERAL_EVENTS, GeneralEventFilter, list_general_events
from projections.lists import LISTS, ListConditions, ListFilter, count_lists, list_lists
from projections.read_model import ReadModel
from projections.row_blocks import count_blocks
from projections.table import Table
from tests.bench.figures import Figure, show
from tests.bench.http import ACCOUNT
from tests.bench.http_reads import http_figures
from tests.support.log import prepare

_PAGE = 100
_ID = "md5(%(name)s || n)::uuid"
_FACE = {
    "user_data": "'user ' || n",
    "external_id": "CASE n %% 2 WHEN 0 THEN 'E-' || n ELSE '' END",
    "avatar": "''",
    "list_ids": "ARRAY[md5('list' || n %% 50)::uuid]",
    "create_time": "now() - n * interval '20 days' / %(rows)s",
    "descriptor_ids": "'{}'",
    "face_descriptor_samples": "'{}'",
    "basic_attributes_samples": "'{}'",
    "attributes_time": "CASE n %% 2 WHEN 0 THEN now() END",
}
_EVENT = {
    "handler_id": "md5('handler' || n %% 5)::uuid",
    "create_time": "now() - n * interval '20 days' / %(rows)s",
    "end_time": "now() - n * interval '20 days' / %(rows)s",
    "insert_time": "now()",
    "descriptor_ids": "'{}'",
    "external_id": "CASE n %% 10 WHEN 0 THEN 'E-' || n ELSE '' END",
    "user_data": "'user ' || n",
    "source": "'gate ' || n %% 20",
    "tags": "CASE n %% 5 WHEN 0 THEN ARRAY['staff'] END",
    "attach_result": "'{}'",
    "gender": "n %% 2",
    "age": "n %% 90",
    "emotion": "n %% 7 + 1",
    "match_result": """'[{"label": "staff", "candidates": []}]'""",
    "face_detections": """json_build_array(json_build_object('sample_id', md5('s' || n)::uuid,
        'detection', '{"rect": {"x": 10, "y": 20, "width": 100, "height": 120}}'::json))""",
    "city": "'Town'",
}
_LIST = {
    "user_data": "'list ' || n",
    "create_time": "now() - n * interval '20 days' / %(rows)s",
    "last_update_time": "now()",
    "retired": "false",
    "faces_stay": "false",
}


_GENERAL_EVENT = {
    "event_type": "'type ' || n %% 5",
    "create_time": "now() - n * interval '20 days' / %(rows)s",
    "end_time": "now() - n * interval '20 days' / %(rows)s",
    "insert_time": "now()",
    "content": "jsonb_build_object('people', n %% 50)",
    "descriptor_ids": "'{}'",
    "source": "'gate ' || n %% 20",
}


def fill(dsn: str, rows: int) -> None:
    """So many rows of one account each, faces in 50 lists, as read models long at rest."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        _fill(connection, FACES, "face", _FACE, rows)
        _fill(connection, EVENTS, "event", _EVENT, rows)
        _fill(connection, LISTS, "list", _LIST, rows)
        _fill(connection, GENERAL_EVENTS, "general", _GENERAL_EVENT, rows)
        while sum_hours(connection, 60, timedelta(0)):
            pass
        while count_blocks(connection, 60):
            pass
        for kept in ("event_sums", "event_hour_marks", "counted_blocks", "row_block_marks"):
            connection.execute(f"VACUUM ANALYZE {kept}")


def _fill(
    connection: Connection[Any], table: Table, name: str, values: dict[str, str], rows: int
) -> None:
    model = ReadModel(table)
    model.drop(connection)
    model.create(connection, indexes=False)
    known = {table.key: _ID, "account_id": "%(account)s::uuid", **values}
    connection.execute(
        sql.SQL(
            f"INSERT INTO {table.name} ({', '.join(known)}) SELECT {', '.join(known.values())} "
            "FROM generate_series(0, %(rows)s - 1) n"
        ),
        {"name": name, "account": ACCOUNT, "rows": rows},
    )
    model.create_indexes(connection)
    connection.execute(f"VACUUM ANALYZE {table.name}")


def figures(dsn: str, rows: int = 100_000) -> Iterator[Figure]:
    """The last page against the first, and counts and statistics against a second."""
    fill(dsn, rows)
    db, account = Reader(dsn), UUID(ACCOUNT)
    db.open()
    try:
        for what, ask in _PAGES.items():
            first, last = (ask(db, account, page) for page in (1, rows // _PAGE))
            yield Figure(f"last page of {rows:,} {what} / first page", _ms(last), _ms(first),
                         "ms", 2.0, bound=True)  # fmt: skip
        for what, ask in _counts(db, account).items():
            yield Figure(f"{what} of {rows:,} / one second", _ms(ask), 1000, "ms", 1.0, bound=True)
    finally:
        db.close()


def _faces(db: Reader, account: UUID, page: int) -> Callable[[], object]:
    return lambda: list_faces(db, account, FaceFilter(page=page, page_size=_PAGE))


def _events(db: Reader, account: UUID, page: int) -> Callable[[], object]:
    return lambda: list_events(db, account, EventFilter(page=page, page_size=_PAGE))


def _lists(db: Reader, account: UUID, page: int) -> Callable[[], object]:
    return lambda: list_lists(db, account, ListFilter(page=page, page_size=_PAGE))


def _general_events(db: Reader, account: UUID, page: int) -> Callable[[], object]:
    wanted = GeneralEventFilter(page=page, page_size=_PAGE)
    return lambda: list_general_events(db, account, wanted)


_PAGES = {
    "faces": _faces,
    "events": _events,
    "lists": _lists,
    "general events": _general_events,
}


def _counts(db: Reader, account: UUID) -> dict[str, Callable[[], object]]:
    one = UUID(bytes=bytes(16))
    member = {"list_id": _first_list(db)}
    targets = (Target("event_id"), Target("gender", "group_by"), Target("age", "avg"))
    week = Condition("create_time", "gte", datetime.now(UTC) - timedelta(days=7))
    grown = (Condition("age", "gte", 18), Condition("gender", "eq", 1))
    by_source = (Target("event_id"), Target("source", "group_by"))
    return {
        "count of all faces": lambda: count_faces(db, account, FaceConditions()),
        "count of a list's faces": lambda: count_faces(db, account, FaceConditions(**member)),
        "count of faces with attributes": lambda: count_faces_with_attributes(db, account),
        "page of a list's faces": lambda: list_faces(db, account, FaceFilter(**member)),
        "faces of no event": lambda: list_faces(db, account, FaceFilter(event_id=one)),
        "count of lists": lambda: count_lists(db, account, ListConditions()),
        "page of lists": lambda: list_lists(db, account, ListFilter(page_size=_PAGE)),
        "events per hour": lambda: event_statistics(
            db, account, StatQuery(by_time=Interval(1, "h"))
        ),
        "count of events": lambda: event_statistics(db, account, StatQuery()),
        "events per weekday": lambda: event_statistics(db, account, StatQuery(by_time="dayOfWeek")),
        "mean age by gender": lambda: event_statistics(db, account, StatQuery(targets)),
        "the last week's events by source and day": lambda: event_statistics(
            db, account, StatQuery(by_source, (week,), Interval(1, "d"))
        ),
        "events of women of age by hour of day": lambda: event_statistics(
            db, account, StatQuery(conditions=grown, by_time="hourOfDay")
        ),
    }


def _first_list(db: Reader) -> UUID:
    found: UUID = db.fetch_value("SELECT md5('list0')::uuid")
    return found


def _ms(ask: Callable[[], object], repeats: int = 5) -> float:
    def timed() -> float:
        started = time.perf_counter()
        ask()
        return 1000 * (time.perf_counter() - started)

    timed()
    return median(timed() for _ in range(repeats))


def main() -> None:
    """Fill a fresh embedded Postgres, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--http", action="store_true", help="every operation under 64 clients")
    given = parser.parse_args()
    with (
        tempfile.TemporaryDirectory() as directory,
        EmbeddedPostgres(Path(directory) / "postgres") as dsn,
    ):
        prepare(dsn)
        print(show(list(figures(dsn, given.rows))))
        if given.http:
            print(http_figures(dsn, directory, given.rows))


if __name__ == "__main__":
    main()
