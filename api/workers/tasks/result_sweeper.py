"""Lets results of tasks go that were kept as long as their policy says."""

import asyncio
import contextlib

import structlog

from api.blobs import Blobs
from api.pipelines.keep_files import drop_blob
from api.workers.tasks.results import result_blob
from commands.tasks import ExpireTaskResult
from commands.writer import GroupCommitWriter
from domain.task_errors import TaskNotFound
from projections.database import Reader
from projections.tasks import expired_results

log = structlog.stdlib.get_logger("selene.tasks")


class ResultSweeper:
    """One per process; several do no harm, since a result goes once."""

    def __init__(self, reader: Reader, blobs: Blobs, *, interval_s: float = 60.0) -> None:
        self._reader, self._blobs = reader, blobs
        self._interval_s = interval_s
        self._task: asyncio.Task[None] | None = None

    def start(self, writer: GroupCommitWriter) -> None:
        """Begin, on the running event loop."""
        loop = asyncio.get_running_loop()
        self._task = loop.create_task(self._run(writer), name="task-result-sweeper")

    async def stop(self) -> None:
        """Sweep no longer."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
            self._task = None

    async def sweep(self, writer: GroupCommitWriter) -> None:
        """Let everything go that is due now."""
        while rows := await asyncio.to_thread(expired_results, self._reader):
            for row in rows:
                with contextlib.suppress(TaskNotFound):
                    gone = await writer.send(ExpireTaskResult(**row))
                    if gone is not None:
                        await drop_blob(self._blobs, result_blob(gone))

    async def _run(self, writer: GroupCommitWriter) -> None:
        while True:
            try:
                await self.sweep(writer)
            except Exception:  # the database is away, say: what is due stays due
                log.exception("results of tasks could not be removed, trying again")
            await asyncio.sleep(self._interval_s)
