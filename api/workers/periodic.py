"""Does something again and again on the event loop, whatever fails in between."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable

import structlog

log = structlog.stdlib.get_logger("selene.workers")


class Periodic:
    """Awaits an action at once, then every `interval_s` seconds and when it is woken.

    What fails (the database is away, say) is logged and tried again the next time, so the
    action takes what there is to do from the database and may be done twice.
    """

    def __init__(
        self, name: str, action: Callable[[], Awaitable[object]], *, interval_s: float
    ) -> None:
        self._name = name
        self._action = action
        self._interval_s = interval_s
        self._woken = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin, on the running event loop."""
        self._loop = asyncio.get_running_loop()
        self._task = self._loop.create_task(self._run(), name=self._name)

    def wake(self) -> None:
        """Do it now, or once more after what is being done; from any thread."""
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._woken.set)

    async def stop(self) -> None:
        """Do it no longer; what was begun is given up."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
            self._task = None

    async def _run(self) -> None:
        while True:
            self._woken.clear()
            try:
                await self._action()
            except Exception:  # whatever it is, the next time may do better
                log.exception("background work failed, trying again", work=self._name)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._woken.wait(), self._interval_s)
