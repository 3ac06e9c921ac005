"""Agents as they are read, and the streams they have or may have."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from psycopg.sql import SQL

from domain.agents import Agent, AgentNotFound
from projections.database import Reader, Row, owned_by
from projections.streams import AT_WORK
from projections.table import Delete, Insert, Table


def _names(event: Any) -> Any:
    return event.content["analytic_names"]


AGENTS = Table(
    "agents",
    key="agent_id",
    columns={
        "agent_id": "uuid PRIMARY KEY",
        "account_id": "uuid NOT NULL",
        "content": "jsonb NOT NULL",
        "analytic_names": "text[] NOT NULL",
        "create_time": "timestamptz NOT NULL",
    },
    rules=[
        Insert(
            Agent.Created,
            *("account_id", "content"),
            analytic_names=_names,
            create_time="timestamp",
        ),
        Delete(Agent.Deleted),
    ],
)


def get_agent(db: Reader, account_id: UUID | None, agent_id: UUID) -> Row:
    """One agent; refuses an unknown, foreign or removed one."""
    owner, of_owner = owned_by(account_id)
    query = SQL("SELECT * FROM agents WHERE agent_id = %s AND {}").format(owner)
    row = db.fetch_one(query, [agent_id, *of_owner])
    if row is None:
        raise AgentNotFound(agent_id)
    return row


def streams_of_agent(db: Reader, agent_id: UUID) -> list[UUID]:
    """The ids of the streams that the agent has."""
    rows = db.fetch_all(
        "SELECT stream_id FROM streams WHERE agent_id = %s AND status = 'in_progress'", [agent_id]
    )
    return [row["stream_id"] for row in rows]


def streams_for_agent(db: Reader, agent: Row, limit: int) -> list[Row]:
    """Waiting streams of its account that the agent can process now, the longest waiting first."""
    query = SQL(
        "SELECT s.stream_id, s.account_id FROM streams s WHERE s.status = 'pending' "
        "AND s.account_id = %s AND s.analytics <@ %s AND " + AT_WORK + " "
        "ORDER BY s.status_time, s.stream_id LIMIT %s"
    ).format()
    names: Sequence[str] = agent["analytic_names"]
    return db.fetch_all(query, [agent["account_id"], names, limit])
