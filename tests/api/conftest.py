"""One API for all tests of routes, and clients with accounts of their own."""

from collections.abc import Iterator
from uuid import UUID, uuid4

import httpx
import pytest

from tests.api.belongings import numbered_belongings
from tests.support.postgres import Databases
from tests.support.running_api import RunningApi, headers_of, running_api
from tests.support.shared import MODELS


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
    with httpx.Client(base_url=running.url, headers=headers_of(account_id)) as made:
        yield made


@pytest.fixture
def stranger(running: RunningApi) -> Iterator[httpx.Client]:
    """Asks the API as another account."""
    with httpx.Client(base_url=running.url, headers=headers_of(uuid4())) as made:
        yield made


@pytest.fixture
def nobody(running: RunningApi) -> Iterator[httpx.Client]:
    """Asks the API without an account."""
    with httpx.Client(base_url=running.url) as made:
        yield made


@pytest.fixture(scope="session")
def elsewhere(running: RunningApi) -> dict[str, str]:
    """The numbers of things of an account that no test has."""
    with httpx.Client(base_url=running.url, headers=headers_of(uuid4())) as client:
        return numbered_belongings(client)


@pytest.fixture(scope="session")
def eyes(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningApi]:
    """A running API that sees as much as it can: with the development pack where it is here."""
    better = {"pack": f"dev+ethnicities:{MODELS}"} if MODELS.is_dir() else {}
    with (
        databases.fresh() as dsn,
        running_api(dsn, tmp_path_factory.mktemp("eyes"), **better) as api,
    ):
        yield api


@pytest.fixture
def seeing(eyes: RunningApi, account_id: UUID) -> Iterator[httpx.Client]:
    """Asks the API that sees the most as the account."""
    headers = headers_of(account_id)
    with httpx.Client(base_url=eyes.url, headers=headers, timeout=30) as made:
        yield made


@pytest.fixture
def streams(running: RunningApi) -> Iterator[httpx.Client]:
    """Asks the streams service without an account, as its clients do."""
    with httpx.Client(base_url=f"{running.url}/streams") as made:
        yield made
