"""Requests share calls: all that waits, in order, once, and nobody waits beside an idle thread."""

import threading
from collections.abc import Hashable, Sequence
from concurrent.futures import CancelledError, Future
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ray_cluster.batch_threads import BatchThreads, Job
from ray_cluster.work_queue import Part

MOST, LONG_S = 4, 60
PARTS = st.lists(
    st.tuples(st.sampled_from("ab"), st.integers(1, MOST), st.booleans()), min_size=1, max_size=20
)


class Held:
    """Work that returns its items once it is let go; the calls that were made."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, list[Any]]] = []
        self.begun = threading.Semaphore(0)
        self.go = threading.Event()

    def __call__(self, kind: str, items: Sequence[Any], wanted: Hashable) -> list[Any]:
        self.calls.append((kind, list(items)))
        self.begun.release()
        assert self.go.wait(LONG_S)
        if "bad" in items:
            raise ValueError("bad")
        return list(items)


def job(*items: Any, kind: str = "a", alone: bool = False) -> Job:
    return Part(kind, items, None, Future(), alone=alone)


@given(PARTS, st.integers(1, 3), st.sampled_from([0.0, 0.001]))
def test_every_item_is_answered_in_its_place(
    specs: list[tuple[str, int, bool]], count: int, gather_s: float
) -> None:
    work = Held()
    work.go.set()
    threads = BatchThreads(work, threads=count, most=MOST, gather_s=gather_s)
    jobs = [
        job(*((number, i) for i in range(size)), kind=kind, alone=alone)
        for number, (kind, size, alone) in enumerate(specs)
    ]
    for one in jobs:
        assert threads.add([one])

    assert [one.answer.result(LONG_S) for one in jobs] == [list(one.items) for one in jobs]
    threads.close()
    assert all(len(items) <= MOST for _, items in work.calls)
    done = sorted(item for _, items in work.calls for item in items)
    assert done == sorted(item for one in jobs for item in one.items)


def test_an_idle_thread_begins_at_once_and_what_comes_meanwhile_shares_a_call() -> None:
    work = Held()
    # Nobody could wait for so long: the first call waits for no others.
    threads = BatchThreads(work, threads=1, most=MOST, gather_s=1e6)
    first, rest = job(0), [job(number) for number in range(1, 1 + MOST)]
    threads.add([first])
    assert work.begun.acquire(timeout=LONG_S)
    threads.add(rest)
    work.go.set()

    assert [one.answer.result(LONG_S) for one in [first, *rest]] == [[n] for n in range(5)]
    threads.close()
    assert [items for _, items in work.calls] == [[0], [1, 2, 3, 4]]


def test_a_free_thread_waits_for_others_to_fill_a_call_but_not_for_ever() -> None:
    work = Held()
    threads = BatchThreads(work, threads=2, most=MOST, gather_s=0.05)
    threads.add([job("long")])
    assert work.begun.acquire(timeout=LONG_S)
    lone = job("lone")
    threads.add([lone])
    assert work.begun.acquire(timeout=LONG_S), "one that no others join is done all the same"
    work.go.set()
    assert lone.answer.result(LONG_S) == ["lone"]
    threads.close()


def test_what_waits_is_shared_between_the_threads() -> None:
    work = Held()
    threads = BatchThreads(work, threads=2, most=MOST)
    threads.add([job("x"), job("y")])
    for _ in range(2):
        assert work.begun.acquire(timeout=LONG_S), "neither thread takes both"
    work.go.set()
    threads.close()
    assert sorted(items for _, items in work.calls) == [["x"], ["y"]]


def test_a_refusal_concerns_its_own_part_only() -> None:
    work = Held()
    threads = BatchThreads(work, threads=1, most=MOST)
    threads.add([job("first")])
    assert work.begun.acquire(timeout=LONG_S)
    good, bad, last = job("good"), job("bad"), job("last")
    threads.add([good, bad, last])
    work.go.set()

    assert good.answer.result(LONG_S) == ["good"]
    with pytest.raises(ValueError, match="bad"):
        bad.answer.result(LONG_S)
    assert last.answer.result(LONG_S) == ["last"]
    threads.close()


def test_the_closing_cancels_what_waits_and_ends_what_runs() -> None:
    work = Held()
    threads = BatchThreads(work, threads=1, most=MOST)
    runs, waits = job("runs"), job("waits", kind="b")
    threads.add([runs])
    assert work.begun.acquire(timeout=LONG_S)
    threads.add([waits])
    closing = threading.Thread(target=threads.close)
    closing.start()
    with pytest.raises(CancelledError):
        waits.answer.result(LONG_S)
    work.go.set()
    closing.join(LONG_S)

    assert runs.answer.result(LONG_S) == ["runs"]
    assert not threads.add([job("late")])
