"""Agents of others: programs that take an account's streams and compute analytics of them."""

from typing import Annotated, Any
from uuid import UUID

from eventsourcing.domain import event
from pydantic import Field

from domain.analytics import AnalyticName
from domain.shared.fields import Record, Text
from domain.shared.owned import Owned
from domain.shared.refusal import Refusal


class AgentNotFound(Refusal):
    """The agent is unknown, foreign or removed."""

    detail = "Agent with id '{}' not found"


class AgentContent(Record):
    """What an agent is called, which analytics it knows, and how many streams it takes at once."""

    name: Annotated[Text, Field(min_length=1, max_length=128)]
    analytic_names: Annotated[tuple[AnalyticName, ...], Field(min_length=1, max_length=100)]
    max_stream_count: Annotated[int, Field(strict=True, ge=1, le=10_000)] = 1
    port: Annotated[int, Field(strict=True, ge=1, le=65_535)] | None = None
    api_version: Annotated[int, Field(strict=True, ge=1, le=1000)] | None = None
    description: Annotated[Text, Field(max_length=256)] = ""


class Agent(Owned):
    """A program that was registered; which streams it has is known of the streams."""

    TOPIC = "agent"
    missing = AgentNotFound

    class Created(Owned.Created):
        """An agent was registered."""

        TOPIC = "agent.created"
        content: dict[str, Any]

    class Deleted(Owned.Deleted):
        """The agent is gone; its streams go to others."""

        TOPIC = "agent.deleted"

    @event(Created)
    def __init__(self, account_id: UUID, content: dict[str, Any]) -> None:
        super().__init__(account_id)
        self.content = content
