"""What a stream is, as the second generation of the contract has it: the form that is kept."""

from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from domain.shared.fields import Absent, Id, Integer, Number, Record, Text
from domain.streams_content.parts import (
    WHOLE_FRAME,
    Authorization,
    Count,
    FrameMode,
    HealthcheckPolicy,
    LivenessPolicy,
    Mask,
    MinusOneOrMore,
    PoseFiltering,
    PrimaryTrackPolicy,
    Reference,
    Region,
    Rotation,
    SourceType,
    Switch,
)

OneToFour = Annotated[Literal[1, 2, 3, 4], Integer]


class Filtering(PoseFiltering):
    """Which detections are never best shots."""

    min_score_face: Number = 0.5187
    min_score_body: Number = 0.5


class BodySending(Record):
    """When best shots of bodies are sent, and whether they are then forgotten."""

    send_only_full_set: Switch = True
    delete_track_after_sending: Switch = False


class BestshotSettings(Record):
    """Which best shots are sent, and how many: 1 faces, 2 bodies, 3 both together, 4 apart."""

    type: OneToFour = 3
    face_bestshots_to_send: Count = 1
    body_bestshots_to_send: Count = 1


class Sending(Record):
    """When a track is sent: periods in seconds or frames, -1 for the whole track."""

    body: BodySending = BodySending()
    bestshot_settings: BestshotSettings = BestshotSettings()
    full_frame_settings: OneToFour = 3
    time_period_of_searching: MinusOneOrMore = -1
    silent_period: MinusOneOrMore = 0
    type: Literal["sec", "frames"] = "sec"


class Liveness(LivenessPolicy):
    """Weights are of the checks by background and by surroundings."""

    livenesses_weights: Annotated[list[Number], Field(min_length=2, max_length=2)] = [0.0, 0.0]


class LunaHandler(Record):
    """The handler that best shots are sent to."""

    type: Literal["luna_handler"] = "luna_handler"
    handler_id: Id
    authorization: Authorization
    frame_store: Annotated[Text, Field(max_length=512)] | None

    @model_validator(mode="after")
    def _one_of_two(self) -> Self:
        said = self.authorization
        if (said.token is None) == (said.account_id is None):
            raise ValueError("authorization holds a token or an account_id")
        return self


class Analytics(Record):
    """What is looked for in the frames: 1 faces, 2 bodies, 3 both; and what is done with it."""

    enabled: Switch = True
    mode: Annotated[Literal[1, 2, 3], Integer] = 3
    droi: Region = WHOLE_FRAME
    filtering: Filtering = Filtering()
    primary_track_policy: PrimaryTrackPolicy = PrimaryTrackPolicy()
    sending: Sending = Sending()
    event_handler: LunaHandler
    healthcheck: HealthcheckPolicy = HealthcheckPolicy()
    liveness: Liveness = Liveness()


def check_source(data: Any) -> None:
    """Refuse fields that the type of the source does not have."""
    network = data.type in ("tcp", "udp")
    for name, fits in (("endless", network), ("mask", data.type == "images")):
        if getattr(data, name) is not None and not fits:
            raise ValueError(f"'{name}' does not belong to the type {data.type}")
    if data.type == "images" and data.mask is None:
        raise ValueError("'mask' is needed with the type images")


class StreamDataV2(Record):
    """Where frames come from, how they are read, and what is looked for in them."""

    type: SourceType
    reference: Reference
    analytics: Annotated[list[Analytics], Field(min_length=1, max_length=10)]
    roi: Region = WHOLE_FRAME
    rotation: Rotation = 0
    preferred_program_stream_frame_width: Count = 800
    frame_processing_mode: FrameMode = "auto"
    real_time_mode_fps: Count = 0
    ffmpeg_threads_number: Count = 0
    endless: Absent[Switch] = None
    mask: Absent[Mask] = None

    @model_validator(mode="after")
    def _fits(self) -> Self:
        check_source(self)
        return self

    def as_dict(self) -> dict[str, Any]:
        """The record as JSON values, with all defaults filled in."""
        shown = super().as_dict()
        if self.type in ("tcp", "udp"):
            shown.setdefault("endless", True)
        return shown
