"""Scans find exactly what comparing everything finds, in every way they can go."""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from domain.shared.model_features import DescriptorFeature
from domain.shared.similarity import Calibration
from inference.matching import scan
from inference.matching.collection import Storage
from inference.matching.match_index import MatchIndex
from inference.matching.values import MatchFilters, MatchOrder, MatchQuery, Origin, PutCandidate
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
    of,
    put,
    vector,
)
from tests.inference.matching.truth import Ranked, Truth

# Several blocks to a segment and several segments, though there are few rows.
SMALL = Storage(segment_rows=1024, block_rows=128)


class Pair:
    """An index and the truth, told the same."""

    def __init__(self, threads: int = 2, storage: Storage = SMALL) -> None:
        self.index = MatchIndex(FEATURES, workers=Workers(threads), storage=storage)
        self.truth = Truth(FEATURES)

    def put(self, puts: list[PutCandidate]) -> None:
        self.index.apply(puts, None)
        self.truth.apply(puts)

    def check(self, query: MatchQuery) -> list[Ranked]:
        """What is found, having compared it with the truth."""
        (answers,) = self.index.search([query])
        expected = self.truth.search(query)
        for answer, ranked in zip(answers, expected, strict=True):
            assert answer.exact
            assert [c.candidate_id for c in answer.candidates] == [one for one, _ in ranked]
            assert [c.similarity for c in answer.candidates] == pytest.approx(
                [similarity for _, similarity in ranked], abs=1e-5
            )
        return expected


@pytest.fixture(scope="module")
def pair() -> Pair:
    made = Pair()
    for feature in (COSINE, NEWER, DISTANCE):
        numbers = range(3000)
        in_list = {1: [LISTS[0]], 2: [LISTS[0], LISTS[1]], 3: LISTS}
        made.put([put(n, feature, lists=in_list.get(n % 6, [])) for n in numbers])
    return made


FILTERS = {
    "everything": MatchFilters(),
    "most": MatchFilters(account_id=ACCOUNTS[0], age__gte=None),
    "a masked part": MatchFilters(create_time__lt=put(45).create_time),
    "a list": MatchFilters(list_id=LISTS[0]),
    "a list of an account": MatchFilters(list_id=LISTS[0], account_id=ACCOUNTS[1]),
    "a gender": MatchFilters(gender=1),
    "ages": MatchFilters(age__gte=20, age__lt=40),
    "young": MatchFilters(age__lt=20),
    "ids": MatchFilters(ids=[candidate_id(n) for n in range(-5, 900, 3)]),
    "few ids": MatchFilters(ids={candidate_id(5), candidate_id(6)}),
    "no ids": MatchFilters(ids=()),
    "an id range": MatchFilters(id__gte=candidate_id(17), id__lt=candidate_id(1900)),
    "from an id": MatchFilters(id__gte=candidate_id(23)),
    "an empty id range": MatchFilters(id__gte=candidate_id(5), id__lt=candidate_id(5)),
    "times": MatchFilters(
        create_time__gte=put(10).create_time, create_time__lt=put(12).create_time
    ),
    "nothing together": MatchFilters(list_id=LISTS[2], gender=0, age__gte=5000),
    "an unknown list": MatchFilters(list_id=ACCOUNTS[0]),
    "all at once": MatchFilters(
        account_id=ACCOUNTS[0],
        list_id=LISTS[0],
        gender=1,
        age__gte=3,
        create_time__gte=put(2).create_time,
        id__gte=candidate_id(0),
    ),
}


@pytest.mark.parametrize("filters", FILTERS.values(), ids=FILTERS.keys())
@pytest.mark.parametrize("feature", [COSINE, NEWER, DISTANCE], ids=["cosine", "newer", "distance"])
def test_every_filter_finds_the_truth(
    pair: Pair, feature: DescriptorFeature, filters: MatchFilters
) -> None:
    references = [descriptor(n, feature) for n in (1, 9, 4000, 0)]
    for limit, threshold in product((1, 10, 400), (0.0, 0.6)):
        pair.check(
            MatchQuery(
                references=tuple(references),
                origin=Origin.FACES,
                filters=filters,
                limit=limit,
                threshold=threshold,
            )
        )


@pytest.mark.parametrize("count", [1, 2, 3, 31, 32, 33, 70])
def test_any_number_of_references(pair: Pair, count: int) -> None:
    references = tuple(descriptor(n, (COSINE, DISTANCE)[n % 2]) for n in range(1, count + 1))
    pair.check(MatchQuery(references=references, origin=Origin.FACES, limit=7))


def test_the_similarity_of_an_equal_vector_is_that_of_an_identical_one(pair: Pair) -> None:
    query = MatchQuery(
        references=(descriptor(77, DISTANCE),), origin=Origin.FACES, limit=1, threshold=0.9
    )
    ((found,),) = pair.check(query)
    assert found == (candidate_id(77), pytest.approx(DISTANCE.calibration.similarity(0.0)))


