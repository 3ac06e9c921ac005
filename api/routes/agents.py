"""Agents of others, which take streams of an account and compute analytics of them."""

import asyncio
from typing import Any, Final

from fastapi import APIRouter, Depends
from starlette.responses import Response

from api.authentication import AccountId, ChosenAccountId, permitted
from api.dependencies import ReadDb, Send, ServicesDep
from api.errors import answers
from api.http.answers import json_answer
from api.pipelines import agents as work
from api.pipelines.managed_streams import UnknownAnalytic
from api.schemas.agents import AgentFeedback, AgentRegistered, AgentStreams, StreamActions
from commands.agents import CreateAgent, DeleteAgent
from domain.agents import AgentContent, AgentNotFound
from domain.shared.fields import Id
from projections.agents import get_agent, streams_of_agent
from projections.analytics import analytics_named

router = APIRouter(prefix="/agents", tags=["agents"])

_MISSING: Final = answers(AgentNotFound)
_MAKE: Final = Depends(permitted("video_agent", "creation"))
_EDIT: Final = Depends(permitted("video_agent", "modification"))
_DELETE: Final = Depends(permitted("video_agent", "deletion"))
_ASKS_PER_LIFE: Final = 6


@router.post(
    "",
    status_code=201,
    response_model=AgentRegistered,
    responses=answers(UnknownAnalytic),
    dependencies=[_MAKE],
)
async def create_agent(
    body: AgentContent, db: ReadDb, services: ServicesDep, send: Send, account_id: AccountId
) -> Response:
    """Register an agent; its analytics must be registered before."""
    known = await asyncio.to_thread(analytics_named, db, account_id, body.analytic_names)
    for name in body.analytic_names:
        if name not in known:
            raise UnknownAnalytic(name)
    agent_id = await send(CreateAgent(account_id=account_id, content=body.as_dict()))
    alive_s = max(1, int(services.settings.stream_silence_s))
    told = {"alive_period": alive_s, "refresh_period": max(1, alive_s // _ASKS_PER_LIFE)}
    place = {"Location": f"/6/agents/{agent_id}"}
    return json_answer({"agent_id": agent_id, **told}, 201, place)


@router.delete("/{agent_id}", status_code=204, responses=_MISSING, dependencies=[_DELETE])
async def delete_agent(agent_id: Id, db: ReadDb, send: Send, scope: ChosenAccountId) -> None:
    """Remove an agent; its streams go to others."""
    agent = await asyncio.to_thread(get_agent, db, scope, agent_id)
    ids = await asyncio.to_thread(streams_of_agent, db, agent_id)
    owner = agent["account_id"]
    await send(DeleteAgent(account_id=owner, agent_id=agent_id, stream_ids=tuple(ids)))


@router.post(
    "/{agent_id}/streams", response_model=AgentStreams, responses=_MISSING, dependencies=[_EDIT]
)
async def post_agent_streams(
    agent_id: Id, db: ReadDb, send: Send, scope: ChosenAccountId
) -> Response:
    """Take streams that wait for an agent with these analytics; each is told of once."""
    agent = await asyncio.to_thread(get_agent, db, scope, agent_id)
    return json_answer({"streams": await work.take_streams(agent, send, db)})


@router.post(
    "/{agent_id}/streams/feedback",
    response_model=StreamActions,
    responses=_MISSING,
    dependencies=[_EDIT],
)
async def post_streams_feedback(
    agent_id: Id, body: AgentFeedback, db: ReadDb, send: Send, scope: ChosenAccountId
) -> Any:
    """Tell where streams stand, and learn which to stop: others have them, or nobody shall."""
    agent = await asyncio.to_thread(get_agent, db, scope, agent_id)
    return {"streams": await work.take_feedback(agent, body, send, db)}
