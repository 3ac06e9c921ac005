"""One fold, whoever drives it: in memory, inline in any batches, in bulk, rebuilt."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg.rows import dict_row
from psycopg.sql import SQL, Identifier

from commands.memory_log import MemoryLog
from domain.faces import Face
from domain.lists import FaceList
from domain.log.facts import Fact
from domain.recognitions import EventRecorded
from projections.bulk import BulkFold
from projections.event_counts import EVENT_COUNTS
from projections.faces import FACES
from projections.lists import LISTS
from projections.read_model import ReadModel
from projections.table import Table
from tests.support.commands_of_faces import SEQUENCES, decided
from tests.support.log import prepare
from tests.support.postgres import Databases

TABLES = (FACES, LISTS)
CUTS = st.lists(st.integers(1, 12), min_size=1, max_size=8)


@pytest.fixture(scope="module")
def connection(databases: Databases) -> Iterator[psycopg.Connection[Any]]:
    with databases.fresh(prepare) as dsn, psycopg.connect(dsn, autocommit=True) as opened:
        yield opened


def in_pieces(facts: Sequence[Fact], sizes: list[int]) -> Iterator[Sequence[Fact]]:
    begin, number = 0, 0
    while begin < len(facts):
        size = sizes[number % len(sizes)]
        yield facts[begin : begin + size]
        begin, number = begin + size, number + 1


def stored(connection: psycopg.Connection[Any], model: ReadModel) -> dict[UUID, Any]:
    cursor = connection.cursor(row_factory=dict_row)
    rows = cursor.execute(SQL("SELECT * FROM {}").format(Identifier(model.name)))
    return {row[model.table.key]: row for row in rows}


def by_apply(
    connection: psycopg.Connection[Any], table: Table, facts: Sequence[Fact], sizes: list[int]
) -> dict[UUID, Any]:
    """The rows that the inline driver makes, in transactions of the given sizes."""
    model = ReadModel(table, f"{table.name}_applied")
    model.drop(connection)
    model.create(connection)
    for piece in in_pieces(facts, sizes):
        with connection.transaction(), connection.pipeline():
            model.apply(connection, piece)
    return stored(connection, model)


def by_bulk(
    connection: psycopg.Connection[Any], table: Table, facts: Sequence[Fact], sizes: list[int]
) -> dict[UUID, Any]:
    """The rows that the bulk driver makes, in chunks of the given sizes."""
    model = ReadModel(table, f"{table.name}_bulk")
    model.drop(connection)
    model.create(connection, indexes=False)
    bulk = BulkFold(model)
    for piece in in_pieces(facts, sizes):
        with connection.transaction():
            bulk.apply(connection, piece)
    bulk.finish(connection)
    return stored(connection, model)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(commands=SEQUENCES, sizes=CUTS, other_sizes=CUTS)
def test_all_drivers_make_the_same_rows(
    connection: psycopg.Connection[Any],
    commands: list[Any],
    sizes: list[int],
    other_sizes: list[int],
) -> None:
    facts = decided(MemoryLog(), commands)
    for table in TABLES:
        folded = table.fold(facts)
        assert by_apply(connection, table, facts, sizes) == folded
        assert by_bulk(connection, table, facts, other_sizes) == folded


@settings(max_examples=60, deadline=None)
@given(
    moves=st.lists(
        st.tuples(st.integers(0, 2), st.integers(0, 1), st.sampled_from(["attach", "sweep"])),
        max_size=25,
    ),
    sizes=CUTS,
)
def test_a_value_that_comes_back_after_it_was_swept_stays(
    connection: psycopg.Connection[Any], moves: list[tuple[int, int, str]], sizes: list[int]
) -> None:
    """No command attaches a face to a deleted list, but the fold must not depend on that."""
    lists = [FaceList(account_id=uuid4()) for _ in range(2)]
    faces = [Face(account_id=uuid4()) for _ in range(3)]
    events = [event for face in faces for event in face.collect_events()]
    for face_number, list_number, move in moves:
        face, target = faces[face_number], lists[list_number]
        if move == "attach":
            face._attach(target.id)
            events += face.collect_events()
        else:
            target.trigger_event(FaceList.Deleted)
            events += [e for e in target.collect_events() if isinstance(e, FaceList.Deleted)]
    facts = [Fact(position, event) for position, event in enumerate(events, 1)]

    folded = FACES.fold(facts)

    assert by_apply(connection, FACES, facts, sizes) == folded
    assert by_bulk(connection, FACES, facts, sizes) == folded


def recorded(account_id: UUID, handler_id: UUID | None, minute: int) -> EventRecorded:
    now = datetime(2026, 3, 1, 10 + minute // 60, minute % 60, tzinfo=UTC)
    return EventRecorded(
        originator_id=uuid4(),
        originator_version=1,
        timestamp=now,
        account_id=account_id,
        handler_id=handler_id,
        create_time=now,
        end_time=now,
        generated={},
        descriptor_ids={},
        notify=False,
    )


@settings(max_examples=40, deadline=None)
@given(
    events=st.lists(
        st.builds(
            recorded,
            st.sampled_from([UUID(int=1), UUID(int=2)]),
            st.sampled_from([None, UUID(int=3)]),
            st.integers(0, 179),
        ),
        max_size=30,
    ),
    sizes=CUTS,
)
def test_counts_add_up_in_any_batches(
    connection: psycopg.Connection[Any], events: list[EventRecorded], sizes: list[int]
) -> None:
    facts = [Fact(position, event) for position, event in enumerate(events, 1)]

    rows = by_apply(connection, EVENT_COUNTS, facts, sizes)

    assert rows == EVENT_COUNTS.fold(facts) == by_bulk(connection, EVENT_COUNTS, facts, sizes)
    assert sum(row["events"] for row in rows.values()) == len(events)
    assert len({(r["account_id"], r["handler_id"], r["hour"]) for r in rows.values()}) == len(rows)
