"""A few at a time, the others wait: how many did what."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Turns:
    """Lets threads in, so many at a time, and counts them."""

    def __init__(self, at_once: int) -> None:
        self._free = threading.Semaphore(at_once)
        self._lock = threading.Lock()
        self.waiting = self.running = self.ended = 0

    @contextmanager
    def taken(self) -> Iterator[None]:
        """One turn, when there is one."""
        self._count(waiting=1)
        with self._free:
            self._count(waiting=-1, running=1)
            try:
                yield
            finally:
                self._count(running=-1, ended=1)

    def _count(self, *, waiting: int = 0, running: int = 0, ended: int = 0) -> None:
        with self._lock:
            self.waiting += waiting
            self.running += running
            self.ended += ended
