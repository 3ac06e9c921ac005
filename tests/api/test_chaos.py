"""Actors, nodes, Postgres and Redis go and come under load: nothing is lost, wrong or refused."""

import os

import pytest

from tests.support.chaos import chaos
from tests.support.ray_cluster import RayCluster

MINUTES = float(os.environ.get("CHAOS_MINUTES", "0"))


@pytest.mark.slow
@pytest.mark.skipif(not MINUTES, reason="takes minutes: CHAOS_MINUTES says how many")
@pytest.mark.timeout(int(900 + MINUTES * 60))
async def test_whatever_breaks_nothing_acknowledged_is_lost_and_no_search_is_wrong_or_fails(
    cluster: RayCluster,
) -> None:
    with chaos(cluster) as (run, urls):
        report = await run.run(urls, MINUTES * 60)
    print(report.text())
    assert report.ledger.wrong == []
    assert report.ledger.failed == []
    assert len(report.ledger.faces) > 20
    assert report.ledger.searches > 100
