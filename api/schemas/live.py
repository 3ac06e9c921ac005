"""Bodies in which workers tell what their streams show at the moment."""

import base64
import binascii
from typing import Annotated, Any, Final, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, field_validator

from domain.shared.fields import Absent, Id, Number, Record, Time

_LARGEST: Final = 4 << 20
_Pixel = Annotated[int, Field(strict=True, ge=-(2**31), lt=2**31)]
_Phase = Literal["started", "updated", "ended"]


class Rect(Record):
    """A part of the frame in pixels."""

    x: _Pixel
    y: _Pixel
    width: _Pixel
    height: _Pixel


class Detection(Record):
    """Where something is, and how sure the detector is."""

    rect: Rect
    score: Annotated[Number, Field(ge=0, le=1)]


class Angles(Record):
    """How a head is turned, in degrees."""

    pitch: Number
    roll: Number
    yaw: Number


class EstimatedFace(Record):
    """What is known of a face: what the targets ask for."""

    detections: Absent[Detection] = None
    head_pose: Absent[Angles] = None
    ags: Absent[Number] = None


class EstimatedBody(Record):
    """What is known of a body."""

    detections: Absent[Detection] = None


class Estimated(Record):
    """What was estimated of one person."""

    face: Absent[EstimatedFace] = None
    body: Absent[EstimatedBody] = None


class TrackResult(Record):
    """What became of a track; the contract's `human_tracking_result`."""

    track_id: Id
    event_id: Id | None
    event_status: _Phase
    track_status: _Phase
    estimated: Estimated


class LiveStream(Record):
    """One stream: the last picture as a JPEG file in Base64, and tracks since the last report."""

    stream_id: Id
    version: Annotated[int, Field(strict=True, ge=1, le=2**62)]
    picture: Absent[Annotated[str, Field(strict=True, max_length=_LARGEST)]] = None
    tracks: Annotated[list[TrackResult], Field(max_length=1000)] = []
    ended: Annotated[bool, Field(strict=True)] = False

    @field_validator("picture")
    @classmethod
    def _is_jpeg(cls, given: str) -> str:
        try:
            data = base64.b64decode(given, validate=True)
        except binascii.Error:
            raise ValueError("a picture is written in Base64") from None
        if not data.startswith(b"\xff\xd8"):
            raise ValueError("a picture is a JPEG file")
        return given

    @property
    def jpeg(self) -> bytes | None:
        """The bytes of the picture, if there is one."""
        return None if self.picture is None else base64.b64decode(self.picture)

    def messages(self) -> list[dict[str, Any]]:
        """The contract's `ws_message` of each track."""
        return [
            {
                "stream_status": "in_progress",
                "error": None,
                "analytics_results": {"human_tracking": track.as_dict()},
            }
            for track in self.tracks
        ]


class LiveReport(Record):
    """All streams of a worker, also those that show nothing new."""

    streams: Annotated[list[LiveStream], Field(max_length=1000)]


class MadeEvent(BaseModel):
    """An event as a handler answered it; what else it says is passed on as it is."""

    model_config = ConfigDict(extra="allow")

    event_id: UUID


class EventsReport(Record):
    """Events that a handler made of one track, for the callbacks of the stream's analytic."""

    stream_id: Id
    version: Annotated[int, Field(strict=True, ge=1, le=2**62)]
    analytics: Annotated[int, Field(strict=True, ge=0, le=9)]
    event_create_time: Time
    event_end_time: Time
    events: Annotated[list[MadeEvent], Field(min_length=1, max_length=100)]


class Told(BaseModel):
    """How many messages will be sent."""

    messages: int


class Wanted(BaseModel):
    """Streams of which somebody wants the pictures or the tracks."""

    pictures: list[str]
    tracks: list[str]


class LiveAnswer(BaseModel):
    """What the worker shall show from now on."""

    wanted: Wanted
