"""Verification names every row that is not as the log says, and only those."""

import threading
from uuid import uuid4

import psycopg

from projections.faces import FACES
from projections.lists import LISTS
from projections.rebuild import rebuild
from projections.verify import Difference, verify
from tests.support.life import live
from tests.support.log import MASTER


def test_verification_names_what_is_wrong(dsn: str) -> None:
    live(dsn, 60, clients=2)
    assert verify(dsn, FACES, MASTER).differences == 0
    with psycopg.connect(dsn) as connection:
        ids = [r[0] for r in connection.execute("SELECT face_id FROM faces ORDER BY 1 LIMIT 3")]
        connection.execute("DELETE FROM faces WHERE face_id = %s", [ids[0]])
        connection.execute(
            "UPDATE faces SET user_data = 'x', list_ids = list_ids || %s::uuid "
            "WHERE face_id = %s", [uuid4(), ids[1]]
        )  # fmt: skip
        connection.execute("UPDATE faces SET face_id = %s WHERE face_id = %s", [uuid4(), ids[2]])

    found = verify(dsn, FACES, MASTER)

    whats = sorted(example.what for example in found.examples)
    assert whats == ["missing", "missing", "unexpected", "user_data, list_ids"]
    assert found.differences == 4
    assert Difference(ids[1], "user_data, list_ids") in found.examples
    rebuild(dsn, FACES, MASTER)
    assert verify(dsn, FACES, MASTER).differences == 0


def test_verification_finds_nothing_wrong_while_others_write(dsn: str) -> None:
    writing = threading.Thread(target=live, args=(dsn, 150))
    writing.start()
    while writing.is_alive():
        for table in (FACES, LISTS):
            assert verify(dsn, table, MASTER).differences == 0
    writing.join()
