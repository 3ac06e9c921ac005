"""How many faces accounts and lists have is known at once, whatever happens to them."""

from typing import Any

import psycopg
from hypothesis import given, settings
from hypothesis import strategies as st

from commands.command import Command
from projections.database import Reader
from projections.faces import FACES, FaceConditions, count_faces, count_faces_with_attributes
from projections.lists import LISTS, ListConditions, count_lists
from projections.rebuild import rebuild
from projections.row_counts import sum_counts
from tests.support.commands_of_faces import ACCOUNTS, SEQUENCES, decided
from tests.support.log import MASTER, open_log, prepare
from tests.support.postgres import Databases

_MOST = """SELECT coalesce(max(n), 1)
    FROM (SELECT count(*) AS n FROM row_counts GROUP BY of_table, kind, scope) found"""
_LISTS = "SELECT list_id FROM lists UNION SELECT unnest(list_ids) FROM faces"


def plainly(reader: Reader, account_id: Any, conditions: FaceConditions) -> int:
    """The same by counting rows: a condition on ids is not counted already."""
    given = conditions.model_dump(exclude_none=True)
    everything = {"face_id__gte": "00000000-0000-0000-0000-000000000000"}
    return count_faces(reader, account_id, FaceConditions.model_validate({**given, **everything}))


@settings(max_examples=5, deadline=None)
@given(SEQUENCES, st.sampled_from(["nothing", "sum", "rebuild"]))
def test_counts_are_those_of_the_rows(
    databases: Databases, commands: list[Command[Any]], then: str
) -> None:
    with databases.fresh(prepare) as dsn:
        log, reader = open_log(dsn), Reader(dsn)
        reader.open()
        try:
            decided(log, commands)
            if then == "rebuild":
                rebuild(dsn, FACES, MASTER)
                rebuild(dsn, LISTS, MASTER)
            elif then == "sum":
                with psycopg.connect(dsn, autocommit=True) as connection:
                    sum_counts(connection)
                assert reader.fetch_value(_MOST) == 1
            compare(reader)
        finally:
            reader.close()
            log.close()


def compare(reader: Reader) -> None:
    """All that is counted already with the rows that there are."""
    lists = [row["list_id"] for row in reader.fetch_all(_LISTS)]
    wanted = [FaceConditions(), *(FaceConditions(list_id=list_id) for list_id in lists)]
    for account_id in (*ACCOUNTS, None):
        for conditions in wanted:
            told = count_faces(reader, account_id, conditions)
            assert told == plainly(reader, account_id, conditions)
        shown = reader.fetch_value(
            "SELECT count(*) FROM lists WHERE NOT retired"
            " AND account_id = coalesce(%s, account_id)",
            [account_id],
        )
        assert count_lists(reader, account_id, ListConditions()) == shown
        described = reader.fetch_value(
            "SELECT count(*) FROM faces WHERE attributes_time IS NOT NULL"
            " AND account_id = coalesce(%s, account_id)",
            [account_id],
        )
        assert count_faces_with_attributes(reader, account_id) == described
