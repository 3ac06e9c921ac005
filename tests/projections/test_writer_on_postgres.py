"""Writers on Postgres: several at once, and with a server that goes away."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from commands.command import RequestContext
from commands.faces import CreateFace, EditFace
from commands.lists import CreateList
from commands.writer import GroupCommitWriter
from domain.log.port import DatabaseUnavailable, OutcomeUnknown
from projections.history import PostgresLog
from tests.support.log import open_log
from tests.support.writing import (
    ACCOUNT,
    AppendToList,
    SayUserData,
    WriteNonsense,
    running,
    together,
)


def created(**fields: Any) -> CreateFace:
    return CreateFace(account_id=ACCOUNT, **fields)


@contextmanager
def logs(dsn: str, count: int) -> Iterator[list[PostgresLog]]:
    opened = [open_log(dsn) for _ in range(count)]
    yield opened
    for log in opened:
        log.close()


def value(dsn: str, query: str, *values: Any) -> Any:
    with psycopg.connect(dsn) as connection:
        row = connection.execute(query, values).fetchone()  # type: ignore[call-overload]
        return row[0] if row else None


async def test_a_created_face_is_in_its_read_model_when_answered(dsn: str) -> None:
    with logs(dsn, 1) as (log,):
        async with running(log) as writer:
            face_id = await writer.send(created(user_data="Ann"))
            assert value(dsn, "SELECT user_data FROM faces WHERE face_id = %s", face_id) == "Ann"


async def test_no_update_is_lost_between_two_processes(dsn: str) -> None:
    staff = CreateList(account_id=ACCOUNT, user_data="")
    with logs(dsn, 2) as (one, two):
        async with running(one, attempts=1000) as first, running(two, attempts=1000) as second:
            await first.send(staff)

            async def append(writer: GroupCommitWriter, letter: str) -> None:
                for _ in range(40):
                    await writer.send(
                        AppendToList(account_id=ACCOUNT, list_id=staff.list_id, letter=letter)
                    )

            await asyncio.gather(
                *(append(first, letter) for letter in "abc"),
                *(append(second, letter) for letter in "xyz"),
            )
        [events] = one.load([staff.list_id]).values()

    said = events[-1].user_data
    assert sorted(said) == sorted("abcxyz" * 40)
    assert value(dsn, "SELECT user_data FROM lists") == said
    assert value(dsn, "SELECT position FROM log_head") == len(events) == 241


async def test_one_key_in_two_processes_is_one_answer(dsn: str) -> None:
    context = RequestContext("r", "k", "f")
    with logs(dsn, 2) as (one, two):
        async with running(one) as first, running(two) as second:
            for _ in range(20):
                context = RequestContext("r", str(uuid4()), "f")
                answers = await asyncio.gather(
                    *(w.send(created(), context) for w in (first, second, first, second))
                )
                assert len(set(answers)) == 1

    assert value(dsn, "SELECT count(*) FROM faces") == 20
    assert value(dsn, "SELECT count(*) FROM answers") == 20


async def test_a_key_made_for_a_batch_that_failed_is_not_used_again(dsn: str) -> None:
    face = created(user_data="Ann")
    with logs(dsn, 2) as (one, two):
        async with running(one) as first, running(two) as second:
            answers = await together(first, face, WriteNonsense(account_id=ACCOUNT), face)
            assert answers[0] == face.face_id
            clash = created(face_id=face.face_id, user_data="clash")
            clashes = await together(second, clash, created())
            assert not isinstance(clashes[0], type(face.face_id))
            for writer in (first, second):
                said = await writer.send(SayUserData(account_id=ACCOUNT, face_id=face.face_id))
                assert said == "Ann"


async def test_nonsense_fails_alone_in_the_middle_of_a_transaction(dsn: str) -> None:
    """U+0000 passes JSON and is refused by Postgres, while statements behind it are under way."""
    faces = [created() for _ in range(3)]
    with logs(dsn, 1) as (log,):
        async with running(log) as writer:
            await together(writer, *faces)
            answers = await together(
                writer,
                *(
                    EditFace(account_id=ACCOUNT, face_id=f.face_id, changes={"user_data": said})
                    for f, said in zip(faces, ("a", "b\0", "c"), strict=True)
                ),
            )

    assert answers[0] is answers[2] is None
    assert isinstance(answers[1], psycopg.DataError)
    with psycopg.connect(dsn) as connection:
        rows = connection.execute("SELECT user_data FROM faces ORDER BY user_data").fetchall()
    assert rows == [("",), ("a",), ("c",)]


async def test_a_lost_connection_is_not_noticed_by_clients(dsn: str) -> None:
    """Sessions are cut at any moment; what was answered is there once, and all is answered."""
    stop = threading.Event()

    def cut() -> None:
        pause_s = 0.05
        with psycopg.connect(dsn, autocommit=True) as admin:
            while not stop.wait(pause_s):
                pause_s *= 1.05  # so that a slow machine comes to an end, too
                admin.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                    "WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )

    cutter = threading.Thread(target=cut)
    cutter.start()
    try:
        with logs(dsn, 1) as (log,):
            async with running(log, attempts=50) as writer:
                clients = (_create_many(writer, 150) for _ in range(8))
                answered = [i for ids in await asyncio.gather(*clients) for i in ids]
    finally:
        stop.set()
        cutter.join()

    with psycopg.connect(dsn) as connection:
        kept = [row[0] for row in connection.execute("SELECT face_id FROM faces")]
        positions = connection.execute(
            "SELECT count(*), max(notification_id) FROM history"
        ).fetchone()
    assert sorted(answered) == sorted(kept)
    assert positions == (1200, 1200)


async def _create_many(writer: GroupCommitWriter, count: int) -> list[Any]:
    return [await writer.send(created(user_data="Ann")) for _ in range(count)]


async def test_a_commit_whose_end_was_not_heard_is_looked_up(dsn: str) -> None:
    """The session is cut after COMMIT was done: the batch is there, and is answered once."""
    with logs(dsn, 1) as (log,):
        async with running(log) as writer:
            await writer.send(created())
            for _ in range(3):
                cut_after_commit(log)
                assert await writer.send(created())
                cut_before_commit(log)
                assert await writer.send(created())

    assert value(dsn, "SELECT count(*) FROM faces") == 7
    assert value(dsn, "SELECT position FROM log_head") == 7


def cut_after_commit(log: PostgresLog) -> None:
    connection = log._link.connection()
    execute = connection._exec_command

    def and_cut(command: bytes, *rest: Any) -> Any:
        yield from execute(command, *rest)
        if command == b"COMMIT":
            del connection._exec_command
            connection.close()
            raise psycopg.OperationalError("cut")

    connection._exec_command = and_cut  # type: ignore[method-assign]


def cut_before_commit(log: PostgresLog) -> None:
    connection = log._link.connection()
    execute = connection._exec_command

    def cut(command: bytes, *rest: Any) -> Any:
        if command == b"COMMIT":
            del connection._exec_command
            connection.close()
            raise psycopg.OperationalError("cut")
        yield from execute(command, *rest)

    connection._exec_command = cut  # type: ignore[method-assign]


@pytest.mark.slow
async def test_a_restarted_server_loses_nothing_that_was_answered(tmp_path: Any) -> None:
    from api.embedded_postgres import EmbeddedPostgres
    from tests.support.log import prepare

    server = EmbeddedPostgres(tmp_path / "postgres")
    dsn = server.start()
    prepare(dsn)
    answered: list[Any] = []
    unknown: list[Any] = []

    enough = asyncio.Event()

    async def client(writer: GroupCommitWriter) -> None:
        while not enough.is_set():
            face = created(user_data="Ann")
            try:
                answered.append(await writer.send(face))
            except DatabaseUnavailable:
                await asyncio.sleep(0.01)
            except OutcomeUnknown:
                unknown.append(face.face_id)

    async def some_more() -> None:
        wanted = len(answered) + 60
        async with asyncio.timeout(600):
            while len(answered) < wanted:
                for ended in [one for one in clients if one.done()]:
                    ended.result()  # raises what nobody expected
                await asyncio.sleep(0.01)

    clients: list[asyncio.Task[None]] = []
    try:
        with logs(dsn, 1) as (log,):
            async with running(log, attempts=50) as writer:
                clients += [asyncio.create_task(client(writer)) for _ in range(16)]
                for _ in range(2):
                    await some_more()
                    await asyncio.to_thread(server.stop)
                    await asyncio.to_thread(server.start)
                await some_more()
                enough.set()
                await asyncio.gather(*clients)
        with psycopg.connect(dsn) as connection:
            kept = {row[0] for row in connection.execute("SELECT face_id FROM faces")}
    finally:
        server.stop()

    assert len(answered) == len(set(answered))
    assert set(answered) <= kept
    assert kept - set(answered) <= set(unknown)
