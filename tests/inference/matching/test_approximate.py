"""Large lists that are searched by a graph: what may be missed, and what may not."""

from dataclasses import replace
from uuid import UUID

import pytest
from hypothesis import settings
from hypothesis.stateful import rule

from domain.shared.model_features import DescriptorFeature
from inference.matching.match_index import MatchIndex
from inference.matching.values import (
    AttachCandidate,
    DetachCandidate,
    DropList,
    MatchAnswer,
    MatchFilters,
    MatchQuery,
    Origin,
    PutCandidate,
    RemoveCandidate,
)
from inference.matching.workers import Workers
from tests.inference.matching.galleries import (
    ACCOUNTS,
    COSINE,
    DISTANCE,
    LISTS,
    candidate_id,
    descriptor,
    put,
)
from tests.inference.matching.test_changes import SMALL, Changes

WITHIN = MatchFilters(list_id=LISTS[0])


def kept_up(numbers: range, feature: DescriptorFeature = COSINE) -> MatchIndex:
    """An index of one large list, with its graph."""
    index = MatchIndex([feature], workers=Workers(1), storage=SMALL, approximate_from=100)
    index.apply([put(n, feature, lists=LISTS[:1]) for n in numbers], 1)
    keep_up(index)
    return index


def keep_up(index: MatchIndex) -> None:
    while index.keep_up():
        pass


def searched(
    index: MatchIndex, *numbers: int, feature: DescriptorFeature = COSINE, **wanted: object
) -> list[MatchAnswer]:
    query = MatchQuery(
        references=tuple(descriptor(n, feature) for n in numbers),
        origin=Origin.FACES,
        filters=WITHIN,
        limit=10,
    )
    return index.search([replace(query, **wanted)])[0]  # type: ignore[arg-type]


def named(answer: MatchAnswer) -> list[UUID]:
    return [candidate.candidate_id for candidate in answer.candidates]


@pytest.mark.parametrize("feature", [COSINE, DISTANCE], ids=["cosine", "distance"])
def test_answers_tell_the_recall_that_was_measured_and_it_is_so(feature: DescriptorFeature) -> None:
    index = kept_up(range(1, 3000), feature)
    numbers = range(1, 3000, 75)
    near = searched(index, *numbers, feature=feature)
    index.approximate_from = None  # graphs stay; without the list's filter they are not asked
    true = searched(index, *numbers, feature=feature, filters=MatchFilters())
    hits = [len({*named(a)} & {*named(b)}) for a, b in zip(near, true, strict=True)]
    assert all(answer.exact and answer.recall == 1.0 for answer in true)
    assert not any(answer.exact for answer in near)
    assert {answer.recall for answer in near} == {near[0].recall}
    assert sum(hits) / (10 * len(hits)) == pytest.approx(near[0].recall, abs=0.05)
    assert near[0].recall >= 0.9


@pytest.mark.parametrize(
    "wanted",
    [
        {"filters": MatchFilters()},
        {"filters": MatchFilters(list_id=LISTS[0], gender=1)},
        {"filters": MatchFilters(list_id=LISTS[1])},
        {"limit": 101},
    ],
    ids=["no list", "more filters", "a small list", "many"],
)
def test_all_else_is_exact(wanted: dict[str, object]) -> None:
    index = kept_up(range(300))
    index.apply([put(n, lists=LISTS[1:2]) for n in range(300, 350)], 2)
    keep_up(index)
    assert not searched(index, 7)[0].exact
    assert searched(index, 7, **wanted)[0].exact


def test_a_graph_that_finds_too_little_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("inference.matching.approximate.LEAST_RECALL", 1.1)
    assert searched(kept_up(range(300)), 7)[0].exact


