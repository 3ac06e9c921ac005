"""The port to stream workers: what is to be processed, and what is told of it meanwhile."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from ray_cluster.film_jobs import FilmMessage

JSON = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class StreamJob:
    """One run of a stream: its content (the second generation's `data`), and the models.

    `memory_bytes` is how much address space the worker may take; `min_sightings` how often a
    person must have been seen to be sent. Two jobs with the same `run` give the same tracks of
    a file the same ids; without one each track has an id of its own. `full_frames` is what the
    frame mode `auto` means.
    """

    stream_id: str
    content: JSON
    pack: str
    packs: Path
    looks_per_s: float = 5.0
    min_sightings: int = 2
    memory_bytes: int | None = None
    run: str = ""
    full_frames: bool = True


@dataclass(frozen=True, slots=True)
class Opened:
    """The source is open; `video_info` is the contract's."""

    video_info: JSON


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the run is: what is known of the source, frames decoded and looked at."""

    video_info: JSON
    frames: int
    looks: int


@dataclass(frozen=True, slots=True)
class Followed:
    """A face or body in the picture: a box in pixels, and what became of its track.

    `told` is what else the contract shows of it: `head_pose` and `ags`, where they are wanted.
    """

    analytics: int
    track_id: str
    kind: Literal["face", "body"]
    change: Literal["started", "updated", "ended"]
    rect: Mapping[str, int]
    score: float
    told: JSON = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Seen:
    """What one look showed; `picture` is the frame as a small JPEG with the tracks drawn.

    Tracks that end with the video have no picture.
    """

    time_s: float
    tracks: Sequence[Followed]
    picture: bytes = b""


@dataclass(frozen=True, slots=True)
class BestShot:
    """A shot to send: the warp as a JPEG file, when it was seen (s from the start), how good.

    `frame` is the whole frame as a JPEG file, where that is to be kept.
    """

    jpeg: bytes
    time_s: float
    quality: float
    frame: bytes = b""


@dataclass(frozen=True, slots=True)
class Send:
    """Best shots of one track, best first, that the handler of an analytics shall get.

    `number` counts what is sent of the track, from 0.
    """

    analytics: int
    track_id: str
    kind: Literal["face", "body"]
    shots: Sequence[BestShot]
    number: int = 0


@dataclass(frozen=True, slots=True)
class Ended:
    """The run is over: the source has come to its end, or `error` says what broke.

    `fatal` errors are not mended by trying again.
    """

    error: str | None = None
    fatal: bool = False
    frames: int = 0


Message = Opened | Progress | Seen | Send | Ended | FilmMessage
