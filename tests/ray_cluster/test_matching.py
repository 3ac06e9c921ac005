"""What every adapter of the matching port does, whichever is asked."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace

import numpy as np
import pytest

from domain.shared.biometrics import BadDescriptor, Descriptor
from domain.shared.matching_refusals import TooManySearches
from domain.shared.model_features import DescriptorFeature
from inference.matching.match_index import MatchIndex
from inference.matching.sharded_index import ShardedIndex
from ray_cluster.local_matching import LocalMatching
from ray_cluster.matching import (
    MAX_LIMIT,
    AttachCandidate,
    DetachCandidate,
    DropList,
    MatchAnswer,
    MatchFilters,
    Matching,
    MatchOrder,
    MatchQuery,
    Origin,
)
from tests.inference.matching.galleries import (
    BODIES,
    COSINE,
    DISTANCE,
    FEATURES,
    LISTS,
    NEWER,
    candidate_id,
    descriptor,
    of,
    put,
)
from tests.ray_cluster.matching_adapters import (
    ADAPTERS,
    ALL,
    IN_PROCESS,
    Make,
    found,
    gone,
    ids,
    query,
)


@pytest.fixture(params=ALL)
async def matching(request: pytest.FixtureRequest) -> AsyncIterator[Matching]:
    """Nobody to be found, yet."""
    if request.param == "ray":
        request.getfixturevalue("cluster")
    made = ADAPTERS[request.param](FEATURES)
    yield made
    await made.close()


async def test_an_empty_index_finds_nothing(matching: Matching) -> None:
    assert matching.position == 0
    assert matching.sizes() == []
    assert await matching.search([]) == []
    assert await matching.search([query(1, 2), query()]) == [[MatchAnswer((), 0, True)] * 2, []]


async def test_the_most_similar_come_first(matching: Matching) -> None:
    matching.apply([put(number) for number in range(1, 40)], 1)
    ((answer,),) = await matching.search([query(9, limit=8)])
    assert ids(answer)[0] == candidate_id(9)
    assert {*ids(answer)} == {candidate_id(number) for number in range(8, 16)}  # one person
    similarities = [candidate.similarity for candidate in answer.candidates]
    assert similarities == sorted(similarities, reverse=True)
    assert similarities[0] == pytest.approx(COSINE.calibration.similarity(1.0))


async def test_a_change_is_seen_as_soon_as_it_was_applied(matching: Matching) -> None:
    for number in range(1, 30):
        matching.apply([put(number)], number)
        ((answer,),) = await matching.search([query(number, limit=1)])
        assert ids(answer) == [candidate_id(number)]
        assert answer.position == matching.position == number
        assert answer.exact
        matching.apply([gone(number)], number)
        assert await found(matching, query(number)) == [[]]


async def test_a_candidate_put_again_is_what_it_was_put_as_last(matching: Matching) -> None:
    matching.apply([put(1, lists=[LISTS[0]]), put(1, looks=50, lists=[LISTS[1]])], 1)
    assert await found(matching, query(50, threshold=0.99)) == [[candidate_id(1)]]
    assert await found(matching, query(1, threshold=0.5)) == [[]]
    in_list = [MatchFilters(list_id=list_id) for list_id in LISTS]
    sizes = [len((await found(matching, query(50, filters=each)))[0]) for each in in_list]
    assert sizes == [0, 1, 0]


async def test_lists_gain_and_lose_faces(matching: Matching) -> None:
    async def members() -> list[int]:
        filters = [MatchFilters(list_id=list_id) for list_id in LISTS]
        answers = await matching.search([query(1, filters=each) for each in filters])
        return [len(ids(answer)) for (answer,) in answers]

    one, two = candidate_id(1), candidate_id(2)
    matching.apply([put(1), put(2, lists=[LISTS[1]]), put(3, origin=Origin.EVENTS)], 1)
    assert await members() == [0, 1, 0]
    joins = [AttachCandidate(candidate_id=each, list_id=LISTS[0]) for each in (one, two, one)]
    unknown = AttachCandidate(candidate_id=candidate_id(3), list_id=LISTS[0])
    matching.apply([*joins, unknown], 2)
    assert await members() == [2, 1, 0]
    leaves = DetachCandidate(candidate_id=two, list_id=LISTS[0])
    matching.apply([leaves, leaves, replace(leaves, list_id=LISTS[2])], 3)
    assert await members() == [1, 1, 0]
    matching.apply([DropList(list_id=LISTS[1]), DropList(list_id=LISTS[2])], 4)
    assert await members() == [1, 0, 0]
    assert len((await found(matching, query(1)))[0]) == 2
    matching.apply([gone(1), put(1)], 5)
    assert await members() == [0, 0, 0]


async def test_origins_are_searched_by_themselves(matching: Matching) -> None:
    matching.apply([put(number, origin=origin) for number, origin in enumerate(Origin)], 1)
    for number, origin in enumerate(Origin):
        assert await found(matching, query(1, origin=origin)) == [[candidate_id(number)]]
    matching.apply([gone(0, Origin.EVENTS), gone(1, Origin.EVENTS)], 2)
    assert await found(matching, query(1)) == [[candidate_id(0)]]
    assert await found(matching, query(1, origin=Origin.EVENTS)) == [[]]


async def test_kinds_and_versions_live_side_by_side_and_never_meet(matching: Matching) -> None:
    everything = (COSINE, NEWER, DISTANCE, BODIES)
    matching.apply([put(n, feature) for n, feature in enumerate(everything, 1)], 1)
    references = tuple(descriptor(1, feature) for feature in everything)
    asked = MatchQuery(references=references, origin=Origin.FACES, limit=10)
    assert await found(matching, asked) == [[candidate_id(n)] for n in (1, 2, 3, 4)]
    assert len(matching.sizes()) == 4
    matching.apply([put(1, NEWER), gone(1, version=COSINE.version)], 2)
    expected = [[], [candidate_id(1), candidate_id(2)], [candidate_id(3)], [candidate_id(4)]]
    assert await found(matching, asked) == expected
    unknown = replace(descriptor(1), version=999)
    asked = MatchQuery(references=(unknown, descriptor(3, DISTANCE)), origin=Origin.FACES)
    assert await found(matching, asked) == [[], [candidate_id(3)]]


async def test_equal_candidates_are_ranked_by_id(matching: Matching) -> None:
    matching.apply([put(number, looks=8) for number in range(700)], 1)
    expected = sorted((candidate_id(number) for number in range(700)), key=lambda one: one.bytes)
    for limit in (1, 30, MAX_LIMIT):
        assert await found(matching, query(8, limit=limit)) == [expected[:limit]]


@pytest.mark.parametrize(
    ("order", "seconds"),
    [(MatchOrder.CREATE_TIME_ASC, [8, 9, 10, 11]), (MatchOrder.CREATE_TIME_DESC, [11, 10, 9, 8])],
)
async def test_the_best_are_listed_by_time(
    matching: Matching, order: MatchOrder, seconds: list[int]
) -> None:
    matching.apply([put(number, looks=60) for number in (1, 2, 40)], 1)
    matching.apply([put(number) for number in (10, 8, 11, 9)], 2)
    wanted = query(8, limit=4, order=order)
    assert await found(matching, wanted) == [[candidate_id(number) for number in seconds]]


async def test_a_refused_change_changes_nothing(matching: Matching) -> None:
    matching.apply([put(1)], 1)
    for row in (np.ones(127), np.ones(256), np.full(128, 1e30)):
        bad = replace(put(2), descriptor=of(np.asarray(row, np.float32)))
        with pytest.raises(BadDescriptor):
            matching.apply([gone(1), put(3), bad, put(4)], 2)
    assert matching.position == 1
    assert await found(matching, query(1)) == [[candidate_id(1)]]


async def test_a_refused_reference_refuses_its_own_call_only(matching: Matching) -> None:
    matching.apply([put(number) for number in range(20)], 1)
    bad = MatchQuery(references=(of(np.ones(64, np.float32)),), origin=Origin.FACES)
    calls = [matching.search([query(number), bad] if number == 3 else [query(number)])
             for number in range(1, 8)]  # fmt: skip
    answers = await asyncio.gather(*calls, return_exceptions=True)
    for number, answer in enumerate(answers, 1):
        if number == 3:
            assert isinstance(answer, BadDescriptor)
        else:
            assert not isinstance(answer, BaseException)
            assert ids(answer[0][0])[0] == candidate_id(number)


@pytest.mark.parametrize("wrong", [{"limit": 0}, {"limit": MAX_LIMIT + 1}, {"limit": -1},
                                   {"threshold": -0.1}, {"threshold": 1.1},
                                   {"threshold": float("nan")}])  # fmt: skip
def test_bounds_are_checked_before_any_work(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="is outside"):
        query(1, **wrong)


@pytest.mark.parametrize("adapter", IN_PROCESS.values(), ids=IN_PROCESS)
async def test_searches_of_one_moment_are_answered_together(
    adapter: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    matching = adapter(FEATURES)
    matching.apply([put(number) for number in range(1, 300)], 1)
    alone = [await matching.search([query(number)]) for number in range(1, 101)]
    batches = []
    kinds = (MatchIndex, ShardedIndex)
    searches = {kind: kind.search for kind in kinds}

    def counted(
        index: MatchIndex | ShardedIndex, queries: Sequence[MatchQuery]
    ) -> list[list[MatchAnswer]]:
        batches.append(len(queries))
        return searches[type(index)](index, queries)  # type: ignore[arg-type]

    for kind in kinds:
        monkeypatch.setattr(kind, "search", counted)
    together = await asyncio.gather(*(matching.search([query(number)]) for number in range(1, 101)))
    assert together == alone
    assert sum(batches) == 100
    assert len(batches) < 10
    await matching.close()


async def test_no_more_searches_wait_than_may() -> None:
    matching = LocalMatching(FEATURES, threads=1, most_waiting=5)
    matching.apply([put(number) for number in range(1, 30)], 1)
    calls = [asyncio.ensure_future(matching.search([query(3)])) for _ in range(9)]
    answers = await asyncio.gather(*calls, return_exceptions=True)
    assert sum(isinstance(answer, TooManySearches) for answer in answers) == 4
    assert sum(isinstance(answer, list) for answer in answers) == 5
    assert await found(matching, query(3)) == [ids(one[0][0]) for one in answers[:1]]  # type: ignore[index]
    await matching.close()


async def test_a_caller_who_leaves_is_not_missed(matching: Matching) -> None:
    matching.apply([put(number) for number in range(1, 30)], 1)
    calls = [asyncio.ensure_future(matching.search([query(number)])) for number in range(1, 20)]
    await asyncio.sleep(0)
    for call in calls[::2]:
        call.cancel()
    answers = await asyncio.gather(*calls, return_exceptions=True)
    for number, answer in enumerate(answers, 1):
        if number % 2:
            assert isinstance(answer, asyncio.CancelledError)
        else:
            assert not isinstance(answer, BaseException)
            assert ids(answer[0][0])[0] == candidate_id(number)
    assert len((await found(matching, query(1)))[0]) == 10


@pytest.mark.parametrize("feature", FEATURES, ids=["cosine", "newer", "distance", "body"])
async def test_comparing_gives_what_searching_gives(
    matching: Matching, feature: DescriptorFeature
) -> None:
    numbers = range(60)
    matching.apply([put(number, feature) for number in numbers], 1)
    values = await matching.similarities(
        descriptor(9, feature), [descriptor(number, feature) for number in numbers]
    )
    ((answer,),) = await matching.search([query(9, feature=feature, limit=60)])
    assert dict(answer.candidates) == {
        candidate_id(number): value for number, value in zip(numbers, values, strict=True)
    }
    one = await matching.similarity(descriptor(9, feature), descriptor(8, feature))
    assert one == values[8]
    assert await matching.similarities(descriptor(9, feature), []) == []


@pytest.mark.parametrize(
    "other",
    [descriptor(1, NEWER), descriptor(1, BODIES), Descriptor(COSINE.kind, 1, bytes(4 * 127))],
    ids=["version", "kind", "dimension"],
)
async def test_what_cannot_be_compared_is_refused(matching: Matching, other: Descriptor) -> None:
    with pytest.raises(BadDescriptor):
        await matching.similarity(descriptor(1), other)
    with pytest.raises(BadDescriptor):
        await matching.similarities(other, [descriptor(1)] * 50)
    with pytest.raises(BadDescriptor, match="unknown"):
        await matching.similarity(*[replace(descriptor(1), version=999)] * 2)


def test_the_port_needs_no_numeric_library() -> None:
    code = "import sys, ray_cluster.matching; print(*{'numpy', 'usearch', 'cv2'} & {*sys.modules})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
