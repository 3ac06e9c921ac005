"""How far the log is, as this process knows it: told on answers, awaited on demand."""

import asyncio
import time
from collections.abc import Callable

from commands.writer import GroupCommitWriter
from projections.database import Reader

_POLL_S = 0.005


class LogPosition:
    """The position that reads reflect: inline read models are never behind their log.

    What this process committed is known at once; what others did is asked for when a client
    demands a position that has not been seen here yet. A demand is met when the match index,
    which is at `indexed`, has seen it as well.
    """

    def __init__(
        self, writer: GroupCommitWriter, reader: Reader, indexed: Callable[[], int]
    ) -> None:
        self._writer = writer
        self._reader = reader
        self._indexed = indexed
        self._seen = 0

    def current(self) -> int:
        """The last position known to be committed."""
        return max(self._writer.position, self._seen)

    async def wait_for(self, position: int, timeout_s: float) -> bool:
        """Whether the position was committed before the time was up."""
        deadline = time.monotonic() + timeout_s
        while self.current() < position:
            if time.monotonic() >= deadline:
                return False
            self._seen = await asyncio.to_thread(self._committed)
            if self._seen < position:
                await asyncio.sleep(_POLL_S)
        while self._indexed() < position:  # what other processes commit gets there a bit later
            if time.monotonic() >= deadline:
                return False
            await asyncio.sleep(_POLL_S)
        return True

    def _committed(self) -> int:
        return int(self._reader.fetch_value("SELECT position FROM log_head"))
