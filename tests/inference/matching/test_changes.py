"""Whatever is put, moved, removed and put again, searches find the truth."""

from uuid import UUID

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

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
    COSINE,
    DISTANCE,
    FEATURES,
    LISTS,
    NEWER,
    candidate_id,
    descriptor,
    put,
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

    approximate_from: int | None = None

    @initialize(threads=st.integers(1, 2))
    def begin(self, threads: int) -> None:
        self.index = MatchIndex(
            FEATURES,
            workers=Workers(threads),
            storage=SMALL,
            approximate_from=self.approximate_from,
        )
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
TestChanges.settings = settings(max_examples=50, stateful_step_count=20, deadline=None)
