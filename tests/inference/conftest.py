"""Pipelines on the development pack, loaded once for all tests."""

import pytest

from inference.dev_pack import dev_pack
from inference.packs.pack import ModelPack
from inference.pipeline import Pipeline
from tests.support.shared import MODELS


@pytest.fixture(scope="session")
def development() -> ModelPack:
    """The development pack's manifest; its networks may be absent."""
    return dev_pack(MODELS)


@pytest.fixture(scope="session")
def pipeline(development: ModelPack) -> Pipeline:
    """The development pack at work."""
    if not MODELS.is_dir():
        pytest.skip("shared models are not here")
    return Pipeline(development)
