"""An index in shards is one index: the same answers, also while virtual shards move."""

import threading
from itertools import islice, takewhile

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from inference.matching.collection import Storage
from inference.matching.id_table import id_pairs, virtual_shards
from inference.matching.match_index import MatchIndex
from inference.matching.sharded_index import VIRTUAL_SHARDS, ShardedIndex
from inference.matching.values import (
    AttachCandidate,
    DetachCandidate,
    DropList,
    IndexChange,
    MatchFilters,
    MatchOrder,
    MatchQuery,
    Origin,
    RemoveCandidate,
)
from inference.matching.workers import Workers
from tests.inference.matching.galleries import (
    ACCOUNTS,
    COSINE,
    DISTANCE,
    FEATURES,
    LISTS,
    candidate_id,
    descriptor,
    put,
)

SMALL = Storage(segment_rows=64, block_rows=16)
WORKERS = Workers(1)


def virtual_of(number: int) -> int:
    return int(virtual_shards(id_pairs([candidate_id(number)]))[0])


def queries(limit: int) -> list[MatchQuery]:
    return [
        MatchQuery(
            references=(descriptor(3, feature), descriptor(17, feature)),
            origin=Origin.FACES,
            filters=filters,
            limit=limit,
            threshold=0.1,
            order=order,
        )
        for feature in (COSINE, DISTANCE)
        for filters, order in (
            (MatchFilters(), MatchOrder.SIMILARITY),
            (MatchFilters(list_id=LISTS[0]), MatchOrder.CREATE_TIME_DESC),
            (MatchFilters(account_id=ACCOUNTS[1], age__gte=5), MatchOrder.CREATE_TIME_ASC),
        )
    ]


def changes() -> st.SearchStrategy[list[IndexChange]]:
    numbers, lists = st.integers(0, 30), st.sampled_from(LISTS)
    moved = numbers.map(candidate_id)
    puts = st.builds(
        put,
        numbers,
        st.sampled_from([COSINE, DISTANCE]),
        looks=numbers,
        lists=st.lists(lists, max_size=2, unique=True),
    )
    return st.lists(
        puts
        | puts
        | st.builds(AttachCandidate, candidate_id=moved, list_id=lists)
        | st.builds(DetachCandidate, candidate_id=moved, list_id=lists)
        | st.builds(RemoveCandidate, origin=st.just(Origin.FACES), candidate_id=moved)
        | st.builds(DropList, list_id=lists),
        max_size=30,
    )


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.lists(changes(), min_size=1, max_size=4),
    st.lists(st.tuples(st.integers(0, 30), st.integers(0, 2)), max_size=12),
    st.integers(1, 12),
)
def test_shards_answer_like_one_index(
    batches: list[list[IndexChange]], moves: list[tuple[int, int]], limit: int
) -> None:
    one = MatchIndex(FEATURES, workers=WORKERS, storage=SMALL)
    many = ShardedIndex(FEATURES, 3, workers=WORKERS, storage=SMALL)
    left = iter(moves)
    for position, batch in enumerate(batches, 1):
        for each in (one, many):
            each.apply(batch, position)
        for number, shard in islice(left, 3):
            many.move(virtual_of(number), shard)
        assert many.search(queries(limit)) == one.search(queries(limit))
        assert {size[:4] for size in many.sizes()} >= {
            size[:4] for size in one.sizes() if size.candidates
        }


def test_everything_that_is_known_of_a_candidate_moves_with_it() -> None:
    many = ShardedIndex(FEATURES, 2, workers=WORKERS, storage=SMALL)
    puts = [put(number, lists=LISTS[: number % 4]) for number in range(1, 200)]
    many.apply(puts, 1)
    for virtual in range(VIRTUAL_SHARDS):
        many.move(virtual, 1)
    assert many.differences(puts) == []
    assert [sum(size.candidates for size in shard.sizes()) for shard in many.shards] == [0, 199]


def test_searches_and_changes_go_on_while_virtual_shards_move() -> None:
    many = ShardedIndex(FEATURES, 3, workers=WORKERS, storage=SMALL)
    fixed = [put(number) for number in range(1, 400)]
    many.apply(fixed, 1)
    expected = many.search([MatchQuery(references=(descriptor(3),), origin=Origin.EVENTS),
                            *queries(1000)])  # fmt: skip
    done = threading.Event()
    problems: list[object] = []

    def move() -> None:
        chance = np.random.default_rng(1)
        try:
            for _ in range(400):
                many.move(int(chance.integers(VIRTUAL_SHARDS)), int(chance.integers(3)))
        except Exception as problem:
            problems.append(problem)
        finally:
            done.set()

    def change() -> None:
        for number in takewhile(lambda _: not done.is_set(), range(10_000)):
            many.apply([put(500 + number % 40, origin=Origin.ATTRIBUTES)], None)

    threads = [threading.Thread(target=work) for work in (move, change)]
    for thread in threads:
        thread.start()
    while not done.is_set():
        found = many.search([MatchQuery(references=(descriptor(3),), origin=Origin.EVENTS),
                             *queries(1000)])  # fmt: skip
        assert found == expected
    for thread in threads:
        thread.join()
    assert problems == []
    assert many.differences(fixed) == []


def test_virtual_shards_are_of_like_size() -> None:
    counts = np.bincount(
        virtual_shards(id_pairs([candidate_id(number) for number in range(25_600)])),
        minlength=VIRTUAL_SHARDS,
    )
    assert counts.min() > 50
    assert counts.max() < 160
