"""Looks after streams: gives lost ones to other workers, tries failed ones again, minds hours."""

import asyncio
from datetime import UTC, datetime, timedelta

import structlog

from commands.stream_processing import ChangeShifts, LoseWorkers, RestartStreams, StreamOf
from commands.writer import GroupCommitWriter
from projections.database import Reader, Row
from projections.stream_care import failed_streams, shifting_streams, silent_streams

log = structlog.stdlib.get_logger("selene.streams")


class StreamSupervisor:
    """Asks which workers have been silent for `silence_s` seconds.

    Several processes may do so at once: what is no longer so when the writer decides is left.
    """

    def __init__(self, reader: Reader, writer: GroupCommitWriter, *, silence_s: float) -> None:
        self._reader, self._writer = reader, writer
        self._silence = timedelta(seconds=silence_s)

    async def look(self) -> None:
        """Do once what there is to do."""
        now = datetime.now(UTC)
        silent = await asyncio.to_thread(silent_streams, self._reader, now, self._silence)
        if silent:
            log.warning("stream workers fell silent", streams=[str(r["stream_id"]) for r in silent])
            await self._writer.send(LoseWorkers(streams=_owned(silent)))
        failed = await asyncio.to_thread(failed_streams, self._reader, now)
        if failed:
            await self._writer.send(RestartStreams(streams=_owned(failed), now=now))
        shifting = await asyncio.to_thread(shifting_streams, self._reader, now)
        if shifting:
            await self._writer.send(ChangeShifts(streams=_owned(shifting), now=now))


def _owned(rows: list[Row]) -> tuple[StreamOf, ...]:
    return tuple((row["stream_id"], row["account_id"]) for row in rows)
