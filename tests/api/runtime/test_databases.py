"""The database fixtures: fresh each time, copied from a template prepared once."""

import psycopg

from tests.support.postgres import Databases

prepared: list[str] = []


def prepare(dsn: str) -> None:
    prepared.append(dsn)
    with psycopg.connect(dsn) as connection:
        connection.execute("CREATE TABLE things AS SELECT 1 AS n")


def test_an_empty_database_has_no_tables(database: str) -> None:
    with psycopg.connect(database) as connection:
        found = connection.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'")
        assert found.fetchone() == (0,)


def test_copies_share_a_template_and_nothing_else(databases: Databases) -> None:
    with databases.fresh(prepare) as one, databases.fresh(prepare) as two:
        with psycopg.connect(one) as connection:
            connection.execute("DELETE FROM things")
        with psycopg.connect(two) as connection:
            assert connection.execute("SELECT n FROM things").fetchone() == (1,)
    assert len(prepared) == 1
