"""How many workers there should be, from how much waits: a rule without a clock of its own."""

from dataclasses import dataclass
from typing import Final

_LONG_PER_WORKER: Final = 8
"""Items per worker that may wait: one call's worth."""

_MORE_AFTER_S: Final = 3.0
_FEWER_AFTER_S: Final = 120.0


@dataclass(frozen=True, slots=True)
class PoolSize:
    """How many workers are always there, and how many at most."""

    least: int = 1
    most: int = 1

    def __post_init__(self) -> None:
        if not 1 <= self.least <= self.most:
            raise ValueError("a pool has at least one worker, and at most no fewer")


class Scaling:
    """One more worker when the queue stays long, one fewer when all are idle for minutes."""

    def __init__(self, size: PoolSize) -> None:
        self._size = size
        self._long_since: float | None = None
        self._idle_since: float | None = None

    def step(self, waiting: int, workers: int, *, busy: bool, now: float) -> int:
        """What to do now: 1, -1 or 0 workers more."""
        long = waiting > workers * _LONG_PER_WORKER and workers < self._size.most
        idle = not waiting and not busy and workers > self._size.least
        self._long_since = (self._long_since or now) if long else None
        self._idle_since = (self._idle_since or now) if idle else None
        if self._long_since is not None and now - self._long_since >= _MORE_AFTER_S:
            self._long_since = now
            return 1
        if self._idle_since is not None and now - self._idle_since >= _FEWER_AFTER_S:
            self._idle_since = now
            return -1
        return 0
