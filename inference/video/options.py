"""What is looked for in a video, which sightings count, and when tracks are sent."""

from dataclasses import dataclass, field
from enum import IntEnum
from typing import Literal

from domain.shared.geometry import Box
from inference.video.best_shots import SendingPolicy


class Mode(IntEnum):
    """What is followed."""

    FACES = 1
    BODIES = 2
    HUMANS = 3


class LivenessFrames(IntEnum):
    """Which frames of a track tell whether it is a living person."""

    FIRST = 0
    LAST = 1
    ALL = 2


@dataclass(frozen=True, slots=True)
class Region:
    """A part of the frame, in pixels or in percents; without width and height all of it."""

    x: float = 0.0
    y: float = 0.0
    width: float = 0.0
    height: float = 0.0
    mode: Literal["abs", "percent"] = "abs"

    def box(self, width: int, height: int) -> Box:
        """The part of a frame of this size; the whole frame where nothing of it is left."""
        across, down = (width / 100, height / 100) if self.mode == "percent" else (1.0, 1.0)
        whole = Box(0, 0, width, height)
        if not self.width or not self.height:
            return whole
        part = Box(self.x * across, self.y * down, self.width * across, self.height * down)
        part = part.clipped(width, height)
        return part if part.width >= 1 and part.height >= 1 else whole


@dataclass(frozen=True, slots=True)
class LivenessCheck:
    """A track is sent only if the mean score of so many of its frames exceeds the threshold."""

    frames: LivenessFrames = LivenessFrames.LAST
    checks: int = 10
    threshold: float = 0.5


@dataclass(frozen=True, slots=True)
class AnalysisOptions:
    """How one analytics of a stream works.

    Angles are in degrees, `droi` lies in the whole frame, `min_body_size` is the square root of
    a body's area in pixels. With `primary` only the largest face of a frame counts, from
    `least_face_height` on. `steady_yaws` > 1 wants a face's yaw to be within 10 degrees of the
    mean of its last so many; with `collect_yaws` not before there are so many. Faces and bodies
    are looked for with the longer side of the frame at `reduced_side` pixels, if that is given;
    shots are cut from the frame itself. `frames` says whose shots come with their frame, `told`
    what is estimated of every face in every look: `head_pose`, `ags`.
    """

    mode: Mode = Mode.FACES
    roi: Region = field(default_factory=Region)
    droi: Region = field(default_factory=Region)
    faces: SendingPolicy = field(default_factory=SendingPolicy)
    bodies: SendingPolicy = field(default_factory=SendingPolicy)
    min_face_score: float = 0.5187
    min_body_score: float = 0.5
    max_yaw: float = 40.0
    max_pitch: float = 40.0
    max_roll: float = 30.0
    steady_yaws: int = 1
    collect_yaws: bool = False
    max_mouth_occlusion: float = 0.0
    min_body_size: float = 0.0
    primary: bool = False
    least_face_height: float = 0.0
    liveness: LivenessCheck | None = None
    looks_per_s: float = 5.0
    lost_s: float = 2.0
    least_sightings: int = 2
    reduced_side: int | None = None
    frames: frozenset[str] = frozenset()
    told: frozenset[str] = frozenset()
