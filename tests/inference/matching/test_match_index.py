"""What an index refuses, keeps apart and gives back, and searches beside changes."""

import threading
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import numpy as np
import pytest

from domain.shared.biometrics import BadDescriptor
from domain.shared.model_features import DescriptorFeature
from inference.matching.collection import Storage
from inference.matching.match_index import MatchIndex
from inference.matching.values import (
    MatchFilters,
    MatchQuery,
    Origin,
    RemoveCandidate,
)
from inference.matching.workers import Workers
from tests.inference.matching.galleries import (
    BODIES,
    COSINE,
    EPOCH,
    FEATURES,
    NEWER,
    candidate_id,
    descriptor,
    of,
    put,
    vector,
)
from tests.inference.matching.truth import Truth

SMALL = Storage(segment_rows=64, block_rows=16)


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


@pytest.mark.parametrize("length", [8e9, 1e11, 9e11, 1.1e12, 3e38])
def test_vectors_too_long_to_be_compared_are_refused_with_all_that_comes_with_them(
    length: float,
) -> None:
    row = np.zeros(COSINE.dimension, np.float32)
    row[5] = -length
    index = MatchIndex(FEATURES, workers=Workers(1), storage=SMALL)
    puts = [put(1), replace(put(2), descriptor=of(row))]
    if length > 1e12:
        with pytest.raises(BadDescriptor, match="its length is above"):
            index.apply(puts, 7)
        assert (index.position, index.sizes()) == (0, [])
    else:
        index.apply(puts, 7)
        assert [size.candidates for size in index.sizes()] == [2]
