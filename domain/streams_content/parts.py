"""Parts of streams that both generations of the contract share."""

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Discriminator, Field, Tag

from domain.shared.fields import Absent, Flag, Id, Integer, Number, Record, Text

Small = Annotated[int, Field(strict=True, ge=0, le=65536)]
Count = Annotated[int, Field(strict=True, ge=0, le=2**31 - 1)]
MinusOneOrMore = Annotated[int, Field(strict=True, ge=-1, le=2**31 - 1)]
Switch = Annotated[bool, Field(strict=True)]
Angle = Annotated[float, Field(strict=True, ge=0, le=180, allow_inf_nan=False)]
Percent = Annotated[float, Field(strict=True, ge=0, le=100, allow_inf_nan=False)]
PercentSize = Annotated[float, Field(strict=True, ge=1e-5, le=100, allow_inf_nan=False)]
Reference = Annotated[Text, Field(max_length=512)]
Mask = Annotated[Text, Field(max_length=128)]
Rotation = Annotated[Literal[0, 90, 180, 270], Integer]
FrameMode = Literal["auto", "full", "scale"]
SourceType = Literal["tcp", "udp", "videofile", "images"]


class PixelRegion(Record):
    """A part of the frame in pixels; without width and height it is the whole frame."""

    x: Small
    y: Small
    width: Small
    height: Small
    mode: Literal["abs"] = "abs"


class PercentRegion(Record):
    """A part of the frame in percents of its width and height."""

    x: Percent
    y: Percent
    width: PercentSize
    height: PercentSize
    mode: Literal["percent"]


def _from_array(value: Any) -> Any:
    """The old form of a region: [x, y, width, height] in pixels."""
    if isinstance(value, list) and len(value) == 4:
        return dict(zip(("x", "y", "width", "height"), value, strict=True))
    return value


def _mode(value: Any) -> str:
    mode = value.get("mode", "abs") if isinstance(value, dict) else getattr(value, "mode", "abs")
    return "percent" if mode == "percent" else "abs"


Region = Annotated[
    Annotated[PixelRegion, Tag("abs")] | Annotated[PercentRegion, Tag("percent")],
    Discriminator(_mode),
    BeforeValidator(_from_array),
]
"""A region of the frame; `mode` tells pixels, which it is without one, from percents."""

WHOLE_FRAME = PixelRegion(x=0, y=0, width=0, height=0)


class HandlerRef(Record):
    """A handler by its id."""

    handler_id: Id


class Authorization(Record):
    """Who asks the handler: the bearer of a token, or an account."""

    token: Absent[Annotated[Text, Field(min_length=1, max_length=4096)]] = None
    account_id: Absent[Id] = None


class HealthcheckPolicy(Record):
    """When a source that breaks is given up: so many errors within `period` seconds.

    After each error the worker waits `retry_delay` seconds; `timeout` is how long it waits for
    a packet, in milliseconds.
    """

    max_error_count: Count = 10
    period: Count = 3600
    retry_delay: Count = 5
    timeout: Absent[Count] = None


class PrimaryTrackPolicy(Record):
    """For gates: sizes in pixels from which a face is looked at, and sent at once."""

    use_primary_track_policy: Switch = False
    best_shot_min_size: Count = 70
    best_shot_proper_size: Count = 140


class LivenessPolicy(Record):
    """How a track is told from a picture of a face; the weights differ between generations."""

    use_mask_liveness_filtration: Switch = False
    use_flying_faces_liveness_filtration: Switch = False
    liveness_mode: Annotated[Literal[0, 1, 2], Integer] = 0
    number_of_liveness_checks: Count = 0
    liveness_threshold: Number = 0.0
    mask_backgrounds_count: Count = 0


class PoseFiltering(Record):
    """Which faces are never best shots: turned too far (degrees), or covered at the mouth."""

    detection_yaw_threshold: Angle = 40.0
    detection_pitch_threshold: Angle = 40.0
    detection_roll_threshold: Angle = 30.0
    yaw_number: Count = 1
    yaw_collection_mode: Switch = False
    mouth_occlusion_threshold: Number = 0.0
    min_body_size_threshold: Annotated[Number, Field(ge=0)] = 0.0


class Autorestart(Record):
    """Whether, how often and after how many seconds a failed stream is tried again."""

    restart: Flag = 0
    attempt_count: Annotated[int, Field(strict=True, ge=1, le=2**31 - 1)] = 10
    delay: Annotated[int, Field(strict=True, ge=1, le=2**31 - 1)] = 60
