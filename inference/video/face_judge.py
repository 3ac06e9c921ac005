"""Which faces of a frame are candidates for best shots, and how good they are."""

import math
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from domain.shared.estimations import HeadPose, Mask
from inference.estimation import Estimation
from inference.loaded_pack import LoadedPack
from inference.models import FaceView
from inference.video.best_shots import Shot, TrackShots
from inference.video.looking import SeenFace
from inference.video.options import AnalysisOptions, LivenessFrames, Mode
from inference.video.source import Frame

_LARGE: Final = 150.0
"""Height in pixels from which a face gains nothing by being larger."""

_STEADY: Final = 10.0

Told = Mapping[str, Any]
"""Values in the words of the human-tracking contract, by their names."""


@dataclass(slots=True)
class _Memory:
    yaws: deque[float]
    scores: list[float] = field(default_factory=list)


class FaceJudge:
    """Judges faces by score, size, place and pose; by liveness where the options ask for it.

    Quality is score x size (up to 150 pixels) x cos(yaw) x cos(pitch), 0 to 1.
    """

    def __init__(self, loaded: LoadedPack, options: AnalysisOptions) -> None:
        self._options = options
        self._memory: dict[TrackShots, _Memory] = {}
        roles = [] if options.mode is Mode.BODIES else ["head_pose"]
        if options.liveness is not None and roles:
            roles.append("liveness")
        if options.max_mouth_occlusion > 0 and roles:
            roles.append("mask")
        if "ags" in options.told and roles:
            roles.append("descriptor_score")
        self.told: dict[int, Told] = {}
        """What was estimated of the faces of the last look that is to be told, by their place."""

        self._estimation = Estimation(loaded, roles, landmarks=False)

    def shots(
        self,
        faces: Sequence[SeenFace],
        keys: Sequence[int | None],
        tracks: Sequence[TrackShots | None],
        frame: Frame,
    ) -> list[Shot | None]:
        """The candidate that each face is, None for those that are none."""
        options = self._options
        wanted = [
            i
            for i, (face, key, track) in enumerate(zip(faces, keys, tracks, strict=True))
            if key is not None and self._fits(face, faces, frame)
            and (track is None or not track.is_silent(frame.number, frame.time_s))
            and (track is None or options.liveness or track.would_keep(_plain(face)))
        ]  # fmt: skip
        views = {i: faces[i].view() for i in self._looked_at(wanted, keys)}
        self._estimation.run([*views.values()])
        self.told = {i: self._shown(view) for i, view in views.items() if options.told}
        shots: list[Shot | None] = [None] * len(faces)
        for i in wanted:
            face, track, view = faces[i], tracks[i], views[i]
            pose: HeadPose = view.known["head_pose"]
            memory = self._remembered(track)
            if options.liveness is not None and memory is not None:
                memory.scores.append(view.known["liveness"].score)
            if not self._frontal(pose, memory) or self._covered(view.known.get("mask")):
                continue
            turned = math.cos(math.radians(pose.yaw)) * math.cos(math.radians(pose.pitch))
            quality = _plain(face) * max(0.0, turned)
            if track is not None and not track.would_keep(quality):
                continue
            shots[i] = Shot(
                quality,
                frame.number,
                frame.time_s,
                face.box.height,
                view.warp,
                face.score,
                frame.pixels if "face" in options.frames else None,
            )
        return shots

    def _looked_at(self, wanted: Sequence[int], keys: Sequence[int | None]) -> Sequence[int]:
        """The candidates, and every face of a track where something is told of all."""
        return (
            [i for i, key in enumerate(keys) if key is not None] if self._options.told else wanted
        )

    def _shown(self, view: FaceView) -> Told:
        told: dict[str, Any] = {}
        if "head_pose" in self._options.told:
            pose: HeadPose = view.known["head_pose"]
            told["head_pose"] = {"pitch": pose.pitch, "roll": pose.roll, "yaw": pose.yaw}
        if "ags" in self._options.told:
            told["ags"] = float(view.known["descriptor_score"])
        return told

    def is_alive(self, track: TrackShots) -> bool:
        """Whether enough frames of the track show a living person; True where nobody asks."""
        check, memory = self._options.liveness, self._memory.get(track)
        if check is None:
            return True
        scores = [] if memory is None else memory.scores
        if check.frames is LivenessFrames.FIRST:
            scores = scores[: check.checks]
        elif check.frames is LivenessFrames.LAST:
            scores = scores[-check.checks :]
        return bool(scores) and sum(scores) / len(scores) > check.threshold

    def forget(self, track: TrackShots) -> None:
        """The track is over."""
        self._memory.pop(track, None)

    def _remembered(self, track: TrackShots | None) -> _Memory | None:
        if track is None:
            return None
        made = _Memory(deque(maxlen=max(1, self._options.steady_yaws)))
        return self._memory.setdefault(track, made)

    def _fits(self, face: SeenFace, faces: Sequence[SeenFace], frame: Frame) -> bool:
        options = self._options
        if face.score < options.min_face_score:
            return False
        width, height = frame.size
        if face.box.share_inside(options.droi.box(width, height)) < 0.999:
            return False
        if options.primary:
            largest = max(faces, key=lambda one: one.box.area)
            return face is largest and face.box.height >= options.least_face_height
        return True

    def _frontal(self, pose: HeadPose, memory: _Memory | None) -> bool:
        options = self._options
        within = (
            abs(pose.yaw) <= options.max_yaw
            and abs(pose.pitch) <= options.max_pitch
            and abs(pose.roll) <= options.max_roll
        )
        if options.steady_yaws <= 1 or memory is None:
            return within
        memory.yaws.append(pose.yaw)
        if options.collect_yaws and len(memory.yaws) < options.steady_yaws:
            return False
        return within and abs(pose.yaw - sum(memory.yaws) / len(memory.yaws)) <= _STEADY

    def _covered(self, mask: Mask | None) -> bool:
        """Whether more of the mouth is covered than may be; a mask covers all of it."""
        return mask is not None and 1.0 - mask.missing > self._options.max_mouth_occlusion


def _plain(face: SeenFace) -> float:
    return face.score * min(1.0, face.box.height / _LARGE)
