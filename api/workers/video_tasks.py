"""Works on video tasks, one at a time in this process: films become stored results."""

import asyncio
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Final
from uuid import UUID

import orjson
import structlog

from api.pipelines.keep_files import keep_object
from api.pipelines.videosdk import look_at
from api.schemas.videosdk import VideoSdkInput
from api.services import Services
from commands.video_tasks import BeginVideoTask, EndVideoTask, LoseVideoWorker
from domain.shared.refusal import Refusal
from projections.database import Row
from projections.stream_progress import forget_progress, keep_progress
from projections.video_tasks import silent_video_tasks, waiting_video_tasks

log = structlog.stdlib.get_logger("selene.videos")

_AT_ONCE: Final = 8
"""How many tasks are looked for at a time."""


class VideoTasks:
    """Takes tasks as long as there are any; what a process that died had is taken again."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._silence = timedelta(seconds=services.settings.stream_silence_s)
        self._done: float | None = None

    async def look(self) -> None:
        """Do what there is to do."""
        reader, writer = self._services.reader, self._services.writer
        now = datetime.now(UTC)
        for row in await asyncio.to_thread(silent_video_tasks, reader, now, self._silence):
            log.warning("a video task's worker fell silent", task=str(row["task_id"]))
            lost = LoseVideoWorker(account_id=row["account_id"], task_id=row["task_id"])
            await writer.send(lost)
        while rows := await asyncio.to_thread(waiting_video_tasks, reader, _AT_ONCE):
            for row in rows:
                begun = BeginVideoTask(account_id=row["account_id"], task_id=row["task_id"])
                if await writer.send(begun):
                    await self._work(row)

    async def _work(self, row: Row) -> None:
        services, task_id, owner = self._services, row["task_id"], row["account_id"]
        beating = asyncio.create_task(self._beat(task_id), name=f"video-task-{task_id}")
        result_id, error, self._done = None, None, None
        try:
            patience_s = services.settings.limits.deferred_video_seconds
            wanted = VideoSdkInput.model_validate(row["content"])
            note = partial(self._note, task_id)
            told = await look_at(wanted, services, owner, patience_s=patience_s, progress=note)
            data = orjson.dumps(told)
            send, blobs = services.writer.send, services.blobs
            result_id = await keep_object(send, blobs, owner, data, "application/json")
        except Refusal as refusal:
            error = str(refusal)
        except Exception as broken:  # whatever it is, the task's owner is told
            log.exception("a video task broke", task=str(task_id))
            error = f"{type(broken).__name__}: {broken}"
        finally:
            beating.cancel()
            await asyncio.gather(beating, return_exceptions=True)
        ended = EndVideoTask(account_id=owner, task_id=task_id, result_id=result_id, error=error)
        await services.writer.send(ended)
        await asyncio.to_thread(forget_progress, services.reader, [task_id])

    def _note(self, task_id: UUID, done: float | None) -> None:
        self._done = self._done if done is None else round(done, 3)
        info = None if self._done is None else {"progress": self._done}
        told = {"stream_id": task_id, "version": 1, "video_info": info, "preview": None}
        keep_progress(self._services.reader, [told])

    async def _beat(self, task_id: UUID) -> None:
        """Show that the task is in somebody's hands, also while nothing is known of it yet."""
        while True:
            await asyncio.sleep(self._silence.total_seconds() / 4)
            await asyncio.to_thread(self._note, task_id, None)
