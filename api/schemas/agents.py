"""Bodies about agents and what they tell of their streams."""

from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, Field

from api.schemas.streams import MOST
from domain.shared.fields import Id, Integer, Record, Text, Time


class AgentRegistered(BaseModel):
    """A new agent, and how often it must ask (s) so as not to be thought dead (s)."""

    agent_id: UUID
    refresh_period: int
    alive_period: int


class AgentStreams(BaseModel):
    """Streams that the agent must begin with."""

    streams: list[dict[str, Any]]


class StreamInfo(Record):
    """What an agent says of one of its streams: 1 is in progress, 2 done, 4 failed.

    Without `analytic_indexes` all analytics are meant that it got.
    """

    stream_id: Id
    version: Annotated[int, Field(strict=True, ge=1, le=2**62)]
    status: Annotated[Literal[1, 2, 4], Integer]
    time: Time
    error: Annotated[Text, Field(max_length=4096)] | None = None
    analytic_indexes: (
        Annotated[
            tuple[Annotated[int, Field(strict=True, ge=0, le=100)], ...], Field(max_length=100)
        ]
        | None
    ) = None


class AgentFeedback(Record):
    """What an agent says of its streams."""

    streams: Annotated[tuple[StreamInfo, ...], Field(max_length=MOST)]


class StreamAction(BaseModel):
    """What an agent must do with a stream."""

    stream_id: UUID
    version: int
    action: Literal["continue", "stop"]


class StreamActions(BaseModel):
    """What an agent must do with its streams."""

    streams: list[StreamAction]
