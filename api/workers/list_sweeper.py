"""Empties lists that nobody sees any more, then deletes them: long work, a little at a time."""

import asyncio
from typing import Final
from uuid import UUID

import structlog

from api.workers.periodic import Periodic
from commands.command import Command
from commands.faces import DeleteFaces, LeaveList
from commands.lists import DropRetiredLists
from commands.writer import GroupCommitWriter
from domain.lists import FaceList
from domain.log.port import Committed
from projections.database import Reader
from projections.faces import members
from projections.lists import RetiredList, retired_lists

log = structlog.stdlib.get_logger("selene.lists")

_CHUNK: Final = 250
"""So many faces go at once; other commands wait no longer than for these."""


class ListSweeper:
    """One per process; several may work on one list, since each step may be done twice.

    What is to be done stands in the read model, so work goes on after a restart. It looks
    again when this process retires a list, and every `interval_s` for those of other processes.
    """

    def __init__(
        self,
        reader: Reader,
        writer: GroupCommitWriter,
        *,
        interval_s: float = 30.0,
        chunk: int = _CHUNK,
    ) -> None:
        self._reader, self._writer = reader, writer
        self._chunk = chunk
        self.work = Periodic("list-sweeper", self.sweep, interval_s=interval_s)

    def committed(self, committed: Committed) -> None:
        """The writer's observer: look at once when a list was retired."""
        hidden = FaceList.Retired | FaceList.Dissolved
        retired = any(isinstance(fact.event, hidden) for fact in committed.facts)
        if retired:
            self.work.wake()

    async def sweep(self) -> None:
        """Delete all that is retired now, a chunk of faces at a time."""
        for retired in await asyncio.to_thread(retired_lists, self._reader):
            gone = await self._empty(retired)
            account_id, list_ids = retired.account_id, (retired.list_id,)
            await self._writer.send(DropRetiredLists(account_id=account_id, list_ids=list_ids))
            what = "list deleted" if retired.faces_stay else "list deleted with its faces"
            log.info(what, list_id=str(retired.list_id), faces=gone)

    async def _empty(self, retired: RetiredList) -> int:
        count = 0
        while ids := await asyncio.to_thread(members, self._reader, retired.list_id, self._chunk):
            gone = await self._writer.send(_without(retired, tuple(ids)))
            if not gone:
                raise RuntimeError(
                    f"list {retired.list_id} is read with faces that the log does not know"
                )
            count += len(gone)
        return count


def _without(retired: RetiredList, face_ids: tuple[UUID, ...]) -> Command[list[UUID]]:
    account_id = retired.account_id
    if retired.faces_stay:
        return LeaveList(account_id=account_id, list_id=retired.list_id, face_ids=face_ids)
    return DeleteFaces(account_id=account_id, face_ids=face_ids, ignore_missing=True)
