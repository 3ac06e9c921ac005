"""What the contract says of a stream, in the words of the video analysis."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from inference.video.best_shots import SendingPolicy
from inference.video.options import AnalysisOptions, LivenessCheck, LivenessFrames, Mode, Region
from inference.video.source import SourceSpec

_FACES_SENT: Final = {1, 3, 4}
_BODIES_SENT: Final = {2, 3, 4}
_FRAMES: Final = {
    1: frozenset({"face"}),
    2: frozenset({"body"}),
    3: frozenset({"face", "body"}),
    4: frozenset({"face", "body"}),
}

SCALED_SIDE: Final = 640
"""The longer side of frames in the mode `scale`, in pixels."""


def source_spec(content: Mapping[str, Any]) -> SourceSpec:
    """Where the frames come from."""
    timeouts = [one["healthcheck"].get("timeout") for one in content["analytics"]]
    given = [timeout for timeout in timeouts if timeout]
    return SourceSpec(
        kind=content["type"],
        reference=content["reference"],
        rotation=content["rotation"],
        preferred_width=content["preferred_program_stream_frame_width"],
        mask=content.get("mask") or "",
        threads=content["ffmpeg_threads_number"],
        timeout_s=min(given) / 1000 if given else 10.0,
    )


def analysis_options(
    content: Mapping[str, Any], analytics: Mapping[str, Any], looks_per_s: float, least: int
) -> AnalysisOptions:
    """How one analytics works; every image of a folder is looked at, and one sighting counts.

    The content may want fewer looks, and the analytics another number of sightings.
    """
    filtering, sending = analytics["filtering"], analytics["sending"]
    primary, liveness = analytics["primary_track_policy"], analytics["liveness"]
    folder = content["type"] == "images"
    check = None
    weights = liveness["livenesses_weights"]
    checks = ("use_mask_liveness_filtration", "use_flying_faces_liveness_filtration")
    if any(liveness[name] and (weight or not any(weights)) for name, weight in
           zip(checks, weights, strict=True)):  # fmt: skip
        check = LivenessCheck(
            frames=LivenessFrames(liveness["liveness_mode"]),
            checks=liveness["number_of_liveness_checks"] or 1,
            threshold=liveness["liveness_threshold"],
        )
    return AnalysisOptions(
        mode=Mode(analytics["mode"]),
        roi=_region(content["roi"]),
        droi=_region(analytics["droi"]),
        faces=_policy(sending, "face", primary),
        bodies=_policy(sending, "body", None),
        min_face_score=filtering["min_score_face"],
        min_body_score=filtering["min_score_body"],
        max_yaw=filtering["detection_yaw_threshold"],
        max_pitch=filtering["detection_pitch_threshold"],
        max_roll=filtering["detection_roll_threshold"],
        steady_yaws=filtering["yaw_number"],
        collect_yaws=filtering["yaw_collection_mode"],
        max_mouth_occlusion=filtering["mouth_occlusion_threshold"],
        min_body_size=filtering["min_body_size_threshold"],
        primary=primary["use_primary_track_policy"] and not folder,
        least_face_height=primary["best_shot_min_size"],
        liveness=check,
        looks_per_s=1e6 if folder else min(looks_per_s, content.get("looks_per_s") or looks_per_s),
        least_sightings=1 if folder else analytics.get("min_sightings", least),
    )


def with_frames(
    options: AnalysisOptions, content: Mapping[str, Any], analytics: Mapping[str, Any], full: bool
) -> AnalysisOptions:
    """How large frames are looked at, whose shots come with them, and what is told of faces.

    `full` is what the mode auto means.
    """
    mode = content["frame_processing_mode"]
    reduced = mode == "scale" or (mode == "auto" and not full)
    both, handler = options.mode is Mode.HUMANS, analytics.get("event_handler") or {}
    frames = _FRAMES[analytics["sending"]["full_frame_settings"] if both else 3]
    return replace(
        options,
        reduced_side=SCALED_SIDE if reduced and content["type"] != "images" else None,
        frames=frames if handler.get("frame_store") else frozenset(),
        told=frozenset({"head_pose", "ags"} & {*analytics.get("targets", ())}),
    )


def _region(said: Mapping[str, Any]) -> Region:
    return Region(said["x"], said["y"], said["width"], said["height"], said["mode"])


def _policy(
    sending: Mapping[str, Any], kind: str, primary: Mapping[str, Any] | None
) -> SendingPolicy:
    settings, body = sending["bestshot_settings"], sending["body"]
    sent = _FACES_SENT if kind == "face" else _BODIES_SENT
    at_once = None
    if primary is not None and primary["use_primary_track_policy"]:
        at_once = float(primary["best_shot_proper_size"])
    return SendingPolicy(
        shots=settings[f"{kind}_bestshots_to_send"] if settings["type"] in sent else 0,
        period=float(sending["time_period_of_searching"]),
        silence=float(sending["silent_period"]),
        unit=sending["type"],
        full_set=kind == "body" and body["send_only_full_set"],
        forget=kind == "face" or body["delete_track_after_sending"],
        send_at_height=at_once,
    )
