"""Lists that are searched again and again are copied, and nothing is found otherwise for it."""

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

import numpy as np
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize

from inference.matching import near, packs
from inference.matching.match_index import MatchIndex
from inference.matching.packs import Packs
from inference.matching.values import MatchFilters, MatchQuery, Origin, RemoveCandidate
from inference.matching.workers import Workers
from tests.inference.matching.galleries import COSINE, LISTS, candidate_id, descriptor, put
from tests.inference.matching.test_changes import SMALL, Changes

KEY = (None, LISTS[0])


@contextmanager
def however_small() -> Iterator[None]:
    """Copies are made of the smallest lists."""
    patch = pytest.MonkeyPatch()
    for module in (near, packs):
        patch.setattr(module, "SMALLEST", 1)
    try:
        yield
    finally:
        patch.undo()


def codes_of(rows: np.ndarray) -> np.ndarray:
    return np.repeat(rows[:, None], 4, axis=1).astype(np.int8)


def asked(kept: Packs, rows: np.ndarray, of_all: int = 1000) -> np.ndarray | None:
    return kept.codes(KEY, rows, of_all, lambda: codes_of(rows))


def test_rows_are_copied_when_they_are_searched_again() -> None:
    kept, rows = Packs(), np.arange(0, 100, 5)
    with however_small():
        assert asked(kept, rows) is None
        copied = asked(kept, rows)
        assert copied is not None
        assert (copied == codes_of(rows)).all()
        assert asked(kept, rows) is copied
        assert asked(kept, rows[:-1]) is None  # the list has changed
        assert asked(kept, rows) is None
        assert kept.nbytes == 0


def test_a_copy_goes_before_one_of_its_rows_is_overwritten() -> None:
    kept, rows = Packs(), np.arange(0, 100, 5)
    with however_small():
        for _ in range(2):
            copied = asked(kept, rows)
        kept.forget(np.array([7, 1001]))
        assert asked(kept, rows) is copied
        kept.forget(np.array([1001, 95, 3]))
        assert kept.nbytes == 0


def test_copies_take_a_fourth_of_the_rows_at_most() -> None:
    kept = Packs()
    with however_small():
        for number in range(3):
            rows = np.arange(10) + 10 * number
            for _ in range(2):
                copied = kept.codes((None, LISTS[number]), rows, 80, lambda r=rows: codes_of(r))
            assert copied is not None
        assert kept.nbytes == 2 * 10 * (8 + 4)  # the first one has gone
        assert kept.codes(KEY, np.arange(21), 80, lambda: codes_of(np.arange(21))) is None


def test_small_lists_are_not_copied() -> None:
    kept = Packs()
    assert [asked(kept, np.arange(100), 10**6) for _ in range(3)] == [None] * 3


def found(index: MatchIndex, number: int) -> list[UUID]:
    query = MatchQuery(
        references=(descriptor(number),),
        origin=Origin.FACES,
        filters=MatchFilters(list_id=LISTS[0]),
        limit=3,
    )
    ((answer,),) = index.search([query])
    return [candidate.candidate_id for candidate in answer.candidates]


def test_a_row_that_is_used_again_is_found_as_what_it_is_now() -> None:
    index = MatchIndex([COSINE], workers=Workers(1), storage=SMALL)
    with however_small():
        listed = range(1, 2001, 10)
        index.apply([put(n, lists=LISTS[:1] if n in listed else ()) for n in range(1, 2001)], 1)
        before = index.sizes()[0].bytes
        for _ in range(3):
            assert found(index, 11)[0] == candidate_id(11)
        assert index.sizes()[0].bytes > before
        index.apply([RemoveCandidate(origin=Origin.FACES, candidate_id=candidate_id(11))], 2)
        index.apply([put(9011, lists=LISTS[:1])], 3)  # the row, and so the rows of the list
        for _ in range(3):
            assert found(index, 9011)[0] == candidate_id(9011)
            assert candidate_id(11) not in found(index, 11)


class Packed(Changes):
    """Any changes: searched three times, with copies of all lists, the truth is found."""

    @initialize(threads=st.integers(1, 2))
    def begin(self, threads: int) -> None:
        super().begin(threads)
        self.small = however_small()
        self.small.__enter__()

    def check(self, queries: list[MatchQuery]) -> None:
        for _ in range(3):
            super().check(queries)

    def teardown(self) -> None:
        if hasattr(self, "small"):
            self.small.__exit__(None, None, None)
        super().teardown()


TestPacked = Packed.TestCase
TestPacked.settings = settings(max_examples=10, stateful_step_count=12, deadline=None)
