"""Recipes of handlers and verifiers are in the log sealed, and can be read no more when deleted."""

import json
from typing import Any
from uuid import UUID, uuid4

import orjson
import psycopg
import pytest
from psycopg.rows import dict_row
from psycopg.sql import SQL, Identifier

from commands.command import Command
from commands.handlers import CreateHandler, DeleteHandler, ReplaceHandler
from commands.router import COMMANDS
from commands.store import Session, SessionStore
from commands.verifiers import CreateVerifier, DeleteVerifier, ReplaceVerifier
from domain.handlers import Handler
from domain.shared.owned import Owned
from domain.verifiers import Verifier
from projections.handlers import HANDLERS
from projections.history import PostgresLog
from projections.log_reader import LogReader
from projections.read_model import ReadModel
from projections.rebuild import rebuild
from projections.table import Table
from projections.verifiers import VERIFIERS
from projections.verify import verify
from tests.support.life import opened
from tests.support.log import MASTER

ACCOUNT = uuid4()
PASSWORD = "correct horse battery staple"
POLICIES: dict[str, Any] = {
    "storage_policy": {
        "callbacks": [{"authorization": {"type": "basic", "login": "l", "password": PASSWORD}}]
    }
}
RECIPE: dict[str, Any] = {"description": "of the east door", "policies": POLICIES}
KINDS = pytest.mark.parametrize(
    ("kind", "table"), [(Handler, HANDLERS), (Verifier, VERIFIERS)], ids=["handler", "verifier"]
)


def do(log: PostgresLog, command: Command[Any]) -> None:
    store = SessionStore(Session(log), "")
    COMMANDS[type(command)](command, store)
    log.commit(store.finish(set()))


def create(kind: type[Owned], made: UUID) -> Command[Any]:
    if kind is Handler:
        return CreateHandler(account_id=ACCOUNT, handler_id=made, handler_type=0, **RECIPE)
    return CreateVerifier(account_id=ACCOUNT, verifier_id=made, **RECIPE)


def replace(kind: type[Owned], made: UUID) -> Command[Any]:
    if kind is Handler:
        return ReplaceHandler(account_id=ACCOUNT, handler_id=made, handler_type=0, **RECIPE)
    return ReplaceVerifier(account_id=ACCOUNT, verifier_id=made, **RECIPE)


def delete(kind: type[Owned], made: UUID) -> Command[Any]:
    if kind is Handler:
        return DeleteHandler(account_id=ACCOUNT, handler_id=made)
    return DeleteVerifier(account_id=ACCOUNT, verifier_id=made)


def rows(dsn: str, table: str) -> list[dict[str, Any]]:
    with psycopg.connect(dsn, row_factory=dict_row) as connection:
        return connection.execute(SQL("SELECT * FROM {}").format(Identifier(table))).fetchall()


@KINDS
def test_the_log_shows_no_password_and_the_read_model_runs_with_it(
    kind: type[Owned], table: Table, dsn: str, log: PostgresLog
) -> None:
    made = uuid4()
    do(log, create(kind, made))
    do(log, replace(kind, made))

    states = [bytes(fact["state"]) for fact in rows(dsn, "history")]
    assert len(states) == 2
    for state in states:
        assert PASSWORD.encode() not in state
        assert b"east door" not in state
    for _ in range(2):  # as it was written, and as it is made anew
        (row,) = rows(dsn, table.name)
        assert {name: row[name] for name in RECIPE} == RECIPE
        rebuild(dsn, table, MASTER)


@KINDS
def test_what_was_deleted_is_readable_nowhere(
    kind: type[Owned], table: Table, dsn: str, log: PostgresLog
) -> None:
    made = uuid4()
    do(log, create(kind, made))
    do(log, delete(kind, made))

    created, _ = log.load([made])[made]
    assert (created.description, created.policies) == (None, None)
    assert [(key["subject_id"], key["wrapped"]) for key in rows(dsn, "subject_keys")] == [
        (made, None)
    ]
    assert rows(dsn, table.name) == []
    assert verify(dsn, table, MASTER).differences == 0


@KINDS
def test_a_rebuild_may_stop_between_the_birth_and_the_end_of_what_was_deleted(
    kind: type[Owned], table: Table, dsn: str, log: PostgresLog
) -> None:
    made = uuid4()
    for step in (create, replace, delete):
        do(log, step(kind, made))

    beside = ReadModel(table, f"{table.name}_beside")
    with psycopg.connect(dsn, autocommit=True) as connection:
        beside.create(connection)
        for fact in LogReader(MASTER).history_of(connection, made):
            beside.apply(connection, [fact])

    assert rows(dsn, beside.name) == []


@KINDS
def test_what_the_first_version_wrote_in_plain_is_read_replaced_and_removed(
    kind: type[Owned], table: Table, dsn: str, log: PostgresLog
) -> None:
    made = uuid4()
    do(log, create(kind, made))
    with psycopg.connect(dsn) as connection:  # as it was written before
        row = connection.execute("SELECT state FROM history").fetchone()
        assert row is not None
        state = {**orjson.loads(row[0]), **RECIPE}
        del state["_v"], state["_p"]
        connection.execute("UPDATE history SET state = %s", [json.dumps(state).encode()])
        connection.execute("DELETE FROM subject_keys")
        connection.execute(SQL("DELETE FROM {}").format(Identifier(table.name)))

    rebuild(dsn, table, MASTER)
    assert [row["policies"] for row in rows(dsn, table.name)] == [POLICIES]
    with opened(dsn) as later:  # which remembers no keys
        do(later, replace(kind, made))
    with opened(dsn) as later:
        assert [event.policies for event in later.load([made])[made]] == [POLICIES, POLICIES]
        assert PASSWORD.encode() not in bytes(rows(dsn, "history")[-1]["state"])
        do(later, delete(kind, made))
    assert rows(dsn, table.name) == []
    assert verify(dsn, table, MASTER).differences == 0
