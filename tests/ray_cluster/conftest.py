"""A pipeline over the default pack, which needs no other packages, and a Ray cluster."""

from collections.abc import Iterator

import pytest

from inference.packs import default_pack
from inference.packs.pack import MANIFEST, read_pack
from inference.pipeline import Pipeline
from tests.support.ray_cluster import RayCluster, ray_cluster
from tests.support.shared import ROOT


@pytest.fixture(scope="session")
def pipeline() -> Pipeline:
    """The default pack at work; it is built once and kept between runs."""
    return Pipeline(read_pack(default_pack.build(ROOT / "var" / "models" / "default") / MANIFEST))


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RayCluster]:
    """Two nodes that all tests with Ray share; whoever takes one away adds another."""
    with ray_cluster(tmp_path_factory.mktemp("ray")) as running:
        yield running
