"""Watches the clock: gives the tasks of schedules that are due."""

import asyncio
import contextlib

import structlog

from api.http.request_id import new_request_id
from commands.command import RequestContext
from commands.schedules import FireSchedule
from commands.writer import GroupCommitWriter
from domain.schedules import ScheduleNotFound
from domain.shared.numbered import Numbered
from projections.database import Reader
from projections.schedules import due_schedules
from projections.task_numbers import new_numbers

log = structlog.stdlib.get_logger("selene.schedules")


class TaskScheduler:
    """One per process; of several, one gives each task.

    What was due while no process ran is given once when one runs again.
    """

    def __init__(self, reader: Reader, *, interval_s: float = 1.0) -> None:
        self._reader = reader
        self._interval_s = interval_s
        self._task: asyncio.Task[None] | None = None

    def start(self, writer: GroupCommitWriter) -> None:
        """Begin, on the running event loop, with what was due meanwhile."""
        loop = asyncio.get_running_loop()
        self._task = loop.create_task(self._run(writer), name="task-scheduler")

    async def stop(self) -> None:
        """Leave the rest to the next start."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
            self._task = None

    async def give_due(self, writer: GroupCommitWriter) -> int:
        """Give every task that is due now; how many there were."""
        given = 0
        for row in await asyncio.to_thread(due_schedules, self._reader):
            (task_id,) = await asyncio.to_thread(new_numbers, self._reader, Numbered.TASK)
            fire = FireSchedule(
                account_id=row["account_id"],
                schedule_id=row["schedule_id"],
                due_time=row["next_run_time"],
                task_id=task_id,
            )
            with contextlib.suppress(ScheduleNotFound):
                given += await writer.send(fire, RequestContext(new_request_id()))
        return given

    async def _run(self, writer: GroupCommitWriter) -> None:
        while True:
            try:
                await self.give_due(writer)
            except Exception:  # the database is away, say: what is due stays due
                log.exception("tasks that are due could not be given, trying again")
            await asyncio.sleep(self._interval_s)
