"""Queries go on when connections are lost, and say so when the database is away."""

import logging
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Thread
from uuid import uuid4

import psycopg
import pytest
from pydantic import ValidationError

from api.embedded_postgres import EmbeddedPostgres
from domain.log.port import DatabaseUnavailable
from projections import database as databases
from projections.database import Reader, owned_by
from projections.faces import FaceFilter
from projections.turns import NoTurn, Turns
from tests.support.waiting import until


@pytest.fixture
def reader(database: str) -> Iterator[Reader]:
    opened = Reader(database, min_size=4)
    opened.open()
    opened.execute("CREATE TABLE numbers (n int)")
    yield opened
    opened.close()


def cut_all(dsn: str) -> None:
    """End every other session, and wait until they have ended."""
    with psycopg.connect(dsn, autocommit=True) as admin:
        admin.execute(
            "SELECT pg_terminate_backend(pid, 60000) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


def test_rows_are_dictionaries(reader: Reader) -> None:
    assert reader.fetch_one("SELECT 1 AS one, 'b' AS two") == {"one": 1, "two": "b"}
    assert reader.fetch_all("SELECT n FROM generate_series(1, 2) n") == [{"n": 1}, {"n": 2}]
    assert reader.fetch_value("SELECT 3") == 3
    assert reader.fetch_one("SELECT 1 WHERE false") is None
    assert reader.fetch_value("SELECT 1 WHERE false") is None


def test_a_lost_connection_is_not_noticed(
    reader: Reader, database: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.CRITICAL, "psycopg.pool")
    for number in range(5):
        cut_all(database)
        assert reader.fetch_value("SELECT 1") == 1
        cut_all(database)
        assert reader.execute("INSERT INTO numbers VALUES (%s)", [number]) == 1

    assert reader.fetch_value("SELECT count(*) FROM numbers") == 5


def test_a_query_that_is_wrong_stays_wrong(reader: Reader) -> None:
    with pytest.raises(psycopg.errors.UndefinedTable):
        reader.fetch_all("SELECT * FROM nonsense")


def test_a_database_that_is_away_is_said_to_be(tmp_path: Path) -> None:
    server = EmbeddedPostgres(tmp_path / "postgres")
    reader = Reader(server.start())
    reader.open()
    assert reader.fetch_value("SELECT 1") == 1
    server.stop()

    with pytest.raises(DatabaseUnavailable):
        reader.fetch_value("SELECT 1")
    with pytest.raises(DatabaseUnavailable):
        reader.execute("SELECT 1")

    server.start()

    def answered() -> bool:
        try:
            return bool(reader.fetch_value("SELECT 1"))
        except DatabaseUnavailable:
            return False

    until(answered, what="a connection")
    reader.close()
    server.stop()


def test_an_account_sees_its_own_rows_and_nobody_sees_all() -> None:
    account_id = uuid4()

    assert [part if isinstance(part, list) else part.as_string() for part in owned_by(None)] == [
        "TRUE", [],
    ]  # fmt: skip
    assert owned_by(account_id)[1] == [account_id]


@pytest.mark.parametrize("fields", [{"user_data": "a\0b"}, {"external_ids": "a,b\0"}])
def test_what_no_text_can_hold_is_not_looked_for(fields: dict[str, str]) -> None:
    with pytest.raises(ValidationError, match=r"U\+0000"):
        FaceFilter.model_validate(fields)


def test_many_who_ask_at_once_are_all_answered_in_their_turn(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(databases, "_WAIT_S", 0.2)
    reader = Reader(database, min_size=2, max_size=2)  # nobody waits for a connection to be made
    reader.open()
    ask = "SELECT 1 FROM pg_sleep(0.05)"
    with ThreadPoolExecutor(64) as clients:
        answers = list(clients.map(lambda _: reader.fetch_value(ask), range(64)))
    assert answers == [1] * 64

    monkeypatch.setattr(databases, "_PATIENCE_S", 0.1)
    with ThreadPoolExecutor(1) as other, reader.connection(), reader.connection():
        refused = other.submit(reader.fetch_value, "SELECT 1")
        with pytest.raises(DatabaseUnavailable):
            refused.result()
    assert reader.fetch_value("SELECT 1") == 1
    reader.close()


def test_turns_come_in_the_order_of_asking() -> None:
    turns, served = Turns(1), list[int]()

    def take(number: int) -> None:
        with turns.turn(60):
            served.append(number)

    with turns.turn(1):
        threads = [Thread(target=take, args=(number,)) for number in range(20)]
        for number, thread in enumerate(threads):
            thread.start()
            while len(turns._line) <= number:
                pass
        with pytest.raises(NoTurn), turns.turn(0.01):
            pass
    for thread in threads:
        thread.join()
    assert served == list(range(20))
