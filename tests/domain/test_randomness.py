"""Random bytes are never given twice, to whomever."""

import os
import threading

from domain.shared.randomness import random_bytes


def test_every_length_is_as_asked_and_nothing_comes_twice() -> None:
    given = [random_bytes(12) for _ in range(2000)] + [random_bytes(32) for _ in range(2000)]

    assert {len(some) for some in given} == {12, 32}
    assert len({some[:12] for some in given}) == len(given)


def test_threads_share_nothing() -> None:
    given: list[bytes] = []
    work = [
        threading.Thread(target=lambda: given.extend(random_bytes(16) for _ in range(500)))
        for _ in range(4)
    ]
    for thread in work:
        thread.start()
    for thread in work:
        thread.join()

    assert len(set(given)) == 2000


def test_a_forked_process_goes_on_with_other_bytes() -> None:
    random_bytes(16)  # some are fetched, and would be the same in both
    reading, writing = os.pipe()
    if (child := os.fork()) == 0:
        os.write(writing, random_bytes(16))
        os._exit(0)
    os.waitpid(child, 0)
    os.close(writing)

    assert os.read(reading, 16) != random_bytes(16)
    os.close(reading)
