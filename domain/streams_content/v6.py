"""What a stream is in the video manager's words, and how our own analytics say it."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Final, Literal, Self

from pydantic import Field, model_validator

from domain.analytics import AnalyticName, SmallJson
from domain.human_tracking import BODY_TARGETS, FACE_TARGETS, HUMAN_TRACKING, HumanTracking
from domain.schedule_templates import MOST_INTERVALS
from domain.shared.fields import Absent, Id, Record, Time
from domain.shared.refusal import Refusal
from domain.streams_content.parts import WHOLE_FRAME, Count, Reference, Rotation, Switch

MOST_ANALYTICS: Final = 10
_TRANSPORTS: Final = ("tcp", "udp")
_FACES, _BODIES, _BOTH = 1, 2, 3


class NotOurKwargs(Refusal):
    """Our own agent takes one argument for FFmpeg, rtsp_transport, which is tcp or udp."""

    detail = "data.ffmpeg_kwargs: human_tracking takes rtsp_transport alone, tcp or udp, not {}"


class VideoPts(Record):
    """From which second of the video on it is processed."""

    start_time: Annotated[float, Field(strict=True, ge=0, le=1e6, allow_inf_nan=False)] = 0.0


class StreamDataV6(Record):
    """Where frames come from, and how they are read; `timeout` in milliseconds."""

    type: Literal["stream", "videofile"]
    reference: Reference
    downloadable: Switch = False
    timestamp_source: Literal["pts", "server", "frame_rate", "auto"] = "auto"
    orientation_strategy: Literal["static", "video_info"] = "static"
    rotation: Rotation = 0
    pts: VideoPts = VideoPts()
    fps: Annotated[float, Field(strict=True, gt=0, le=1000, allow_inf_nan=False)] | None = None
    timeout: Count | None = None
    ffmpeg_kwargs: SmallJson = {}
    behavior_parameters: SmallJson = {}


class Interval(Record):
    """A stretch of time."""

    start_time: Time
    end_time: Time

    @model_validator(mode="after")
    def _ends_later(self) -> Self:
        if self.end_time <= self.start_time:
            raise ValueError("end_time must be after start_time")
        return self


class Schedule(Record):
    """When an analytic works: at the times of a template, or at these."""

    schedule_id: Absent[Id] = None
    intervals: Absent[
        Annotated[tuple[Interval, ...], Field(min_length=1, max_length=MOST_INTERVALS)]
    ] = None

    @model_validator(mode="after")
    def _one_of_two(self) -> Self:
        if (self.schedule_id is None) == (self.intervals is None):
            raise ValueError("a schedule has a schedule_id or intervals")
        return self


class StreamAnalytic(Record):
    """What is computed of a stream, with which parameters, and when; without schedules always."""

    analytic_name: AnalyticName
    parameters: SmallJson = {}
    schedules: Annotated[tuple[Schedule, ...], Field(max_length=100)] = ()


def to_content(
    data: StreamDataV6, tracking: Sequence[HumanTracking], account_id: Any
) -> dict[str, Any]:
    """The stream in the kept form; `tracking` are all its analytics, if all are our own."""
    if tracking and not _fits_us(data.ffmpeg_kwargs):
        raise NotOurKwargs(sorted(data.ffmpeg_kwargs))
    over_network = data.type == "stream" or "://" in data.reference
    kind = data.ffmpeg_kwargs.get("rtsp_transport", "tcp") if over_network else "videofile"
    content = {
        "type": kind if kind in _TRANSPORTS or not over_network else "tcp",
        "reference": data.reference,
        "roi": WHOLE_FRAME.as_dict(),
        "rotation": data.rotation,
        "preferred_program_stream_frame_width": 800,
        "frame_processing_mode": "auto",
        "real_time_mode_fps": 0,
        "ffmpeg_threads_number": 0,
        "begin_s": data.pts.start_time,
        "looks_per_s": data.fps,
        "analytics": [_analytics(one, data.timeout, account_id) for one in tracking],
    }
    return {**content, "endless": data.type == "stream"} if over_network else content


def _fits_us(kwargs: Mapping[str, Any]) -> bool:
    return not kwargs or (list(kwargs) == ["rtsp_transport"] and
                          kwargs["rtsp_transport"] in _TRANSPORTS)  # fmt: skip


def _analytics(said: HumanTracking, timeout: int | None, account_id: Any) -> dict[str, Any]:
    told, targets = said.parameters.as_dict(), set(said.targets)
    policy, probes = told.pop("event_policy"), told.pop("probe_count")
    faces, bodies = bool(targets & FACE_TARGETS), bool(targets & BODY_TARGETS)
    mode = _BOTH if faces and bodies else _FACES if faces else _BODIES
    shots = told["sending"]["bestshot_settings"]
    shots["type"] = shots["type"] if mode == _BOTH else mode
    for kind in ("face", "body"):
        if policy is None or f"aggregated_{kind}_samples" not in targets:
            shots[f"{kind}_bestshots_to_send"] = 0
    if timeout is not None:
        told["healthcheck"].setdefault("timeout", timeout)
    handler = policy and {
        "type": "luna_handler",
        "handler_id": policy["handler_id"],
        "authorization": policy.get("authorization") or {"account_id": str(account_id)},
        "frame_store": None,
    }
    return {
        **told,
        "enabled": True,
        "mode": mode,
        "event_handler": handler,
        "min_sightings": probes,
        "targets": sorted(targets),
        "tells": any(one.enable for one in said.callbacks),
    }


def from_content(content: Mapping[str, Any]) -> dict[str, Any]:
    """`data` and `analytics` of a stream that an older generation's words made."""
    network = content["type"] in _TRANSPORTS
    first = content["analytics"][0]
    data = StreamDataV6(
        type="stream" if network else "videofile",
        reference=content["reference"],
        rotation=content["rotation"],
        timeout=first["healthcheck"].get("timeout"),
        ffmpeg_kwargs={"rtsp_transport": content["type"]} if network else {},
    )
    analytics = [
        {"analytic_name": HUMAN_TRACKING, "parameters": _parameters(one)}
        for one in content["analytics"]
    ]
    return {"data": data.as_dict(), "analytics": analytics}


_ALSO: Final = ("droi", "filtering", "sending", "primary_track_policy", "healthcheck", "liveness")


def _parameters(one: Mapping[str, Any]) -> dict[str, Any]:
    handler = one["event_handler"]
    kinds = {_FACES: ("face",), _BODIES: ("body",), _BOTH: ("face", "body")}[one["mode"]]
    targets = [
        name for kind in kinds for name in (f"{kind}_detection", f"aggregated_{kind}_samples")
    ]
    policy = {
        "source": "samples",
        "handler_id": handler["handler_id"],
        "authorization": handler["authorization"],
    }
    return {
        "targets": targets,
        "callbacks": [],
        "parameters": {"event_policy": policy, **{name: one[name] for name in _ALSO}},
    }
