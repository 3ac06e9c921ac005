"""A pipeline that needs nothing but this repository's own packages: the default pack."""

import pytest

from inference.packs import default_pack
from inference.packs.pack import MANIFEST, read_pack
from inference.pipeline import Pipeline
from tests.support.shared import ROOT


@pytest.fixture(scope="session")
def pipeline() -> Pipeline:
    """The default pack at work; it is built once and kept between runs."""
    return Pipeline(read_pack(default_pack.build(ROOT / "var" / "models" / "default") / MANIFEST))
