"""Watches the clock: gives the tasks of schedules that are due."""

import asyncio
import contextlib

from api.http.request_id import new_request_id
from commands.command import RequestContext
from commands.schedules import FireSchedule
from commands.writer import GroupCommitWriter
from domain.schedules import ScheduleNotFound
from domain.shared.numbered import Numbered
from projections.database import Reader
from projections.schedules import due_schedules
from projections.task_numbers import new_numbers


async def give_due_tasks(reader: Reader, writer: GroupCommitWriter) -> int:
    """Give every task that is due now; how many there were.

    Of several processes one gives each task. What was due while no process ran is given once
    when one runs again.
    """
    given = 0
    for row in await asyncio.to_thread(due_schedules, reader):
        (task_id,) = await asyncio.to_thread(new_numbers, reader, Numbered.TASK)
        fire = FireSchedule(
            account_id=row["account_id"],
            schedule_id=row["schedule_id"],
            due_time=row["next_run_time"],
            task_id=task_id,
        )
        with contextlib.suppress(ScheduleNotFound):
            given += await writer.send(fire, RequestContext(new_request_id()))
    return given
