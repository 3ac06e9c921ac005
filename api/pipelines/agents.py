"""Streams in the hands of agents: taken, told of, and given back."""

import asyncio
from typing import Any
from uuid import UUID

from api.dependencies import SendFunction
from api.schemas.agents import AgentFeedback, StreamInfo
from api.schemas.managed_streams import shown
from commands.stream_processing import ClaimStreams, Report, TakeReports
from domain.stream_statuses import StreamStatus
from projections import streams
from projections.agents import streams_for_agent, streams_of_agent
from projections.database import Reader, Row
from projections.stream_progress import keep_progress

_AHEAD = 16
"""How many more waiting streams than wanted are looked at, as others claim meanwhile."""

_STATUSES = {1: StreamStatus.IN_PROGRESS, 2: StreamStatus.DONE, 4: StreamStatus.FAILURE}


async def take_streams(agent: Row, send: SendFunction, db: Reader) -> list[dict[str, Any]]:
    """Hand as many waiting streams to the agent as it may still have."""
    agent_id: UUID = agent["agent_id"]
    has = await asyncio.to_thread(streams_of_agent, db, agent_id)
    free = agent["content"]["max_stream_count"] - len(has)
    if free <= 0:
        return []
    rows = await asyncio.to_thread(streams_for_agent, db, agent, free + _AHEAD)
    waiting = tuple((row["stream_id"], row["account_id"]) for row in rows)
    if not waiting:
        return []
    claimed = await send(ClaimStreams(streams=waiting, limit=free, agent_id=agent_id))
    return [_handed(row) for row in await asyncio.to_thread(streams.get_streams, db, claimed)]


def _handed(row: Row) -> dict[str, Any]:
    """The stream with those of its analytics that the agent shall compute, by their indexes."""
    told = shown(row)
    works = row["handed"] or []
    analytics = [
        {"analytic_index": index, "analytic_name": one["analytic_name"],
         "parameters": one["parameters"]}
        for index, one in enumerate(told["analytics"]) if index in works
    ]  # fmt: skip
    return {**told, "analytics": analytics}


async def take_feedback(
    agent: Row, body: AgentFeedback, send: SendFunction, db: Reader
) -> list[dict[str, Any]]:
    """What the agent must do with each stream, now that it has told of it."""
    reports = tuple(_report(one, agent) for one in body.streams)
    standings = await send(TakeReports(reports=reports)) if reports else []
    heard = [
        {"stream_id": one.stream_id, "version": one.version, "video_info": None, "preview": None}
        for one, standing in zip(body.streams, standings, strict=True)
        if standing["taken"]
    ]
    await asyncio.to_thread(keep_progress, db, heard)
    return [
        {
            "stream_id": one.stream_id,
            "version": one.version,
            "action": "continue" if _goes_on(standing) else "stop",
        }
        for one, standing in zip(body.streams, standings, strict=True)
    ]


def _goes_on(standing: dict[str, Any]) -> bool:
    return bool(standing["taken"]) and standing["status"] == StreamStatus.IN_PROGRESS


def _report(one: StreamInfo, agent: Row) -> Report:
    return Report(
        stream_id=one.stream_id,
        account_id=agent["account_id"],
        version=one.version,
        status=_STATUSES[one.status],
        error=one.error,
        agent_id=agent["agent_id"],
        analytics=one.analytic_indexes,
    )
