"""Looks after streams: gives lost ones to other workers, and tries failed ones again."""

import asyncio
import contextlib
from datetime import UTC, datetime, timedelta

import structlog

from commands.stream_processing import LoseWorkers, RestartStreams, StreamOf
from commands.writer import GroupCommitWriter
from projections.database import Reader, Row
from projections.streams import failed_streams, silent_streams

log = structlog.stdlib.get_logger("selene.streams")


class StreamSupervisor:
    """Asks every `interval_s` which workers have been silent for `silence_s` seconds.

    Several processes may do so at once: what is no longer so when the writer decides is left.
    """

    def __init__(self, reader: Reader, *, silence_s: float, interval_s: float = 1.0) -> None:
        self._reader = reader
        self._silence = timedelta(seconds=silence_s)
        self._interval_s = interval_s
        self._task: asyncio.Task[None] | None = None

    def start(self, writer: GroupCommitWriter) -> None:
        """Begin, on the running event loop."""
        run = self._run(writer)
        self._task = asyncio.get_running_loop().create_task(run, name="stream-supervisor")

    async def stop(self) -> None:
        """Look no longer."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
            self._task = None

    async def look(self, writer: GroupCommitWriter) -> None:
        """Do once what there is to do."""
        now = datetime.now(UTC)
        silent = await asyncio.to_thread(silent_streams, self._reader, now, self._silence)
        if silent:
            log.warning("stream workers fell silent", streams=[str(r["stream_id"]) for r in silent])
            await writer.send(LoseWorkers(streams=_owned(silent)))
        failed = await asyncio.to_thread(failed_streams, self._reader, now)
        if failed:
            await writer.send(RestartStreams(streams=_owned(failed), now=now))

    async def _run(self, writer: GroupCommitWriter) -> None:
        while True:
            try:
                await self.look(writer)
            except Exception:  # the database is away, say: streams wait until it is back
                log.exception("streams could not be looked after, trying again")
            await asyncio.sleep(self._interval_s)


def _owned(rows: list[Row]) -> tuple[StreamOf, ...]:
    return tuple((row["stream_id"], row["account_id"]) for row in rows)
