"""What both generations of the streams service do."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

from api.dependencies import SendFunction
from api.http.refusals import BadBody
from api.schemas.streams import FeedbackRequest, QueueRequest, StreamCreate, StreamCreateV2
from commands.stream_processing import ClaimStreams, Report, TakeReports
from commands.streams import CreateStream, ReplaceStream
from domain.stream_groups import GroupNotFound
from domain.stream_statuses import StreamStatus
from projections import streams
from projections.database import Reader, Row
from projections.stream_groups import find_group
from projections.stream_progress import keep_progress
from projections.streams import QueueConditions

Body = StreamCreate | StreamCreateV2
Shown = Callable[[Row, str], dict[str, Any]]
_AHEAD = 16
"""How many more waiting streams than wanted are looked at, as others claim meanwhile."""


async def create(body: Body, send: SendFunction, db: Reader, scope: UUID | None) -> dict[str, Any]:
    """Make a stream for the account that the body names."""
    _own(body, scope)
    made = CreateStream(
        account_id=body.account_id,
        group_ids=await asyncio.to_thread(_groups, db, body),
        **body.command_fields(),
    )
    return await send(made)


async def replace(
    stream_id: UUID, body: Body, send: SendFunction, db: Reader, scope: UUID | None
) -> dict[str, Any]:
    """Make a stream of the account another one."""
    _own(body, scope)
    wanted = ReplaceStream(
        account_id=body.account_id,
        stream_id=stream_id,
        group_ids=await asyncio.to_thread(_groups, db, body),
        **body.command_fields(),
    )
    return {"stream_id": stream_id, "version": await send(wanted)}


def _own(body: Body, scope: UUID | None) -> None:
    if scope is not None and body.account_id != scope:
        raise BadBody("account_id", "another account than the one that asks")


def groups_of(
    db: Reader, account_id: UUID, group_id: UUID | None, group_name: str | None
) -> tuple[UUID, ...]:
    """The ids of the groups that a new stream joins: one by its id, one by its name."""
    named = [] if group_id is None else [group_id]
    if group_name is not None:
        found = find_group(db, account_id, group_name)
        if found is None:
            raise GroupNotFound(f"'{group_name}'")
        named.append(found)
    return tuple(dict.fromkeys(named))


def _groups(db: Reader, body: Body) -> tuple[UUID, ...]:
    return groups_of(db, body.account_id, body.group_id, body.group_name)


async def owner_of(db: Reader, scope: UUID | None, stream_id: UUID) -> UUID:
    """The account of a stream that may be seen."""
    row = await asyncio.to_thread(streams.get_stream, db, scope, stream_id)
    account_id: UUID = row["account_id"]
    return account_id


async def claim(
    body: QueueRequest, send: SendFunction, db: Reader, scope: UUID | None
) -> Sequence[Row]:
    """Take waiting streams out of the queue, the longest waiting first."""
    wanted = QueueConditions(**body.filters.model_dump())
    limit = min(body.limit, 1000)
    claimed: list[UUID] = []
    while len(claimed) < limit:
        look = limit - len(claimed) + _AHEAD
        rows = await asyncio.to_thread(streams.queue, db, scope, wanted, look)
        if not rows:
            break
        waiting = tuple((row["stream_id"], row["account_id"]) for row in rows)
        claimed += await send(ClaimStreams(streams=waiting, limit=limit - len(claimed)))
    return await asyncio.to_thread(streams.get_streams, db, claimed)


async def take_feedback(
    body: FeedbackRequest, send: SendFunction, db: Reader, scope: UUID | None
) -> dict[str, Any]:
    """Take what a worker says of its streams; what it may go on with, and what not."""
    ids = [one.stream_id for one in body.streams]
    rows = await asyncio.to_thread(streams.find_streams, db, scope, ids, ())
    owners: dict[UUID, UUID] = {row["stream_id"]: row["account_id"] for row in rows}
    said = [one.model_dump(mode="json") for one in body.streams]
    reports = tuple(
        Report(
            stream_id=one.stream_id,
            account_id=owners.get(one.stream_id),
            version=one.version,
            status=StreamStatus(one.status),
            error=one.error,
            video_info=dumped["video_info"],
        )
        for one, dumped in zip(body.streams, said, strict=True)
    )
    standings = await send(TakeReports(reports=reports)) if reports else []
    taken = [one for one, standing in zip(said, standings, strict=True) if standing["taken"]]
    await asyncio.to_thread(keep_progress, db, taken)
    sorted_out: dict[bool, list[dict[str, Any]]] = {True: [], False: []}
    for standing in standings:
        shown = {name: standing[name] for name in ("stream_id", "status", "version")}
        sorted_out[standing["taken"]].append(shown)
    return {"streams": {"modified": sorted_out[False], "unmodified": sorted_out[True]}}
