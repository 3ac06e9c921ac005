"""Whatever is put, moved, removed and put again, searches find what there is."""

import threading
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import numpy as np
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from domain.shared.biometrics import BadDescriptor
from domain.shared.model_features import DescriptorFeature
from inference.matching.collection import Storage
from inference.matching.match_index import MatchIndex
from inference.matching.values import (
    AttachCandidate,
    DetachCandidate,
    DropList,
    MatchFilters,
    MatchOrder,
    MatchQuery,
    Origin,
    RemoveCandidate,
)
from inference.matching.workers import Workers
from tests.inference.matching.galleries import (
    ACCOUNTS,
    BODIES,
    COSINE,
    DISTANCE,
    EPOCH,
    FEATURES,
    LISTS,
    NEWER,
    candidate_id,
    descriptor,
    of,
    put,
    vector,
)
from tests.inference.matching.truth import Truth

SMALL = Storage(segment_rows=64, block_rows=16)

NUMBERS = st.integers(0, 60)
MANY = st.lists(NUMBERS, max_size=12)
FEATURE = st.sampled_from([COSINE, COSINE, NEWER, DISTANCE])
ORIGIN = st.sampled_from([Origin.FACES, Origin.FACES, Origin.FACES, Origin.EVENTS])
SOME_LISTS = st.lists(st.sampled_from(LISTS), max_size=2, unique=True)
FILTERS = st.builds(
    MatchFilters,
    account_id=st.none() | st.sampled_from(ACCOUNTS),
    list_id=st.none() | st.none() | st.sampled_from(LISTS),
    ids=st.none() | st.none() | st.frozensets(NUMBERS.map(candidate_id)),
    id__gte=st.none() | NUMBERS.map(candidate_id),
    id__lt=st.none() | NUMBERS.map(candidate_id),
    create_time__gte=st.none() | NUMBERS.map(lambda n: put(n).create_time),
    create_time__lt=st.none() | NUMBERS.map(lambda n: put(n).create_time),
    gender=st.none() | st.none() | st.integers(0, 1),
    age__gte=st.none() | st.integers(0, 60),
    age__lt=st.none() | st.integers(0, 60),
)
ANY_FILTERS = st.just(MatchFilters()) | st.builds(
    MatchFilters, account_id=st.sampled_from(ACCOUNTS)
) | FILTERS  # fmt: skip


