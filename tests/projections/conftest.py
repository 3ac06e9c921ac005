"""Databases with the product's schema, and logs on them."""

from collections.abc import Iterator

import pytest

from projections.history import PostgresLog
from tests.support.log import open_log, prepare
from tests.support.postgres import Databases


@pytest.fixture
def dsn(databases: Databases) -> Iterator[str]:
    """A database of the test's own, with the product's schema and nothing in it."""
    with databases.fresh(prepare) as made:
        yield made


@pytest.fixture
def log(dsn: str) -> Iterator[PostgresLog]:
    """The log on that database."""
    opened = open_log(dsn)
    yield opened
    opened.close()
