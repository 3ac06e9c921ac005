"""Work is shared by as many threads as there are cores, and no more."""

import threading

import pytest

from inference.matching.workers import Workers


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_every_item_is_worked_on_once_by_no_more_threads_than_allowed(threads: int) -> None:
    workers, lock = Workers(threads), threading.Lock()
    together = threading.Barrier(threads, timeout=60)  # passed only by all of them at once
    running, most, done = 0, 0, list[int]()

    def work(item: int) -> None:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        together.wait()
        with lock:
            running -= 1
            done.append(item)

    workers.each(work, range(12))
    workers.close()
    assert sorted(done) == list(range(12))
    assert most == threads


@pytest.mark.parametrize("threads", [1, 2])
def test_a_failure_is_not_lost(threads: int) -> None:
    workers = Workers(threads)

    def work(item: int) -> None:
        if item == 3:
            raise KeyError(item)

    with pytest.raises(KeyError):
        workers.each(work, range(8))
    workers.close()
