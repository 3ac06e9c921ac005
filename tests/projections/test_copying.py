"""Many rows take another way into a table than few, and are the same there."""

from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import psycopg
from psycopg.rows import dict_row

from projections.copying import MANY
from projections.event_columns import event_row
from projections.events import EVENTS
from projections.faces import FACES
from projections.read_model import ReadModel
from projections.table import Table
from tests.bench.log import recorded


def _stored(dsn: str, table: Table, rows: list[dict[str, Any]], at_once: int) -> list[Any]:
    model = ReadModel(table, f"copied_{table.name}")
    with psycopg.connect(dsn, autocommit=True, row_factory=dict_row) as connection:
        model.create(connection, temporary=True)
        for start in range(0, len(rows), at_once):
            model.insert(connection, rows[start : start + at_once])
        return connection.execute(f"SELECT * FROM {model.name} ORDER BY {table.key}").fetchall()


def test_faces_are_the_same_however_many_come_at_once(dsn: str) -> None:
    """Arrays, JSON, times and nulls survive both ways."""
    rows = []
    for number in range(MANY + 1):
        said = {"user_data": "Ä\t\\N", "external_id": "", "avatar": '"'}
        row = {**FACES.blank(), **said, "face_id": uuid4(), "account_id": uuid4()}
        row["create_time"] = datetime(2026, 1, 1, 12, 30, 0, number, UTC)
        if number % 2:
            row["list_ids"], row["age"] = [uuid4(), uuid4()], number
            row["descriptor_ids"] = {"59": str(uuid4())}
        rows.append(row)
    assert _stored(dsn, FACES, rows, MANY + 1) == _stored(dsn, FACES, rows, 20)


def test_events_are_the_same_however_many_come_at_once(dsn: str) -> None:
    """Also what was recorded with another type than its column has."""
    rows = []
    for number in range(MANY + 1):
        event = recorded()
        assert event.generated is not None
        event.generated.update(external_id=number, tags=["a", number], meta={"b": [1, None]})
        rows.append(event_row(event))
    assert _stored(dsn, EVENTS, rows, MANY + 1) == _stored(dsn, EVENTS, rows, 20)
