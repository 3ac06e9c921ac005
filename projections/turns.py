"""Turns at something of which there are a few: whoever came first is next."""

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager


class NoTurn(Exception):
    """It did not become one's turn in time."""


class Turns:
    """So many may have a turn at once; the others wait in a line, for any number of threads.

    Who ends a turn hands it to the first in line, so nobody passes those who wait.
    """

    def __init__(self, count: int) -> None:
        self._free = count
        self._lock = threading.Lock()
        self._line: deque[threading.Lock] = deque()

    @contextmanager
    def turn(self, patience_s: float) -> Iterator[None]:
        """Have a turn; raises `NoTurn` after so many seconds in the line."""
        self._await(patience_s)
        try:
            yield
        finally:
            self._pass_on()

    def _await(self, patience_s: float) -> None:
        with self._lock:
            if self._free:
                self._free -= 1
                return
            mine = threading.Lock()
            mine.acquire()
            self._line.append(mine)
        if mine.acquire(timeout=patience_s):
            return
        with self._lock:
            if mine in self._line:  # else it was handed over this very moment
                self._line.remove(mine)
                raise NoTurn

    def _pass_on(self) -> None:
        with self._lock:
            if self._line:
                self._line.popleft().release()
            else:
                self._free += 1
