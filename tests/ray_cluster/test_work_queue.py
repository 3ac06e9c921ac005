"""Parts of requests leave the queue in calls: none lost, none twice, none mixed."""

import asyncio
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from ray_cluster.scaling import PoolSize, Scaling
from ray_cluster.work_queue import Part, WorkQueue

MOST = 8
SPECS = st.lists(st.tuples(st.sampled_from("ab"), st.integers(1, MOST), st.booleans()), max_size=30)


def part(kind: str, size: int, *, alone: bool = False) -> Part:
    return Part(kind, list(range(size)), None, asyncio.Future(), alone=alone)


def batches(queue: WorkQueue) -> list[list[Part]]:
    found = []
    while batch := queue.next():
        found.append(batch)
    return found


@given(SPECS)
def test_every_part_leaves_once_in_a_call_of_its_kind(specs: list[tuple[str, int, bool]]) -> None:
    with asyncio.Runner() as runner:
        asyncio.set_event_loop(runner.get_loop())
        parts = [part(kind, size, alone=alone) for kind, size, alone in specs]
        queue = WorkQueue(MOST)
        for one in parts:
            queue.add(one)
        left = batches(queue)
        asyncio.set_event_loop(None)

    assert sorted(map(id, (one for batch in left for one in batch))) == sorted(map(id, parts))
    for batch in left:
        assert len({one.kind for one in batch}) == 1
        assert len(batch) == 1 or sum(one.size for one in batch) <= MOST
        assert len(batch) == 1 or not any(one.alone for one in batch)
    firsts = [parts.index(batch[0]) for batch in left]
    assert all(first < later for first, later in pairwise(firsts)), "the oldest goes first"


async def test_what_was_put_back_comes_first_and_what_nobody_waits_for_never() -> None:
    queue = WorkQueue(MOST)
    back, gone, last = part("a", 1, alone=True), part("a", 1), part("a", 1)
    queue.add(gone)
    queue.add(last)
    queue.put_back([back])
    gone.answer.cancel()

    assert batches(queue) == [[back], [last]]


def test_workers_come_when_the_queue_stays_long_and_go_when_all_are_idle() -> None:
    scaling = Scaling(PoolSize(1, 2))
    assert [scaling.step(9, 1, busy=True, now=float(s)) for s in range(1, 5)] == [0, 0, 0, 1]
    assert [scaling.step(99, 2, busy=True, now=float(s)) for s in range(5, 20)] == [0] * 15
    idle = [scaling.step(0, 2, busy=False, now=float(s)) for s in range(20, 141)]
    assert idle == [0] * 120 + [-1]
    assert scaling.step(0, 1, busy=False, now=999.0) == 0


def test_a_short_rush_brings_no_worker() -> None:
    scaling = Scaling(PoolSize(1, 4))
    waiting = [9, 9, 0, 9, 9, 0, 9, 9, 0]
    assert [scaling.step(n, 1, busy=True, now=float(s)) for s, n in enumerate(waiting, 1)] == [
        0
    ] * 9
