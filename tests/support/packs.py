"""The default pack for tests, built once and kept between runs."""

import functools
import os
from pathlib import Path

from inference.packs.default_pack import NAME, build
from inference.packs.pack import MANIFEST, ModelPack, read_pack
from inference.pipeline import Pipeline
from tests.support.shared import ROOT

PACKS = Path(os.environ.get("SELENE_TEST_PACKS", ROOT / "var" / "test-packs"))


@functools.cache
def default_pack() -> ModelPack:
    """The default pack; it is made again only when its making changed."""
    return read_pack(build(PACKS / NAME) / MANIFEST)


@functools.cache
def default_pipeline() -> Pipeline:
    """The default pack at work, shared by all tests."""
    return Pipeline(default_pack())
