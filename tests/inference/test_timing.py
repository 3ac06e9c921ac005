"""Every role of every pack of ours can be timed, and says how good it is."""

import pytest

from inference.pipeline import Pipeline
from inference.timing import role_times


@pytest.mark.slow
def test_every_role_is_timed_and_says_how_good_it_is(any_pipeline: Pipeline) -> None:
    pack = any_pipeline.loaded.pack
    times = role_times(pack)
    assert times.keys() == pack.roles.keys()
    assert all(ms >= 0 for ms in times.values())
    for role, spec in pack.roles.items():
        assert spec.accuracy, role
        assert spec.latency_ms is None or spec.latency_ms > 0
