"""Threads that share the work of one search at a time."""

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")


class Workers:
    """The calling thread and helpers, together one per core unless told otherwise."""

    def __init__(self, threads: int | None = None) -> None:
        self.threads = threads or self.cores()
        self._helpers = (
            ThreadPoolExecutor(self.threads - 1, thread_name_prefix="matching")
            if self.threads > 1
            else None
        )

    def each(self, work: Callable[[Item], None], items: Sequence[Item]) -> None:
        """Work on every item; each thread takes the next one when it is done with its last."""
        left = iter(items)
        if self._helpers is None or len(items) < 2:
            _drain(work, left)
            return
        helpers = min(self.threads, len(items)) - 1
        futures = [self._helpers.submit(_drain, work, left) for _ in range(helpers)]
        try:
            _drain(work, left)
        finally:
            for future in futures:
                future.result()

    def close(self) -> None:
        """End the helpers."""
        if self._helpers is not None:
            self._helpers.shutdown()

    @staticmethod
    def cores() -> int:
        """The cores that this process may run on."""
        if hasattr(os, "sched_getaffinity"):
            return len(os.sched_getaffinity(0))
        return os.cpu_count() or 1


def _drain(work: Callable[[Item], None], left: Iterator[Item]) -> None:
    for item in left:
        work(item)
