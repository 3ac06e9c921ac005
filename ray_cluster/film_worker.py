"""Computes the analytics of one film: a plain function, run in a process of its own."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from domain.shared.image_refusals import BadModelPack, ModelPackNotFound, NoModelForRole
from inference.loaded_pack import LoadedPack
from inference.onnx_session import SessionOptions
from inference.video.crowd import Crowd
from inference.video.options import AnalysisOptions, Mode
from inference.video.people_tracks import PeopleTracks
from inference.video.source import SourceBroken, SourceSpec, VideoSource
from ray_cluster.film_jobs import FilmAnalysed, FilmAnalytic, FilmJob, FilmProgress
from ray_cluster.opening import open_pack
from ray_cluster.stream_jobs import Ended

_PROGRESS_S: Final = 1.0
_FORMATS: Final = (
    "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpegts,mpeg,mpegvideo,flv,asf,ogg,gif,h264,hevc,m4v"
)
"""What a film may be: none of them names other files."""


def analyse(job: FilmJob, tell: Callable[[Any], None], stopped: Callable[[], bool]) -> None:
    """Look at a film to its end, to what breaks it, or until it is stopped; tell what came of it.

    What a film shows before it breaks counts.
    """
    try:
        loaded = LoadedPack(open_pack(job.pack, Path(job.packs)), SessionOptions(threads=1))
        spec = SourceSpec("videofile", str(job.path), rotation=job.rotation, formats=_FORMATS)
        with VideoSource(spec) as source:
            _analyse(job, tell, stopped, source, loaded)
    except SourceBroken as broken:
        tell(Ended(str(broken)))
    except (NoModelForRole, BadModelPack, ModelPackNotFound) as refusal:
        tell(Ended(str(refusal), fatal=True))
    else:
        tell(Ended())


def _analyse(
    job: FilmJob,
    tell: Callable[[Any], None],
    stopped: Callable[[], bool],
    source: VideoSource,
    loaded: LoadedPack,
) -> None:
    info = source.info
    rate, length = info.frame_rate or 25.0, info.duration
    watchers = [(one, _watcher(one, loaded, rate)) for one in job.analytics]
    count, last, errors, told = 0, 0.0, 0, time.monotonic()
    try:
        for frame in source.frames():
            if stopped():
                return
            count, last = count + 1, frame.time_s
            for _, watcher in watchers:
                watcher.look(frame)
            if time.monotonic() - told >= _PROGRESS_S:
                told = time.monotonic()
                tell(FilmProgress(min(1.0, last / length) if length else None))
    except SourceBroken:
        if not count:
            raise
        errors = 1
    film = {
        "duration": round(length or last, 3),
        "error_count": errors,
        "frame_rate": round(rate, 3),
        "frames_count": count,
        "processed_parts": [{"start_offset": 0.0, "end_offset": round(last, 3)}],
        "rotation": job.rotation,
    }
    results = [{"name": one.name, "result": _result(one, watcher)} for one, watcher in watchers]
    tell(FilmAnalysed({"analytics": results, "video_data": film}))


def _watcher(one: FilmAnalytic, loaded: LoadedPack, rate: float) -> Crowd | PeopleTracks:
    step = max(1, round(one.period if one.unit == "frame" else one.period * rate))
    if one.name == "people_count":
        return Crowd(loaded, step=step, probes=one.probes, threshold=one.threshold)
    faces, bodies = ("face_detection" in one.targets, "body_detection" in one.targets)
    mode = Mode.HUMANS if faces and bodies else Mode.BODIES if bodies else Mode.FACES
    options = AnalysisOptions(mode=mode, looks_per_s=rate / step, least_sightings=one.probes)
    return PeopleTracks(loaded, options, rate)


def _result(one: FilmAnalytic, watcher: Crowd | PeopleTracks) -> dict[str, Any]:
    if isinstance(watcher, Crowd):
        return watcher.told(where="coordinates" in one.targets)
    return watcher.told()
