"""An API of their own for tests that count what is there before and after a request."""

from collections.abc import Iterator
from uuid import uuid4

import pytest

from tests.api.belongings import numbered_belongings
from tests.support.postgres import Databases
from tests.support.running_api import RunningApi, best_pack, running_api


@pytest.fixture(scope="session")
def running(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningApi]:
    """An API where no task, stream or large list of another test is still at work."""
    with (
        databases.fresh() as dsn,
        running_api(dsn, tmp_path_factory.mktemp("unchanged")) as api,
    ):
        yield api


@pytest.fixture(scope="package")
def eyes(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningApi]:
    """The same with the development pack where it is here."""
    with (
        databases.fresh() as dsn,
        running_api(dsn, tmp_path_factory.mktemp("unchanged_eyes"), **best_pack()) as api,
    ):
        yield api


@pytest.fixture(scope="session")
def elsewhere(running: RunningApi) -> dict[str, str]:
    """The numbers of things of an account that no test has."""
    with running.client(uuid4()) as client:
        return numbered_belongings(client)
