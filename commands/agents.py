"""What may be asked of agents."""

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from commands.command import Command, CommandTable
from commands.store import Store
from commands.stream_callbacks import keep
from domain.agents import Agent
from domain.shared.ids import new_id
from domain.streams import Stream


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateAgent(Command[UUID]):
    """Register an agent; answers its id."""

    agent_id: UUID = field(default_factory=new_id)
    content: dict[str, Any]


def create_agent(cmd: CreateAgent, store: Store) -> UUID:
    """Make the agent."""
    made = Agent.with_id(cmd.agent_id, account_id=cmd.account_id, content=cmd.content)
    store.save(made)
    return made.id


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteAgent(Command[None]):
    """Remove an agent; those of the streams that it has wait for another one."""

    agent_id: UUID
    stream_ids: tuple[UUID, ...] = ()


def delete_agent(cmd: DeleteAgent, store: Store) -> None:
    """Delete the agent."""
    agent = store.get(Agent, cmd.agent_id, cmd.account_id)
    agent.delete()
    store.save(agent)
    for stream in store.find_many(Stream, cmd.stream_ids, cmd.account_id):
        if stream.agent_id == cmd.agent_id:
            stream.lose_worker()
            keep(store, stream)


COMMANDS: CommandTable = {CreateAgent: create_agent, DeleteAgent: delete_agent}
