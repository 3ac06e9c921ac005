"""Every role of a pack can be timed, and says how good it is."""

from inference.packs.pack import ModelPack
from inference.pipeline import Pipeline
from inference.timing import role_times
from tests.support.packs import default_pack


def test_every_role_is_timed(pipeline: Pipeline) -> None:
    pack = pipeline.loaded.pack
    times = role_times(pack)
    assert times.keys() == pack.roles.keys()
    assert all(ms >= 0 for ms in times.values())


def test_every_role_says_how_good_it_is(development: ModelPack) -> None:
    for pack in (development, default_pack()):
        for role, spec in pack.roles.items():
            assert spec.accuracy, role
            assert spec.latency_ms is None or spec.latency_ms > 0
