"""Any changes, through any adapter, lead to what comparing everything finds."""

import asyncio

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ray_cluster.matching import (
    AttachCandidate,
    DetachCandidate,
    DropList,
    IndexChange,
    MatchFilters,
    Origin,
    PutCandidate,
)
from tests.inference.matching.galleries import (
    ACCOUNTS,
    COSINE,
    DISTANCE,
    FEATURES,
    LISTS,
    candidate_id,
    put,
)
from tests.inference.matching.truth import Truth
from tests.ray_cluster.matching_adapters import IN_PROCESS, Make, gone, ids, on_ray, query


def changes() -> st.SearchStrategy[list[IndexChange]]:
    numbers = st.integers(0, 25)
    lists = st.sampled_from(LISTS)
    puts: st.SearchStrategy[PutCandidate] = st.builds(
        put,
        numbers,
        st.sampled_from([COSINE, COSINE, DISTANCE]),
        looks=numbers,
        origin=st.sampled_from([Origin.FACES, Origin.FACES, Origin.EVENTS]),
        lists=st.lists(lists, max_size=2, unique=True),
    )
    moved = numbers.map(candidate_id)
    return st.lists(
        puts
        | puts
        | st.builds(AttachCandidate, candidate_id=moved, list_id=lists)
        | st.builds(DetachCandidate, candidate_id=moved, list_id=lists)
        | st.builds(gone, numbers, st.sampled_from(Origin))
        | st.builds(DropList, list_id=lists),
        max_size=40,
    )


@pytest.mark.parametrize("adapter", IN_PROCESS.values(), ids=IN_PROCESS)
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(batches=st.lists(changes(), max_size=4), data=st.data())
def test_any_changes_lead_to_the_truth(
    adapter: Make, batches: list[list[IndexChange]], data: st.DataObject
) -> None:
    lead_to_the_truth(adapter, batches, data)


@pytest.mark.slow
@pytest.mark.usefixtures("cluster")
@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(batches=st.lists(changes(), max_size=3), data=st.data())
def test_any_changes_lead_to_the_truth_on_a_cluster(
    batches: list[list[IndexChange]], data: st.DataObject
) -> None:
    lead_to_the_truth(on_ray, batches, data)


def lead_to_the_truth(adapter: Make, batches: list[list[IndexChange]], data: st.DataObject) -> None:
    """Apply changes here and to the truth, and search in both."""
    queries = [
        query(
            *data.draw(st.lists(st.integers(0, 25), max_size=3)),
            feature=data.draw(st.sampled_from([COSINE, DISTANCE])),
            filters=MatchFilters(
                account_id=data.draw(st.none() | st.sampled_from(ACCOUNTS)),
                list_id=data.draw(st.none() | st.sampled_from(LISTS)),
            ),
            limit=data.draw(st.integers(1, 12)),
            threshold=data.draw(st.sampled_from([0.0, 0.4, 0.9])),
        )
        for _ in range(3)
    ]

    async def run() -> None:
        matching, truth = adapter(FEATURES), Truth(FEATURES)
        for position, batch in enumerate(batches, 1):
            matching.apply(batch, position)
            truth.apply(batch)
            answers = await asyncio.gather(*(matching.search([each]) for each in queries))
            for each, (answer,) in zip(queries, answers, strict=True):
                expected = [[one for one, _ in ranked] for ranked in truth.search(each)]
                assert [ids(reference) for reference in answer] == expected
        await matching.close()

    asyncio.run(run())
