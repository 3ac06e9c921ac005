"""A database is brought to what the program serves, before it serves."""

import os
import subprocess
import sys
import threading
from typing import Any

import psycopg
import pytest

from domain.faces import Face
from domain.log.sealing import MasterKey
from projections.faces import FACES
from projections.keys import WrongMasterKey
from projections.lists import LISTS
from projections.prepare import prepare
from projections.schema import NewerSchema
from projections.shape import shape_of
from projections.table import Insert, Table, Update
from projections.tables import CATCH_UP, INLINE
from projections.verify import verify
from tests.support.life import live, rows_of
from tests.support.log import MASTER
from tests.support.postgres import Databases


def changed_faces() -> Table:
    columns = {**FACES.columns, "shouted": "text NOT NULL"}
    rules = [rule for rule in FACES.rules.values() if rule.event_class not in LOUD]
    return Table(
        "faces",
        key="face_id",
        columns=columns,
        defaults=FACES.defaults,
        indexes=FACES.indexes,
        rules=[
            *rules,
            *FACES.sweeps.values(),
            Insert(
                Face.Created, "account_id", "user_data", "external_id", "avatar", "event_id",
                create_time="timestamp", shouted=lambda event: event.user_data.upper(),
            ),
            Update(
                Face.Edited, "user_data", "external_id", "avatar", "event_id",
                shouted=lambda event: event.user_data.upper(),
            ),
        ],
    )  # fmt: skip


LOUD = (Face.Created, Face.Edited)


def test_a_changed_shape_is_rebuilt_before_it_is_served(dsn: str) -> None:
    live(dsn, 40, clients=1)
    loud = changed_faces()

    rebuilt = prepare(dsn, MASTER, tables=[loud, LISTS])

    assert [done.name for done in rebuilt] == ["faces"]
    with psycopg.connect(dsn) as connection:
        wrong = connection.execute("SELECT 1 FROM faces WHERE shouted <> upper(user_data)")
        assert wrong.fetchone() is None
    assert prepare(dsn, MASTER, tables=[loud, LISTS]) == []
    assert len(prepare(dsn, MASTER)) == 1


def test_a_new_table_of_an_old_log_is_filled_before_it_is_served(dsn: str) -> None:
    live(dsn, 40, clients=1)
    before = rows_of(dsn, "lists")
    with psycopg.connect(dsn) as connection:
        connection.execute("DROP TABLE lists")
        connection.execute("DELETE FROM read_models WHERE name = 'lists'")

    assert [done.name for done in prepare(dsn, MASTER)] == ["lists"]
    assert rows_of(dsn, "lists") == before


def test_two_processes_may_prepare_one_empty_database(databases: Databases) -> None:
    with databases.fresh() as dsn:
        failures: list[BaseException] = []

        def start() -> None:
            try:
                prepare(dsn, MASTER)
                live(dsn, 10, clients=1)
            except BaseException as error:
                failures.append(error)

        threads = [threading.Thread(target=start) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert not failures
        for table in INLINE:
            assert verify(dsn, table, MASTER).differences == 0


def test_a_prepared_database_is_only_read(dsn: str) -> None:
    """A process may start while others write: it waits for nobody."""
    with psycopg.connect(dsn) as busy:
        busy.execute("LOCK TABLE faces, history, recognitions, log_head IN ROW EXCLUSIVE MODE")
        busy.execute("UPDATE log_head SET position = position")
        assert prepare(dsn, MASTER) == []  # or the two would wait for ever


def test_another_master_key_is_noticed_before_anything_is_written(dsn: str) -> None:
    live(dsn, 5, clients=1)
    other = MasterKey(os.urandom(32))

    with pytest.raises(WrongMasterKey):
        prepare(dsn, other)

    assert prepare(dsn, MASTER) == []
    assert verify(dsn, FACES, MASTER).differences == 0


def test_a_database_of_a_later_version_is_left_alone(dsn: str) -> None:
    with psycopg.connect(dsn) as connection:
        connection.execute("UPDATE schema_state SET version = version + 1, digest = 'later'")

    with pytest.raises(NewerSchema):
        prepare(dsn, MASTER)


def test_shapes_differ_by_meaning_and_not_by_process() -> None:
    shapes = {table.name: shape_of(table) for table in (*INLINE, *CATCH_UP)}
    code = (
        "from projections.shape import shape_of; from projections.tables import *;"
        "print({t.name: shape_of(t) for t in (*INLINE, *CATCH_UP)})"
    )
    environment = {**os.environ, "PYTHONHASHSEED": "7"}
    said = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=True
    )

    def table(function: Any, kind: str = "text", **more: Any) -> str:
        rules = [Insert(Face.Created, said=function)]
        return shape_of(Table("t", key="k", columns={"k": kind}, rules=rules, **more))

    def suffixed(suffix: str) -> Any:
        return lambda event: event.user_data + suffix

    base = table(lambda event: event.user_data)
    others = {
        table(lambda event: event.user_data.upper()),
        table(suffixed("a")),
        table(suffixed("b")),
        table("user_data"),
        table("external_id"),
        table(lambda event: event.user_data, "uuid"),
        table(lambda event: event.user_data, indexes=("(k)",)),
        table(lambda event: event.user_data, unique={"once": "(k)"}),
        table(lambda event: event.user_data, defaults={"k": 1}),
        table(_through_helper),
    }
    assert said.stdout.strip() == repr(shapes)
    assert len(set(shapes.values())) == len(shapes)
    assert table(lambda event: event.user_data) == base
    assert len({base, *others}) == 11


def _through_helper(event: Any) -> Any:
    return _helper(event)


def _helper(event: Any) -> Any:
    return event.user_data
