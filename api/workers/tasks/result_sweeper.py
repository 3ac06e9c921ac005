"""Lets results of tasks go that were kept as long as their policy says."""

import asyncio
import contextlib

from api.blobs import Blobs
from api.pipelines.keep_files import drop_blob
from api.workers.tasks.results import result_blob
from commands.tasks import ExpireTaskResult
from commands.writer import GroupCommitWriter
from domain.task_errors import TaskNotFound
from projections.database import Reader
from projections.tasks import expired_results


async def sweep_results(reader: Reader, writer: GroupCommitWriter, blobs: Blobs) -> None:
    """Let everything go that is due now; several processes do no harm, as a result goes once."""
    while rows := await asyncio.to_thread(expired_results, reader):
        for row in rows:
            with contextlib.suppress(TaskNotFound):
                gone = await writer.send(ExpireTaskResult(**row))
                if gone is not None:
                    await drop_blob(blobs, result_blob(gone))
