"""Processes one stream: a plain function, run in a process of its own."""

import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

from domain.shared.image_refusals import BadModelPack, ModelPackNotFound, NoModelForRole
from inference.image import encode_jpeg
from inference.loaded_pack import LoadedPack
from inference.onnx_session import SessionOptions
from inference.video.analysis import Analysis, Update
from inference.video.best_shots import Shot
from inference.video.image_folder import ImageFolder
from inference.video.preview import drawn
from inference.video.source import Frame, Source, SourceBroken, VideoSource
from ray_cluster.opening import open_pack
from ray_cluster.stream_jobs import (
    BestShot,
    Ended,
    Followed,
    Message,
    Opened,
    Progress,
    Seen,
    Send,
    StreamJob,
)
from ray_cluster.stream_options import analysis_options, source_spec, with_frames

_PROGRESS_S: Final = 1.0
_PICTURE_S: Final = 1.0
"""How often a picture is made while nobody watches."""

_MOST_LAG_S: Final = 1.0
"""How far looking may lie behind a live source until frames are skipped."""

Tell = Callable[[Message], None]


def process(
    job: StreamJob, tell: Tell, stopped: Callable[[], bool], watched: Callable[[], bool]
) -> None:
    """Run a stream to its end, to what breaks it, or until it is stopped; tell all of it.

    Every look makes a picture while the stream is watched.
    """
    run = _Run(job, tell, stopped, watched)
    try:
        loaded = LoadedPack(open_pack(job.pack, Path(job.packs)), SessionOptions(threads=1))
        with _opened(job) as source:
            run.watch(source, loaded)
    except SourceBroken as broken:
        tell(Ended(str(broken), frames=run.frames))
    except (NoModelForRole, BadModelPack, ModelPackNotFound) as refusal:
        tell(Ended(str(refusal), fatal=True, frames=run.frames))
    else:
        tell(Ended(frames=run.frames))


def _opened(job: StreamJob) -> Source:
    spec = source_spec(job.content)
    return ImageFolder(spec) if spec.kind == "images" else VideoSource(spec)


class _Run:
    def __init__(
        self,
        job: StreamJob,
        tell: Tell,
        stopped: Callable[[], bool],
        watched: Callable[[], bool],
    ) -> None:
        self._job, self._tell, self._stopped, self._watched = job, tell, stopped, watched
        of_network = job.content["type"] in ("tcp", "udp")
        self._live = of_network and bool(job.content.get("endless", True))  # else a film far away
        self._begin_s = job.content.get("begin_s", 0.0)
        self._fps = job.content["real_time_mode_fps"]
        self.frames = self._looks = 0
        self._told = self._shown = 0.0
        self._sent: Counter[tuple[int, str, str]] = Counter()

    def watch(self, source: Source, loaded: LoadedPack) -> None:
        """Look at the frames; tracks that are open when it ends are told of in any case."""
        job, rate = self._job, source.info.frame_rate
        watching = [
            (index, Analysis(loaded, self._options(one), rate, self._run_of(index)))
            for index, one in enumerate(job.content["analytics"])
            if one["enabled"]
        ]
        self._tell(Opened(source.info.as_dict()))
        began, last, finished = time.monotonic(), 0.0, False
        try:
            for frame in source.frames():
                if self._stopped():
                    return
                self.frames, last = self.frames + 1, frame.time_s
                self._keep_pace(frame, began)
                late = self._live and time.monotonic() - began - frame.time_s > _MOST_LAG_S
                if not late and last >= self._begin_s:
                    self._look(frame, watching)
                self._report(source, last)
            finished = True
        finally:
            ended: list[Followed] = []
            for index, analysis in watching:
                updates = analysis.end(last)
                self._send(index, updates)
                ended += [_followed(index, one) for one in updates]
            if ended:
                self._tell(Seen(last, ended))
            self._report(source, source.info.duration or last if finished else last, now=True)

    def _run_of(self, index: int) -> str:
        return f"{self._job.run}:{index}" if self._job.run else ""

    def _options(self, analytics: Any) -> Any:
        job = self._job
        options = analysis_options(job.content, analytics, job.looks_per_s, job.min_sightings)
        return with_frames(options, job.content, analytics, job.full_frames)

    def _look(self, frame: Frame, watching: Sequence[tuple[int, Analysis]]) -> None:
        followed: list[Followed] = []
        looked = False
        for index, analysis in watching:
            if analysis.wants(frame):
                looked = True
                updates = analysis.look(frame)
                followed += [_followed(index, one) for one in updates]
                self._send(index, updates)
        if looked:
            self._looks += 1
            self._tell(Seen(frame.time_s, followed, self._picture(frame, followed)))

    def _picture(self, frame: Frame, followed: Sequence[Followed]) -> bytes:
        now = time.monotonic()
        if now - self._shown < _PICTURE_S and not self._watched():
            return b""
        self._shown = now
        boxes = [(one.rect, one.track_id) for one in followed if one.change != "ended"]
        return encode_jpeg(drawn(frame.pixels, boxes), quality=70)

    def _send(self, index: int, updates: Sequence[Update]) -> None:
        for one in updates:
            if one.send:
                shots = [_best_shot(shot) for shot in one.send]
                track = one.track
                number = self._sent[index, track.person_id, track.kind]
                self._sent[index, track.person_id, track.kind] += 1
                self._tell(Send(index, track.person_id, track.kind, shots, number))
            if one.change == "ended":
                self._sent.pop((index, one.track.person_id, one.track.kind), None)

    def _keep_pace(self, frame: Frame, began: float) -> None:
        """A file is shown at the rate that is asked for, if one is."""
        if self._fps > 0 and self._job.content["type"] == "videofile":
            due = began + frame.number / self._fps
            while (left := due - time.monotonic()) > 0 and not self._stopped():
                time.sleep(min(left, 0.2))

    def _report(self, source: Source, time_s: float, *, now: bool = False) -> None:
        if now or time.monotonic() - self._told >= _PROGRESS_S:
            self._told = time.monotonic()
            info = source.info
            done = time_s / info.duration if info.duration else None
            self._tell(Progress(info.as_dict(done), self.frames, self._looks))


def _best_shot(shot: Shot) -> BestShot:
    frame = b"" if shot.frame is None else encode_jpeg(shot.frame)
    return BestShot(encode_jpeg(shot.warp), shot.time_s, round(shot.quality, 6), frame)


def _followed(index: int, update: Update) -> Followed:
    track = update.track
    rect = track.box.as_dict()
    told = dict(update.told)
    return Followed(index, track.person_id, track.kind, update.change, rect, track.score, told)
