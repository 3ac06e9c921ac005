"""Threads that take waiting work in batches: parts of several requests share a call."""

import math
import threading
import time
from collections.abc import Callable, Hashable, Sequence
from concurrent.futures import Future
from typing import Any

from ray_cluster.work_queue import Part, WorkQueue

Job = Part[Future[list[Any]]]
"""A part whose answer any thread may wait for."""

Call = Callable[[Any, Sequence[Any], Hashable], list[Any]]
"""One call: its kind, the items of all parts together, and what is wanted of them."""


class BatchThreads:
    """So many threads that each work on one batch at a time; any thread may add parts.

    A part of work waits for a free thread, and starts at once when all are idle. With `gather_s`
    a thread that becomes free while others work also lets parts gather for so long at the most,
    until they fill a call of `most` items; without, a thread takes no more than its share of what
    waits, since there no more is gained by large calls than lost by idle threads.
    """

    def __init__(self, work: Call, *, threads: int, most: int, gather_s: float = 0.0) -> None:
        self._work, self._most, self._gather_s = work, most, gather_s
        self._queue: WorkQueue[Future[list[Any]]] = WorkQueue(most)
        self._changed = threading.Condition()
        self._at_work = 0
        self._closing = False
        self._threads = [
            threading.Thread(target=self._serve, name=f"models_{number}", daemon=True)
            for number in range(threads)
        ]
        for thread in self._threads:
            thread.start()

    def add(self, parts: Sequence[Job]) -> bool:
        """Let parts wait for a thread; whether they may: not after the closing."""
        with self._changed:
            if self._closing:
                return False
            for part in parts:
                self._queue.add(part)
            self._changed.notify_all()
            return True

    def close(self) -> None:
        """Cancel what waits, and return once what runs has ended."""
        with self._changed:
            self._closing = True
            self._queue.drop_all()
            self._changed.notify_all()
        for thread in self._threads:
            thread.join()

    def _serve(self) -> None:
        while self._serve_once():
            pass

    def _serve_once(self) -> bool:
        """One batch, of which nothing is kept; whether there may be more."""
        if not (batch := self._next()):
            return False
        try:
            _answer(batch, self._work)
        finally:
            with self._changed:
                self._at_work -= 1
        return True

    def _next(self) -> list[Job]:
        """The next batch, once there is one; nothing after the closing."""
        with self._changed:
            while not self._closing:
                self._changed.wait_for(lambda: self._closing or len(self._queue))
                if self._gather_s and self._at_work:
                    self._gather()
                share = self._most if self._gather_s else self._share()
                if batch := _begun(self._queue.next(min(self._most, share))):
                    self._at_work += 1
                    return batch
            return []

    def _share(self) -> int:
        return math.ceil(self._queue.items / len(self._threads))

    def _gather(self) -> None:
        """Let the batch fill up."""
        until = time.monotonic() + self._gather_s
        while not self._closing and 0 < self._queue.items < self._most:
            if not self._changed.wait(until - time.monotonic()):
                return


def _begun(batch: Sequence[Job]) -> list[Job]:
    """The parts that somebody still waits for, which from now on cannot be cancelled."""
    return [part for part in batch if part.answer.set_running_or_notify_cancel()]


def _answer(batch: Sequence[Job], work: Call) -> None:
    """One call for all parts; when it is refused, one for each, so that the others succeed."""
    first = batch[0]
    try:
        results = work(first.kind, [item for part in batch for item in part.items], first.wanted)
    except BaseException as problem:
        if len(batch) == 1:
            first.answer.set_exception(problem)
            return
        for part in batch:
            _answer([part], work)
        return
    place = 0
    for part in batch:
        end = len(results) if part is batch[-1] else place + part.size
        part.answer.set_result(results[place:end])
        place = end
