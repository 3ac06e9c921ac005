"""Bodies about streams, of both generations of the contract."""

from datetime import UTC, datetime
from typing import Annotated, Any, Final, Literal, Self
from uuid import UUID

from pydantic import BaseModel, Field, model_validator

from domain.shared.fields import Absent, Id, Number, Record, Text, Time, UserData, written
from domain.shared.places import Location
from domain.stream_statuses import StreamStatus, autorestart_status
from domain.streams_content.parts import Autorestart
from domain.streams_content.v1 import EventHandlerV1, PoliciesV1, StreamDataV1, to_v1, to_v2
from domain.streams_content.v2 import StreamDataV2
from projections.database import Row

MOST: Final = 1000
GroupName = Annotated[str, Field(strict=True, pattern=r"^[a-zA-Z0-9_\-]{1,128}$")]
Ids = Annotated[list[Id], Field(max_length=MOST)]
Names = Annotated[list[UserData], Field(max_length=MOST)]


class _StreamCreate(Record):
    account_id: Id
    name: UserData = ""
    description: Annotated[Text, Field(max_length=512)] = ""
    location: Location = Location()
    autorestart: Autorestart = Autorestart()
    status: Literal["pending", "pause"] = "pending"
    group_name: Absent[GroupName] = None
    group_id: Absent[Id] = None

    def _kept(self) -> tuple[dict[str, Any], dict[str, Any] | None]:
        raise AssertionError("a generation says how it is kept")

    def command_fields(self) -> dict[str, Any]:
        """What commands are told, but for the groups."""
        content, of_v1 = self._kept()
        return {
            "name": self.name,
            "description": self.description,
            "location": self.location.as_dict(),
            "autorestart": self.autorestart.as_dict(),
            "status": StreamStatus(self.status),
            "content": content,
            "of_v1": of_v1,
        }


class StreamCreate(_StreamCreate):
    """A stream to make, or to be instead of another."""

    data: StreamDataV1
    event_handler: EventHandlerV1
    policies: PoliciesV1 = PoliciesV1()

    def _kept(self) -> tuple[dict[str, Any], dict[str, Any] | None]:
        return to_v2(self.data, self.event_handler, self.policies, self.account_id)


class StreamCreateV2(_StreamCreate):
    """A stream to make, or to be instead of another."""

    data: StreamDataV2

    def _kept(self) -> tuple[dict[str, Any], dict[str, Any] | None]:
        return self.data.as_dict(), None


class StreamPatch(Record):
    """What to change of a stream; at least one of both."""

    description: Absent[UserData] = None
    status: Absent[Literal["pending", "pause", "cancel"]] = None

    @model_validator(mode="after")
    def _something(self) -> Self:
        if not self.model_fields_set:
            raise ValueError("at least one field must have a value")
        return self


class StreamsToDelete(Record):
    """Streams that have one of the ids or one of the names."""

    stream_ids: Ids | None = None
    names: Names | None = None


class QueueFilters(Record):
    """Which waiting streams a worker wants."""

    stream_ids: Absent[Ids] = None
    names: Absent[Names] = None
    group_ids: Absent[Ids] = None
    group_names: Absent[Annotated[list[GroupName], Field(max_length=MOST)]] = None


class QueueRequest(Record):
    """How many streams a worker takes, and of which."""

    filters: QueueFilters
    limit: Annotated[int, Field(strict=True, ge=1, le=2**31 - 1)]


class VideoInfo(Record):
    """What a worker has found out about its source; times in seconds."""

    width: int
    height: int
    frame_rate: int
    bit_rate: int
    gop_size: int
    start_time: Time
    duration: Absent[Annotated[Number, Field(ge=0)]] = None
    progress: Absent[Annotated[Number, Field(ge=0, le=1)]] = None


class PreviewUrl(Record):
    """Where a worker shows what it sees."""

    url: Absent[Annotated[Text, Field(max_length=256)]] = None


class Preview(Record):
    """The pictures a worker shows: moving, and the last one."""

    live: Absent[PreviewUrl] = None
    last_frame: Absent[PreviewUrl] = None


class StreamFeedback(Record):
    """What a worker says of one of its streams."""

    stream_id: Id
    version: Annotated[int, Field(strict=True, ge=1, le=2**62)]
    status: Literal["in_progress", "done", "failure"]
    error: Annotated[Text, Field(max_length=4096)] | None
    video_info: VideoInfo | None
    preview: Preview | None = None


class FeedbackRequest(Record):
    """What a worker says of its streams."""

    streams: Annotated[list[StreamFeedback], Field(max_length=MOST)]


class StreamMade(BaseModel):
    """A stream and its version."""

    stream_id: UUID
    version: int


class StreamsCount(BaseModel):
    """How many streams there are."""

    streams_count: int


class Standing(BaseModel):
    """Where a stream stands."""

    stream_id: UUID
    status: str
    version: int


class Standings(BaseModel):
    """Streams that their worker must reload or stop, and streams it may go on with."""

    modified: list[Standing]
    unmodified: list[Standing]


class FeedbackAnswer(BaseModel):
    """Where the streams stand that a worker told of."""

    streams: Standings


class LogsPage(BaseModel):
    """One page of records."""

    logs: list[dict[str, Any]]


class LogsDeleted(BaseModel):
    """How many records were cleared."""

    deleted_count: int


def autorestart_shown(row: Row, now: datetime) -> dict[str, Any]:
    """How a stream is tried again, and where that stands."""
    tried = row["attempt_time"]
    return {
        **row["autorestart"],
        "current_attempt": row["attempt"],
        "last_attempt_time": None if tried is None else written(tried),
        "status": autorestart_status({**row, "last_error": row["error"]}, now),
    }


def _common(row: Row) -> dict[str, Any]:
    return {
        "stream_id": row["stream_id"],
        "account_id": row["account_id"],
        "name": row["name"],
        "description": row["description"],
        "location": row["location"] or Location().as_dict(),
        "autorestart": autorestart_shown(row, datetime.now(UTC)),
        "version": row["stream_version"],
        "create_time": written(row["create_time"]),
        "status": row["status"],
        "last_error": row["error"],
        "video_info": row["shown_video_info"],
        "groups": row["groups"],
        "preview": row["preview"],
    }


def shown_v2(row: Row, origin: str) -> dict[str, Any]:
    """The contract's stream of the second generation; what is not handed over is switched off."""
    content, handed = row["content"], row["handed"]
    if handed is not None:
        told = enumerate(content["analytics"])
        on = [{**one, "enabled": one["enabled"] and index in handed} for index, one in told]
        content = {**content, "analytics": on}
    return {**_common(row), "data": content}


def shown_v1(row: Row, origin: str) -> dict[str, Any]:
    """The contract's stream of the first generation; handlers are at `origin` unless it said."""
    return {**_common(row), **to_v1(row["content"], row["of_v1"], origin)}