class Changes(RuleBasedStateMachine):
    """An index and the truth, told the same in the same order."""

    @initialize(threads=st.integers(1, 2))
    def begin(self, threads: int) -> None:
        self.index = MatchIndex(FEATURES, workers=Workers(threads), storage=SMALL)
        self.truth = Truth(FEATURES)
        self.position = 0

    def apply(self, changes: list) -> None:  # type: ignore[type-arg]
        self.position += 1
        self.index.apply(changes, self.position)
        self.truth.apply(changes)

    @rule(numbers=MANY, looks=MANY, feature=FEATURE, origin=ORIGIN, lists=SOME_LISTS)
    def put(self, numbers, looks, feature, origin, lists) -> None:  # type: ignore[no-untyped-def]
        looks = looks or [1]
        self.apply(
            [
                put(n, feature, looks=looks[place % len(looks)], origin=origin, lists=lists)
                for place, n in enumerate(numbers)
            ]
        )

    @rule(start=st.integers(0, 400), count=st.integers(100, 250), origin=ORIGIN)
    def put_many(self, start: int, count: int, origin: Origin) -> None:
        self.apply([put(n, origin=origin) for n in range(start, start + count)])

    @rule(numbers=MANY, list_id=st.sampled_from(LISTS), joins=st.booleans())
    def move(self, numbers: list[int], list_id: UUID, joins: bool) -> None:
        kind = AttachCandidate if joins else DetachCandidate
        self.apply([kind(candidate_id=candidate_id(n), list_id=list_id) for n in numbers])

    @rule(numbers=MANY, origin=ORIGIN, only=st.none() | FEATURE)
    def remove(self, numbers: list[int], origin: Origin, only: DescriptorFeature | None) -> None:
        narrowed = {"kind": only.kind, "version": only.version} if only else {}
        self.apply(
            [
                RemoveCandidate(origin=origin, candidate_id=candidate_id(n), **narrowed)
                for n in numbers
            ]
        )

    @rule(start=st.integers(0, 400), count=st.integers(50, 300))
    def remove_many(self, start: int, count: int) -> None:
        self.apply(
            [
                RemoveCandidate(origin=Origin.FACES, candidate_id=candidate_id(n))
                for n in range(start, start + count)
            ]
        )

    @rule(list_id=st.sampled_from(LISTS), number=NUMBERS)
    def drop_list(self, list_id: UUID, number: int) -> None:
        joins = AttachCandidate(candidate_id=candidate_id(number), list_id=list_id)
        self.apply([joins, DropList(list_id=list_id)])

    @rule(number=NUMBERS, look=NUMBERS, list_id=st.sampled_from(LISTS))
    def do_everything_at_once(self, number: int, look: int, list_id: UUID) -> None:
        one = candidate_id(number)
        self.apply(
            [
                put(number, looks=look),
                AttachCandidate(candidate_id=one, list_id=list_id),
                RemoveCandidate(origin=Origin.FACES, candidate_id=one),
                put(number, looks=look + 1),
                put(number, looks=look),
                AttachCandidate(candidate_id=one, list_id=LISTS[0]),
                DetachCandidate(candidate_id=one, list_id=LISTS[0]),
                AttachCandidate(candidate_id=one, list_id=list_id),
            ]
        )

    @rule(
        asked=st.lists(
            st.tuples(
                st.lists(st.tuples(NUMBERS, FEATURE), max_size=4), ANY_FILTERS,
                st.sampled_from([1, 2, 5, 40]), st.sampled_from([0.0, 0.0, 0.5, 0.97, 1.0]),
                st.sampled_from(MatchOrder), ORIGIN,
            ),
            max_size=3,
        )
    )  # fmt: skip
    def search(self, asked) -> None:  # type: ignore[no-untyped-def]
        queries = [
            MatchQuery(
                references=tuple(descriptor(n, feature) for n, feature in references),
                origin=origin,
                filters=filters,
                limit=limit,
                threshold=threshold,
                order=order,
            )
            for references, filters, limit, threshold, order, origin in asked
        ]
        self.check(queries)

    def check(self, queries: list[MatchQuery]) -> None:
        for query, answers in zip(queries, self.index.search(queries), strict=True):
            for answer, ranked in zip(answers, self.truth.search(query), strict=True):
                assert answer.position == self.position
                assert [c.candidate_id for c in answer.candidates] == [one for one, _ in ranked]
                assert [c.similarity for c in answer.candidates] == pytest.approx(
                    [similarity for _, similarity in ranked], abs=1e-5
                )

    @invariant()
    def everybody_is_found(self) -> None:
        """In each account and list, and nobody else."""
        filters = [
            MatchFilters(),
            *(MatchFilters(list_id=list_id) for list_id in LISTS),
            MatchFilters(account_id=ACCOUNTS[0], gender=1),
            MatchFilters(ids=frozenset(map(candidate_id, range(30)))),
        ]
        references = (descriptor(3), descriptor(11, NEWER))
        self.check(
            [
                MatchQuery(references=references, origin=origin, filters=each, limit=limit)
                for each in filters
                for origin, limit in ((Origin.FACES, 1000), (Origin.FACES, 9), (Origin.EVENTS, 5))
            ]
        )

    @invariant()
    def everybody_is_counted(self) -> None:
        held = {size[:3]: size.candidates for size in self.index.sizes() if size.candidates}
        true: dict[object, int] = {}
        for origin, _, kind, version in self.truth.candidates:
            true[origin, kind, version] = true.get((origin, kind, version), 0) + 1
        assert held == true

    def teardown(self) -> None:
        if hasattr(self, "index"):
            self.index.close()


TestChanges = Changes.TestCase
TestChanges.settings = settings(max_examples=100, stateful_step_count=20, deadline=None)


def query(*references, **wanted) -> MatchQuery:  # type: ignore[no-untyped-def]
    return MatchQuery(references=references, origin=Origin.FACES, **wanted)


def test_kinds_and_versions_never_meet() -> None:
    index = MatchIndex(FEATURES)
    index.apply([put(5, feature) for feature in (COSINE, BODIES)], 1)
    ((face, newer, body),) = index.search(
        [query(descriptor(5, COSINE), descriptor(5, NEWER), descriptor(5, BODIES))]
    )
    assert [len(each.candidates) for each in (face, newer, body)] == [1, 0, 1]


def test_versions_that_cannot_be_calibrated_are_not_kept() -> None:
    index = MatchIndex([COSINE])
    index.apply([put(5, NEWER), put(6)], 3)
    assert [size.candidates for size in index.sizes()] == [1]
    ((unknown, known),) = index.search([query(descriptor(5, NEWER), descriptor(6))])
    assert unknown.candidates == ()
    assert [c.candidate_id for c in known.candidates] == [candidate_id(6)]


