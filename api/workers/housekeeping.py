"""What every process does now and then beside its requests."""

import asyncio
from functools import partial
from typing import Final

from api.services import Services
from api.workers.periodic import Periodic
from api.workers.stream_supervisor import StreamSupervisor
from api.workers.task_scheduler import give_due_tasks
from api.workers.tasks.result_sweeper import sweep_results
from api.workers.video_tasks import VideoTasks
from projections.announcements import forget_announcements

_ANNOUNCED_S: Final = 600.0


def housekeeping(services: Services) -> list[Periodic]:
    """The work of this process, to be started with it; several processes may do the same."""
    settings, reader, writer = services.settings, services.reader, services.writer
    supervisor = StreamSupervisor(reader, writer, silence_s=settings.stream_silence_s)
    sweep = partial(asyncio.to_thread, services.attributes.sweep)
    forget = partial(asyncio.to_thread, forget_announcements, reader, age_s=_ANNOUNCED_S)
    work = [
        Periodic("stream-supervisor", supervisor.look, interval_s=1),
        Periodic("attribute-sweeper", sweep, interval_s=settings.attribute_sweep_s),
        Periodic("announcement-sweeper", forget, interval_s=60),
    ]
    if "tasks" in settings.roles:
        results = partial(sweep_results, reader, writer, services.blobs)
        due = partial(give_due_tasks, reader, writer)
        work.append(Periodic("task-result-sweeper", results, interval_s=60))
        work.append(Periodic("task-scheduler", due, interval_s=1))
        work.append(Periodic("video-tasks", VideoTasks(services).look, interval_s=1))
    return work
