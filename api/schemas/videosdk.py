"""Bodies about films whose analytics are computed at once or later."""

from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import BaseModel, Field, model_validator

from domain.analytics import SmallJson
from domain.shared.fields import Flag, Record, Text
from domain.streams_content.parts import Rotation


class Rate(Record):
    """How often frames are looked at: every so many seconds, or every so many frames."""

    unit: Literal["second", "frame"] = "frame"
    period: Annotated[float, Field(strict=True, gt=0, le=3600, allow_inf_nan=False)] = 10

    @model_validator(mode="after")
    def _whole_frames(self) -> Self:
        if self.unit == "frame" and self.period != int(self.period):
            raise ValueError("a period in frames is a whole number")
        return self


class FilmParameters(Record):
    """How often a film is looked at, and what counts.

    `probe_count` is how often in a row there must be people, or how often somebody must be seen;
    gatherings are of more people than `people_count_threshold`.
    """

    rate: Rate = Rate()
    probe_count: Annotated[int, Field(strict=True, ge=1, le=1000)] = 3
    people_count_threshold: Annotated[int, Field(strict=True, ge=0, le=10_000)] = 0


class VideoSdkAnalytic(Record):
    """What is computed of a film: how many people there are, or who is seen when."""

    name: Annotated[Text, Field(min_length=1, max_length=64)]
    targets: Annotated[tuple[Text, ...], Field(max_length=10)] = ()
    parameters: FilmParameters = FilmParameters()


class VideoSdkVideo(Record):
    """Where the film is, and by how many degrees it is turned clockwise."""

    url: Annotated[Text, Field(min_length=1, max_length=2048)]
    rotation: Rotation = 0


class DeferredTask(Record):
    """Whether the answer is kept for later instead; it is stored as an object of the account."""

    enable: Flag = 1
    storage_policy: SmallJson = {}


class VideoSdkInput(Record):
    """A film, and what is to be computed of it."""

    video: VideoSdkVideo
    analytics: Annotated[tuple[VideoSdkAnalytic, ...], Field(min_length=1, max_length=10)]
    deferred_task: DeferredTask | None = None


class AnalyticResult(BaseModel):
    """What came of one analytic."""

    name: str
    result: dict[str, Any]


class ProcessedPart(BaseModel):
    """A part of the film that was looked at; in seconds."""

    start_offset: float
    end_offset: float


class VideoData(BaseModel):
    """What is known of the film; times in seconds."""

    duration: float
    error_count: int
    frame_rate: float
    frames_count: int
    processed_parts: list[ProcessedPart]
    rotation: int


class VideoAnswer(BaseModel):
    """What came of a film."""

    analytics: list[AnalyticResult]
    video_data: VideoData


class VideoTaskMade(BaseModel):
    """A task that was given instead of an answer."""

    task_id: UUID


class VideoTaskView(BaseModel):
    """Where a video task stands: 0 waits, 1 is in progress, 2 done, 4 failed."""

    task_id: UUID
    status: int
    progress: float | None
    error: str | None
    result_url: str | None = None
