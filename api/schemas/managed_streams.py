"""Bodies about streams, in the video manager's words."""

from datetime import UTC, datetime
from typing import Annotated, Any, Final, Literal
from uuid import UUID

from pydantic import BaseModel, Field

from api.schemas.streams import MOST, GroupName, autorestart_shown
from domain.shared.callbacks import MOST_CALLBACKS, HttpCallback
from domain.shared.fields import Absent, Flag, Id, Integer, Record, Source, Text, UserData, written
from domain.shared.places import Location
from domain.stream_statuses import OUT_OF_HOURS, StreamStatus, as_number
from domain.streams_content.parts import Autorestart
from domain.streams_content.v6 import (
    MOST_ANALYTICS,
    StreamAnalytic,
    StreamDataV6,
    from_content,
)
from domain.working_hours import working
from projections.database import Row


class StreamNotificationPolicy(Record):
    """Who is told where a stream stands, each time it changes."""

    enable: Flag = 0
    stream_callbacks: Annotated[tuple[HttpCallback, ...], Field(max_length=MOST_CALLBACKS)] = ()


class ManagedStreamCreate(Record):
    """A stream to make, or to be instead of another.

    Streams are handed to agents whole, so `splittable` can only be 0.
    """

    name: UserData = ""
    description: Annotated[Text, Field(max_length=512)] = ""
    data: StreamDataV6
    analytics: Annotated[tuple[StreamAnalytic, ...], Field(min_length=1, max_length=MOST_ANALYTICS)]
    location: Location = Location()
    source: Source | None = None
    autorestart: Autorestart = Autorestart()
    group_name: Absent[GroupName] = None
    group_id: Absent[Id] = None
    notification_policy: StreamNotificationPolicy = StreamNotificationPolicy()
    splittable: Annotated[Literal[0], Integer] = 0


Action = Literal["pause", "resume"]


class Direction(Record):
    """Whether processing stops or goes on."""

    action: Action


class ManagedStreamsToDelete(Record):
    """Streams by their ids."""

    stream_ids: Annotated[list[Id], Field(max_length=MOST)]


class ManagedStreamMade(BaseModel):
    """A new stream and its version."""

    stream_id: UUID
    version: int
    url: str
    external_url: str


Target = Literal[
    "account_id", "analytics", "create_time", "data", "description", "groups", "last_error",
    "location", "name", "notification_policy", "source", "splittable", "status", "stream_id",
    "version",
]  # fmt: skip
_NO_POLICY: Final = StreamNotificationPolicy().as_dict()


def shown(row: Row, targets: list[Target] | None = None) -> dict[str, Any]:
    """The video manager's stream; groups are told by their ids."""
    now = datetime.now(UTC)
    said = row["of_v6"] or from_content(row["content"])
    restarts = autorestart_shown(row, now)
    schedules = row["schedules"] or [{}] * len(said["analytics"])
    analytics = [
        {
            "analytic_name": one["analytic_name"],
            "parameters": one["parameters"],
            "autorestart": restarts,
            "status": _status(row, [sets], now),
        }
        for one, sets in zip(said["analytics"], schedules, strict=True)
    ]
    told = {
        "stream_id": row["stream_id"],
        "account_id": row["account_id"],
        "version": row["stream_version"],
        "create_time": written(row["create_time"]),
        "name": row["name"],
        "description": row["description"],
        "data": said["data"],
        "analytics": analytics,
        "location": row["location"] or Location().as_dict(),
        "source": row["source"],
        "groups": row["group_ids"],
        "notification_policy": said.get("notification_policy", _NO_POLICY),
        "splittable": 0,
        "status": _status(row, schedules, now),
        "last_error": row["error"],
    }
    return {name: told[name] for name in targets} if targets else told


def _status(row: Row, schedules: list[dict[str, Any]], now: datetime) -> int:
    waits = row["status"] in (StreamStatus.PENDING, StreamStatus.IN_PROGRESS)
    if waits and not any(working(sets, now) for sets in schedules):
        return OUT_OF_HOURS
    return as_number(row["status"])


class ManagedStreamsPage(BaseModel):
    """One page of streams."""

    streams: list[dict[str, Any]]
