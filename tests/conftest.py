"""Fixtures every layer shares: the Postgres server of this run, databases, a Ray cluster."""

import logging
import os
from collections.abc import Iterator

import pytest
import structlog
from hypothesis import HealthCheck, settings

from tests.support.postgres import Databases, server
from tests.support.ray_cluster import RayCluster, ray_cluster

# How long an example takes says nothing: the collector of a process this large pauses at will.
# The examples are the same each time; SELENE_TEST_EXPLORE=1 looks for new ones.
settings.register_profile(
    "selene",
    deadline=None,
    derandomize="SELENE_TEST_EXPLORE" not in os.environ,
    suppress_health_check=[
        HealthCheck.too_slow,
        HealthCheck.filter_too_much,
        HealthCheck.data_too_large,
    ],
)
settings.load_profile("selene")

structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))


@pytest.fixture(scope="session")
def postgres_dsn(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A running Postgres: SELENE_TEST_DATABASE_URL, or an embedded one for this run."""
    with server(tmp_path_factory.mktemp("postgres")) as dsn:
        yield dsn


@pytest.fixture(scope="session")
def databases(postgres_dsn: str) -> Iterator[Databases]:
    """Makes databases; `with databases.fresh(prepare) as dsn` copies a prepared template."""
    made = Databases(postgres_dsn)
    yield made
    made.close()


@pytest.fixture
def database(databases: Databases) -> Iterator[str]:
    """The dsn of an empty database for one test."""
    with databases.fresh() as dsn:
        yield dsn


@pytest.fixture(scope="module")
def module_database(databases: Databases) -> Iterator[str]:
    """The dsn of an empty database shared by the tests of one module."""
    with databases.fresh() as dsn:
        yield dsn


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RayCluster]:
    """Two nodes that all tests with Ray share; whoever takes one away adds another."""
    with ray_cluster(tmp_path_factory.mktemp("ray")) as running:
        yield running
