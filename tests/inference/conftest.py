"""Pipelines on the development pack and on the default pack, loaded once for all tests."""

import pytest

from inference.dev_pack import dev_pack
from inference.packs import default_pack
from inference.packs.pack import MANIFEST, ModelPack, read_pack
from inference.pipeline import Pipeline
from tests.support.shared import MODELS, ROOT


@pytest.fixture(scope="session")
def development() -> ModelPack:
    """The development pack's manifest with every role on; its networks may be absent."""
    return dev_pack(MODELS, on=("ethnicities",))


@pytest.fixture(scope="session")
def pipeline(development: ModelPack) -> Pipeline:
    """The development pack at work."""
    if not MODELS.is_dir():
        pytest.skip("shared models are not here")
    return Pipeline(development)


@pytest.fixture(scope="session")
def default_pipeline() -> Pipeline:
    """The default pack at work; it is built once and kept between runs."""
    return Pipeline(read_pack(default_pack.build(ROOT / "var" / "models" / "default") / MANIFEST))


@pytest.fixture(params=["development", "default"])
def any_pipeline(request: pytest.FixtureRequest) -> Pipeline:
    """Either pack at work."""
    name = "pipeline" if request.param == "development" else "default_pipeline"
    return request.getfixturevalue(name)
