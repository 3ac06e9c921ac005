"""Forgets announcements, now and then, when their subscribers have had time to get them."""

import asyncio
import contextlib

import structlog

from projections.database import Reader

log = structlog.stdlib.get_logger("selene.sender")

_EXPIRED = "DELETE FROM announcements WHERE create_time < now() - %s * interval '1 second'"


class AnnouncementSweeper:
    """Removes announcements of a certain age from the database."""

    def __init__(self, reader: Reader, *, age_s: float = 600, interval_s: float = 60) -> None:
        self._reader = reader
        self._age_s = age_s
        self._interval_s = interval_s
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin, on the running event loop."""
        loop = asyncio.get_running_loop()
        self._task = loop.create_task(self._run(), name="announcement-sweeper")

    async def stop(self) -> None:
        """Sweep no longer."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
            self._task = None

    async def _run(self) -> None:
        while True:
            try:
                await asyncio.to_thread(self._reader.execute, _EXPIRED, [self._age_s])
            except Exception:  # the database is away, say
                log.exception("old announcements could not be removed, trying again")
            await asyncio.sleep(self._interval_s)