@pytest.mark.parametrize("row", [np.ones(127, np.float32), np.full(128, 1e20, np.float32)])
def test_a_refused_descriptor_refuses_all_changes(row: np.ndarray) -> None:
    index = MatchIndex(FEATURES)
    index.apply([put(1)], 1)
    gone = RemoveCandidate(origin=Origin.FACES, candidate_id=candidate_id(1))
    with pytest.raises(BadDescriptor):
        index.apply([gone, put(2), replace(put(3), descriptor=of(row))], 2)
    assert index.position == 1
    ((answer,),) = index.search([query(descriptor(1))])
    assert [c.candidate_id for c in answer.candidates] == [candidate_id(1)]
    with pytest.raises(BadDescriptor):
        index.search([query(of(row))])


def test_changes_that_lead_to_the_past_are_skipped() -> None:
    index = MatchIndex(FEATURES)
    index.apply([put(1)], 5)
    index.apply([put(2)], 4)
    index.apply([put(3)], 5)
    index.apply([put(4)], None)
    assert index.position == 5
    ((answer,),) = index.search([query(descriptor(1), limit=10)])
    assert {c.candidate_id for c in answer.candidates} == {*map(candidate_id, (1, 3, 4))}


def test_rows_of_the_removed_are_used_again() -> None:
    index = MatchIndex(FEATURES, storage=SMALL)
    index.apply([put(n) for n in range(500)], None)
    (before,) = index.sizes()
    for _ in range(5):
        index.apply([put(n, looks=n + 1) for n in range(500)], None)
        gone = [RemoveCandidate(origin=Origin.FACES, candidate_id=candidate_id(n))
                for n in range(500)]  # fmt: skip
        index.apply(gone, None)
        index.apply([put(n) for n in range(500)], None)
    (after,) = index.sizes()
    # While all are replaced at once, both rows of each are needed.
    assert after.bytes <= 2.2 * before.bytes


@pytest.mark.parametrize("feature", [COSINE, NEWER, BODIES], ids=["128", "256", "512"])
def test_memory_is_little_more_than_codes_and_rows(feature: DescriptorFeature) -> None:
    index, count = MatchIndex([feature]), 20_000
    same = put(1, feature)
    index.apply([replace(same, candidate_id=UUID(int=n << 40)) for n in range(count)], None)
    (size,) = index.sizes()
    assert size.bytes <= 1.15 * count * 5 * feature.dimension


def test_rows_may_lie_in_files(tmp_path: Path) -> None:
    index, truth = MatchIndex(FEATURES, storage=replace(SMALL, directory=tmp_path / "rows")), Truth(
        FEATURES
    )  # fmt: skip
    puts = [put(n) for n in range(400)]
    index.apply(puts, None)
    truth.apply(puts)
    assert list((tmp_path / "rows").iterdir()) == []  # nothing that outlasts the process
    ((answer,),) = index.search([query(descriptor(9), limit=50)])
    assert [c.candidate_id for c in answer.candidates] == [
        one for one, _ in truth.search(query(descriptor(9), limit=50))[0]
    ]


def test_searches_beside_changes_see_each_candidate_as_it_was_or_is() -> None:
    """Ids stand for one vector each, so a row used again too early would show."""
    index, stop = MatchIndex(FEATURES, workers=Workers(2), storage=SMALL), threading.Event()
    index.apply([put(n) for n in range(300)], None)
    failures: list[BaseException] = []
    similarity = COSINE.calibration.similarity

    def unit(number: int) -> np.ndarray:
        row = vector(number)
        return row / max(float(np.linalg.norm(row)), 1e-12)

    numbers = {candidate_id(n): n for n in range(600)}

    def change() -> None:
        random = np.random.default_rng(1)
        while not stop.is_set():
            chosen = random.choice(600, 40, replace=False).tolist()
            index.apply(
                [RemoveCandidate(origin=Origin.FACES, candidate_id=candidate_id(n))
                 for n in chosen[:20]],
                None,
            )  # fmt: skip
            index.apply([put(n) for n in chosen[20:]], None)

    def search(seed: int) -> None:
        random = np.random.default_rng(seed)
        try:
            for _ in range(60):
                wanted = random.integers(1, 600, 3).tolist()
                filters = MatchFilters(create_time__gte=EPOCH) if seed else MatchFilters()
                asked = query(*map(descriptor, wanted), limit=20, filters=filters)
                for number, answer in zip(wanted, index.search([asked])[0], strict=True):
                    assert len({c.candidate_id for c in answer.candidates}) == 20
                    for found, value in answer.candidates:
                        score = float(unit(numbers[found]) @ unit(number))
                        assert value == pytest.approx(similarity(score), abs=1e-4)
        except BaseException as failure:
            failures.append(failure)

    changing = threading.Thread(target=change)
    changing.start()
    searching = [threading.Thread(target=search, args=(seed,)) for seed in range(3)]
    for thread in searching:
        thread.start()
    for thread in searching:
        thread.join()
    stop.set()
    changing.join()
    index.close()
    assert failures == []
