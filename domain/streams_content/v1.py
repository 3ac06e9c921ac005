"""What a stream is, as the first generation of the contract has it, and how the two convert."""

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal, Self

from pydantic import Field, model_validator

from domain.shared.fields import Absent, Number, Record, Text
from domain.streams_content.parts import (
    WHOLE_FRAME,
    Authorization,
    Count,
    FrameMode,
    HandlerRef,
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
from domain.streams_content.v2 import check_source

ApiVersion = Annotated[int, Field(strict=True, ge=1, le=1000)]


class StreamDataV1(Record):
    """Where frames come from."""

    type: SourceType
    reference: Reference
    roi: Region = WHOLE_FRAME
    droi: Region = WHOLE_FRAME
    rotation: Rotation = 0
    preferred_program_stream_frame_width: Count = 800
    endless: Absent[Switch] = None
    mask: Absent[Mask] = None

    @model_validator(mode="after")
    def _fits(self) -> Self:
        check_source(self)
        return self


class EventHandlerV1(Record):
    """Where best shots are sent to."""

    origin: Annotated[Text, Field(min_length=1, max_length=512)]
    api_version: ApiVersion
    bestshot_handler: HandlerRef
    detection_handler: HandlerRef | None = None
    frame_store: Annotated[Text, Field(max_length=512)] | None = None
    authorization: Absent[Authorization] = None


class SendingV1(Record):
    """When a track is sent: periods in seconds or frames, -1 for the whole track."""

    time_period_of_searching: MinusOneOrMore = -1
    silent_period: MinusOneOrMore = 0
    type: Literal["sec", "frames"] = "sec"
    number_of_bestshots_to_send: Count = 1
    send_only_full_set: Switch = True
    delete_track_after_sending: Switch = False


class FilteringV1(PoseFiltering):
    """Which detections are never best shots."""

    min_score: Number = 0.5187


class LivenessV1(LivenessPolicy):
    """Weights are of shoulders (which nobody checks any more), background and surroundings."""

    use_shoulders_liveness_filtration: Switch = False
    livenesses_weights: Annotated[list[Number], Field(min_length=3, max_length=3)] = [0.0] * 3


class PoliciesV1(Record):
    """How the stream is processed."""

    sending: SendingV1 = SendingV1()
    primary_track_policy: PrimaryTrackPolicy = PrimaryTrackPolicy()
    liveness: LivenessV1 = LivenessV1()
    filtering: FilteringV1 = FilteringV1()
    frame_processing_mode: FrameMode = "auto"
    real_time_mode_fps: Count = 0
    ffmpeg_threads_number: Count = 0
    healthcheck: HealthcheckPolicy = HealthcheckPolicy()


_READING: Final = ("frame_processing_mode", "real_time_mode_fps", "ffmpeg_threads_number")
_FLAT: Final = ("time_period_of_searching", "silent_period", "type")
_BODY: Final = ("send_only_full_set", "delete_track_after_sending")
_SAME: Final = ("primary_track_policy", "healthcheck")


def to_v2(
    data: StreamDataV1, handler: EventHandlerV1, policies: PoliciesV1, account_id: Any
) -> tuple[dict[str, Any], dict[str, Any]]:
    """The same stream in the kept form, and what that form cannot say.

    Faces are looked for; bodies, too, where a handler for them is named.
    """
    kept, said = data.as_dict(), policies.as_dict()
    sending, filtering, liveness = said["sending"], said["filtering"], said["liveness"]
    weights = liveness.pop("livenesses_weights")
    shown = handler.as_dict()
    number, score = sending["number_of_bestshots_to_send"], filtering.pop("min_score")
    of_v1 = {
        "origin": handler.origin,
        "api_version": handler.api_version,
        "detection_handler": shown["detection_handler"],
        "shoulders": [liveness.pop("use_shoulders_liveness_filtration"), weights[0]],
        "own_account": handler.authorization is None,
    }
    bodies = handler.detection_handler is not None
    analytics = {
        "enabled": True,
        "mode": 3 if bodies else 1,
        "droi": kept.pop("droi"),
        "filtering": {**filtering, "min_score_face": score, "min_score_body": score},
        "sending": {
            "body": {name: sending[name] for name in _BODY},
            "bestshot_settings": {
                "type": 3 if bodies else 1,
                "face_bestshots_to_send": number,
                "body_bestshots_to_send": number,
            },
            "full_frame_settings": 3,
            **{name: sending[name] for name in _FLAT},
        },
        "liveness": {**liveness, "livenesses_weights": weights[1:]},
        "event_handler": {
            "type": "luna_handler",
            "handler_id": shown["bestshot_handler"]["handler_id"],
            "frame_store": handler.frame_store,
            "authorization": shown.get("authorization") or {"account_id": str(account_id)},
        },
        **{name: said[name] for name in _SAME},
    }
    if data.type in ("tcp", "udp"):
        kept.setdefault("endless", True)
    reading = {name: said[name] for name in _READING}
    return {**kept, **reading, "analytics": [analytics]}, of_v1


def to_v1(data: Mapping[str, Any], of_v1: Mapping[str, Any] | None, origin: str) -> dict[str, Any]:
    """`data`, `event_handler` and `policies` of a kept stream; of its first analytics only.

    `origin` is where handlers are for a stream that was made by the second generation.
    """
    first = data["analytics"][0]
    said = of_v1 or {"origin": origin, "api_version": 6, "detection_handler": None}
    flag, weight = said.get("shoulders") or (False, 0.0)
    handler = first["event_handler"]
    shown_handler = {
        **{name: said[name] for name in ("origin", "api_version", "detection_handler")},
        "bestshot_handler": {"handler_id": handler["handler_id"]},
        "frame_store": handler["frame_store"],
    }
    if not said.get("own_account"):
        shown_handler["authorization"] = handler["authorization"]
    filtering = dict(first["filtering"])
    filtering["min_score"] = filtering.pop("min_score_face")
    del filtering["min_score_body"]
    liveness = dict(first["liveness"])
    liveness["use_shoulders_liveness_filtration"] = flag
    liveness["livenesses_weights"] = [weight, *liveness["livenesses_weights"]]
    sending = first["sending"]
    flat = {name: sending[name] for name in _FLAT} | {n: sending["body"][n] for n in _BODY}
    flat["number_of_bestshots_to_send"] = sending["bestshot_settings"]["face_bestshots_to_send"]
    policies = {
        "sending": flat,
        "filtering": filtering,
        "liveness": liveness,
        **{name: first[name] for name in _SAME},
        **{name: data[name] for name in _READING},
    }
    kept = {k: v for k, v in data.items() if k not in ("analytics", *_READING)}
    return {
        "data": {**kept, "droi": first["droi"]},
        "event_handler": shown_handler,
        "policies": policies,
    }
