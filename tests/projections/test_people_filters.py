"""Filters of faces and lists find in Postgres what the same conditions find in memory."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from commands.faces import AttachFaces, CreateFace
from commands.lists import CreateList
from commands.router import COMMANDS
from commands.store import Session, SessionStore
from projections import faces, lists
from projections.database import Reader, Row
from projections.history import PostgresLog
from tests.support.log import open_log, prepare
from tests.support.postgres import Databases

ACCOUNTS = [uuid4(), uuid4()]
WORDS = ["", "Ann", "ann", "100%", "a_b", "\\", "Ann'; --"]
EVENTS = [None, uuid4(), uuid4()]


def run(log: PostgresLog, command: Any) -> Any:
    """Run and commit a command."""
    store = SessionStore(Session(log), "")
    answer = COMMANDS[type(command)](command, store)
    log.commit(store.finish(set()))
    return answer


@pytest.fixture(scope="module")
def reader(databases: Databases) -> Iterator[Reader]:
    """Two accounts with lists and faces of every mixture."""
    with databases.fresh(prepare) as dsn:
        log, opened = open_log(dsn), Reader(dsn)
        for account in ACCOUNTS:
            made = [run(log, CreateList(account_id=account, user_data=word)) for word in WORDS[:4]]
            for number in range(28):
                face = CreateFace(
                    account_id=account,
                    user_data=WORDS[number % len(WORDS)],
                    external_id=WORDS[number % 5],
                    event_id=EVENTS[number % 3],
                    list_ids=tuple(made[i] for i in range(4) if number >> i & 1),
                )
                run(log, face)
            attached = AttachFaces(account_id=account, list_id=made[3], face_ids=(face.face_id,))
            run(log, attached)
        opened.open()
        yield opened
        opened.close()
        log.close()


@pytest.fixture(scope="module")
def all_faces(reader: Reader) -> list[Row]:
    """Every face, newest first."""
    return [
        row
        for page in (1, 2)
        for row in faces.list_faces(reader, None, faces.FaceFilter(page=page, page_size=100))
    ]


@pytest.fixture(scope="module")
def all_lists(reader: Reader) -> list[Row]:
    """Every list, newest first."""
    return lists.list_lists(reader, None, lists.ListFilter(page_size=100))


Oracle = dict[str, Callable[[Row, Any], bool]]

OF_FACES: Oracle = {
    "face_ids": lambda row, ids: row["face_id"] in ids,
    "external_ids": lambda row, ids: row["external_id"] in ids,
    "user_data": lambda row, text: text in row["user_data"],
    "event_id": lambda row, event: row["event_id"] == event,
    "list_id": lambda row, list_id: list_id in row["lists"],
    "face_id__gte": lambda row, low: row["face_id"] >= low,
    "face_id__lt": lambda row, high: row["face_id"] < high,
    "create_time__gte": lambda row, low: row["create_time"] >= low,
    "create_time__lt": lambda row, high: row["create_time"] < high,
}
OF_LISTS: Oracle = {
    "list_ids": lambda row, ids: row["list_id"] in ids,
    "list_id__gte": lambda row, low: row["list_id"] >= low,
    "list_id__lt": lambda row, high: row["list_id"] < high,
    "user_data": lambda row, text: text in row["user_data"],
    "user_data__eq": lambda row, text: row["user_data"] == text,
    "create_time__gte": lambda row, low: row["create_time"] >= low,
    "create_time__lt": lambda row, high: row["create_time"] < high,
    "last_update_time__gte": lambda row, low: row["last_update_time"] >= low,
    "last_update_time__lt": lambda row, high: row["last_update_time"] < high,
}


def expected(
    rows: list[Row], account: UUID | None, wanted: dict[str, Any], of: Oracle
) -> list[Row]:
    """What passes all conditions, in the order of the rows."""
    return [
        row
        for row in rows
        if account in (None, row["account_id"])
        and all(of[name](row, value) for name, value in wanted.items())
    ]


def conditions(draw: st.DrawFn, rows: list[Row], of: Oracle) -> dict[str, Any]:
    """Some conditions with values near those of the rows."""
    names = draw(st.lists(st.sampled_from(sorted(of)), max_size=3, unique=True))
    return {name: draw(value(name, rows)) for name in names}


def value(name: str, rows: list[Row]) -> st.SearchStrategy[Any]:
    """Values that a condition may sensibly have."""
    row = st.sampled_from(rows)
    if name in ("user_data", "user_data__eq"):
        return st.sampled_from([*WORDS, "nn", "%", "_"])
    if name == "external_ids":  # nothing between two commas is no item
        return st.lists(st.sampled_from(WORDS[1:]), min_size=1, max_size=3)
    if name == "event_id":
        return st.sampled_from([EVENTS[1], EVENTS[2], uuid4()])
    if name == "list_id":
        return st.sampled_from([*{i for r in rows for i in r.get("lists", ())}, uuid4()])
    if name.endswith("_ids"):
        return st.lists(row.map(lambda r: r[name[:-1]]), min_size=1, max_size=5)
    column = name.partition("__")[0]
    if column.endswith("_time"):
        moved = st.sampled_from([timedelta(0), timedelta(microseconds=1)])
        return st.builds(lambda r, more: r[column] + more, row, moved)
    return row.map(lambda r: r[column])


SETTINGS = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


@SETTINGS
@given(st.data(), st.sampled_from([None, *ACCOUNTS]), st.integers(1, 3), st.integers(1, 20))
def test_faces(
    reader: Reader,
    all_faces: list[Row],
    data: st.DataObject,
    account: UUID | None,
    page: int,
    size: int,
) -> None:
    wanted = data.draw(st.composite(conditions)(all_faces, OF_FACES))
    found = expected(all_faces, account, wanted, OF_FACES)

    query = faces.FaceFilter(**wanted, page=page, page_size=size)

    start = (page - 1) * size
    assert faces.list_faces(reader, account, query) == found[start : start + size]
    assert faces.count_faces(reader, account, faces.FaceConditions(**wanted)) == len(found)


@SETTINGS
@given(st.data(), st.sampled_from([None, *ACCOUNTS]), st.integers(1, 3), st.integers(1, 4))
def test_lists(
    reader: Reader,
    all_lists: list[Row],
    data: st.DataObject,
    account: UUID | None,
    page: int,
    size: int,
) -> None:
    wanted = data.draw(st.composite(conditions)(all_lists, OF_LISTS))
    found = expected(all_lists, account, wanted, OF_LISTS)

    query = lists.ListFilter(**wanted, page=page, page_size=size)

    start = (page - 1) * size
    assert lists.list_lists(reader, account, query) == found[start : start + size]
    assert lists.count_lists(reader, account, lists.ListConditions(**wanted)) == len(found)
