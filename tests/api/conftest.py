"""One API for all tests of routes, and clients with accounts of their own."""

from collections.abc import Iterator
from uuid import UUID, uuid4

import httpx
import pytest

from tests.api.belongings import numbered_belongings
from tests.support.postgres import Databases
from tests.support.running_api import RunningApi, best_pack, running_api


@pytest.fixture(scope="session")
def running(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningApi]:
    """The running API; its database is shared, so tests see each other without an account."""
    with (
        databases.fresh() as dsn,
        running_api(dsn, tmp_path_factory.mktemp("api")) as api,
    ):
        yield api


@pytest.fixture
def account_id() -> UUID:
    """An account that no other test has."""
    return uuid4()


@pytest.fixture
def client(running: RunningApi, account_id: UUID) -> Iterator[httpx.Client]:
    """Asks the API as the account."""
    with running.client(account_id) as made:
        yield made


@pytest.fixture
def stranger(running: RunningApi) -> Iterator[httpx.Client]:
    """Asks the API as another account."""
    with running.client(uuid4()) as made:
        yield made


@pytest.fixture
def nobody(running: RunningApi) -> Iterator[httpx.Client]:
    """Asks the API without an account."""
    with running.client() as made:
        yield made


@pytest.fixture(scope="session")
def elsewhere(running: RunningApi) -> dict[str, str]:
    """The numbers of things of an account that no test has."""
    with running.client(uuid4()) as client:
        return numbered_belongings(client)


@pytest.fixture(scope="session")
def eyes(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningApi]:
    """A running API that sees as much as it can: with the development pack where it is here."""
    with (
        databases.fresh() as dsn,
        running_api(dsn, tmp_path_factory.mktemp("eyes"), **best_pack()) as api,
    ):
        yield api


@pytest.fixture
def seeing(eyes: RunningApi, account_id: UUID) -> Iterator[httpx.Client]:
    """Asks the API that sees the most as the account."""
    with eyes.client(account_id) as made:
        yield made


@pytest.fixture
def streams(running: RunningApi) -> Iterator[httpx.Client]:
    """Asks the streams service without an account, as its clients do."""
    with running.client(path="/streams") as made:
        yield made