def test_what_is_added_is_found_at_once_and_what_is_removed_never() -> None:
    index = kept_up(range(400))
    index.apply([put(n, lists=LISTS[:1]) for n in range(8000, 8004)], 2)
    (fresh,) = searched(index, 8001)
    assert not fresh.exact
    assert named(fresh)[0] == candidate_id(8001)
    gone = [
        RemoveCandidate(origin=Origin.FACES, candidate_id=candidate_id(8001)),
        DetachCandidate(candidate_id=candidate_id(8002), list_id=LISTS[0]),
    ]
    index.apply(gone, 3)
    for _ in range(2):
        (left,) = searched(index, 8001, limit=100)
        assert not {*named(left)} & {candidate_id(8001), candidate_id(8002)}
        keep_up(index)
    index.apply([AttachCandidate(candidate_id=candidate_id(8002), list_id=LISTS[0])], 4)
    assert candidate_id(8002) in named(searched(index, 8002)[0])


def test_rows_that_are_used_again_are_other_people() -> None:
    index = kept_up(range(400))
    everyone = [
        RemoveCandidate(origin=Origin.FACES, candidate_id=candidate_id(n)) for n in range(99)
    ]
    index.apply(everyone, 2)
    index.apply([put(n, lists=LISTS[:1]) for n in range(9000, 9099)], 3)
    for _ in range(2):
        near = searched(index, 9050, 50)
        assert named(near[0])[0] == candidate_id(9050)
        assert candidate_id(50) not in named(near[1])
        keep_up(index)


def test_a_list_that_is_gone_or_small_again_has_no_graph() -> None:
    index = kept_up(range(300))
    with_graph = index.sizes()[0].bytes
    index.apply([DropList(list_id=LISTS[0])], 2)
    assert named(searched(index, 7)[0]) == []
    keep_up(index)
    assert index.sizes()[0].bytes < with_graph


def test_accounts_stay_apart_in_a_list() -> None:
    index = kept_up(range(400))
    (answer,) = searched(index, 7, filters=replace(WITHIN, account_id=ACCOUNTS[0]), limit=100)
    assert len(named(answer)) == 100
    own = {candidate_id(n) for n in range(400) if put(n).account_id == ACCOUNTS[0]}
    assert {*named(answer)} <= own


class Approximately(Changes):
    """Any changes: who is named is there and as similar as is said, and nobody new is missed."""

    approximate_from = 6
    new: frozenset[tuple[UUID, int]] = frozenset()

    def apply(self, changes: list) -> None:  # type: ignore[type-arg]
        super().apply(changes)
        puts = [change for change in changes if isinstance(change, PutCandidate)]
        faces = [put for put in puts if put.origin is Origin.FACES]
        self.new |= {(put.candidate_id, put.descriptor.version) for put in faces}
        moved = {change.candidate_id for change in changes if isinstance(change, AttachCandidate)}
        self.new = frozenset(each for each in self.new if each[0] not in moved)

    @rule()
    def keep_up(self) -> None:
        keep_up(self.index)
        self.new = frozenset()

    def check(self, queries: list[MatchQuery]) -> None:
        found = self.index.search(queries)
        for query, answers in zip(queries, found, strict=True):
            true = self.truth.search(query)
            whole = self.truth.search(replace(query, limit=1000))
            asked = zip(query.references, answers, true, whole, strict=True)
            for reference, answer, best, everyone in asked:
                assert answer.position == self.position
                if answer.exact:
                    assert named(answer) == [one for one, _ in best]
                    continue
                assert query.filters.list_id is not None
                similarities = dict(everyone)
                assert len({*named(answer)}) == len(answer.candidates) <= query.limit
                for one in answer.candidates:
                    assert one.similarity == pytest.approx(similarities[one.candidate_id], abs=1e-5)
                worst = min((each.similarity for each in answer.candidates), default=-1.0)
                if len(answer.candidates) < query.limit:
                    worst = -1.0
                missed = {one for one, _ in best if similarities[one] > worst + 1e-5}
                missed -= {*named(answer)}
                assert not {(one, reference.version) for one in missed} & self.new


TestApproximately = Approximately.TestCase
TestApproximately.settings = settings(max_examples=12, stateful_step_count=15, deadline=None)