def test_equal_candidates_are_ranked_by_id() -> None:
    pair = Pair()
    pair.put([put(number, looks=number % 2 + 1) for number in range(900)])
    for limit in (1, 5, 300, 460):
        pair.check(MatchQuery(references=(descriptor(1),), origin=Origin.FACES, limit=limit))


@pytest.fixture
def scans(monkeypatch: pytest.MonkeyPatch) -> list[scan.Scan]:
    """The scans that are made from now on."""
    made: list[scan.Scan] = []
    original = scan.Scan.__init__

    def noted(self, *arguments) -> None:  # type: ignore[no-untyped-def]
        made.append(self)
        original(self, *arguments)

    monkeypatch.setattr(scan.Scan, "__init__", noted)
    return made


@pytest.fixture(scope="module")
def uneven() -> Pair:
    """Every fourth row is like vector 8, and every fourth row is what a sample sees."""
    pair, random = Pair(), np.random.default_rng(5)
    rows = random.standard_normal((4096, 128)).astype(np.float32) / 11
    rows[::4] += vector(8)
    pair.put([replace(put(n), descriptor=of(row)) for n, row in enumerate(rows)])
    return pair


@pytest.mark.parametrize("limit", [300, 700, 1000])
def test_a_guess_that_was_too_good_is_corrected(
    uneven: Pair, scans: list[scan.Scan], limit: int
) -> None:
    references = (descriptor(8), descriptor(64), descriptor(8))
    uneven.check(MatchQuery(references=references, origin=Origin.FACES, limit=limit))
    assert len(scans) == 2


def test_a_guess_that_holds_is_enough(uneven: Pair, scans: list[scan.Scan]) -> None:
    uneven.check(MatchQuery(references=(descriptor(64),) * 4, origin=Origin.FACES, limit=10))
    assert len(scans) == 1


@pytest.mark.parametrize("threads", [1, 2])
def test_more_survivors_than_memory_should_hold_are_rescored_early(
    monkeypatch: pytest.MonkeyPatch, threads: int
) -> None:
    monkeypatch.setattr(scan, "_SETTLE_AT", 300)
    pair, random = Pair(threads), np.random.default_rng(6)
    # So much alike that the codes cannot tell them apart.
    rows = vector(8) + random.standard_normal((3000, 128)).astype(np.float32) * 1e-3
    pair.put([replace(put(n), descriptor=of(row)) for n, row in enumerate(rows)])
    for limit in (1, 20, 900):
        references = (descriptor(8), of(rows[17]), of(-rows[3]))
        pair.check(MatchQuery(references=references, origin=Origin.FACES, limit=limit))


@pytest.mark.parametrize("feature", [COSINE, DISTANCE], ids=["cosine", "distance"])
@pytest.mark.parametrize("scale", [1e-30, 1e-6, 1.0, 1e4, 1e10])
def test_vectors_of_any_length(feature: DescriptorFeature, scale: float) -> None:
    pair, random = Pair(), np.random.default_rng(7)
    scales = np.float32(scale) * np.float32(10.0) ** random.integers(-4, 1, (1500, 1))
    rows = random.standard_normal((1500, 128)).astype(np.float32) * scales.astype(np.float32)
    rows[:5] = 0
    rows[5:9] = np.float32(1e-42)
    rows[9:20] = rows[20]
    pair.put([replace(put(n, feature), descriptor=of(r, feature)) for n, r in enumerate(rows)])
    references = tuple(of(row, feature) for row in (rows[20], rows[0], rows[5], -rows[700]))
    for limit in (3, 60):
        pair.check(MatchQuery(references=references, origin=Origin.FACES, limit=limit))


@pytest.mark.parametrize("threshold", [1e-13, 0.3, 0.999, 1.0 - 1e-12, 1.0])
@pytest.mark.parametrize("calibration", [Calibration(12.0, -5.0), Calibration(900.0, -300.0)])
def test_thresholds_are_met_exactly(threshold: float, calibration: Calibration) -> None:
    feature = replace(COSINE, calibration=calibration)
    index, truth = MatchIndex([feature], storage=SMALL), Truth([feature])
    puts = [put(number) for number in range(1, 1200)]
    index.apply(puts, None)
    truth.apply(puts)
    query = MatchQuery(
        references=(descriptor(8), descriptor(30)),
        origin=Origin.FACES,
        threshold=threshold,
        limit=1000,
    )
    found = [[c.candidate_id for c in answer.candidates] for answer in index.search([query])[0]]
    assert found == [[one for one, _ in ranked] for ranked in truth.search(query)]


@pytest.mark.parametrize("order", MatchOrder)
def test_the_best_are_listed_in_the_order_wanted(pair: Pair, order: MatchOrder) -> None:
    query = MatchQuery(references=(descriptor(5),), origin=Origin.FACES, limit=60, order=order)
    (ranked,) = pair.check(query)
    assert len(ranked) == 60
