"""Gives the room of expired temporary attributes back, now and then."""

import asyncio
import contextlib

import structlog

from projections.temporary_attributes import TemporaryAttributes

log = structlog.stdlib.get_logger("selene.attributes")


class AttributeSweeper:
    """Sweeps one store of temporary attributes; what expired is unseen before that already."""

    def __init__(self, attributes: TemporaryAttributes, *, interval_s: float = 60.0) -> None:
        self._attributes = attributes
        self._interval_s = interval_s
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin, on the running event loop."""
        self._task = asyncio.get_running_loop().create_task(self._run(), name="attribute-sweeper")

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
                await asyncio.to_thread(self._attributes.sweep)
            except Exception:  # the store is away, say: what expired stays unseen
                log.exception("expired attributes could not be swept, trying again")
            await asyncio.sleep(self._interval_s)
