"""How many people a video shows through time, and the stretches in which there are too many."""

import uuid
from dataclasses import dataclass, field
from typing import Any

from domain.shared.geometry import Point
from inference.loaded_pack import LoadedPack
from inference.video.source import Frame


@dataclass(frozen=True, slots=True)
class Count:
    """How many people one frame shows, and the middle of each."""

    time_s: float
    people: tuple[Point, ...]


@dataclass(slots=True)
class Gathering:
    """A stretch of a video in which there are more people than the threshold."""

    counts: list[Count] = field(default_factory=list)
    event_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    track_id: str = field(default_factory=lambda: str(uuid.uuid4()))


class Crowd:
    """Counts people on every `step`-th frame.

    A gathering begins with the count that is the `probes`-th in a row above the threshold, and
    ends with the last one above it when as many in a row are not.
    """

    def __init__(self, loaded: LoadedPack, *, step: int, probes: int, threshold: int = 0) -> None:
        self._loaded = loaded
        self._step, self._probes, self._threshold = step, probes, threshold
        self._above = self._below = 0
        self._open: Gathering | None = None
        self.gatherings: list[Gathering] = []
        for role in ("body_detector", "people_count"):
            loaded.model(role)

    def look(self, frame: Frame) -> None:
        """Count the people in a frame, if it is one of those that are looked at."""
        if frame.number % self._step:
            return
        (found,) = self._loaded.model("body_detector")([frame.pixels])
        self.take(Count(frame.time_s, tuple(self._loaded.model("people_count")(found))))

    def take(self, count: Count) -> None:
        """Go on with the next count."""
        above = len(count.people) > self._threshold
        self._above, self._below = (self._above + 1, 0) if above else (0, self._below + 1)
        if self._open is None:
            if self._above >= self._probes:
                self._open = Gathering([count])
                self.gatherings.append(self._open)
            return
        if self._below >= self._probes:
            del self._open.counts[len(self._open.counts) - self._probes + 1 :]
            self._open = None
            return
        self._open.counts.append(count)

    def told(self, *, where: bool) -> dict[str, Any]:
        """The result as JSON values; with `where` the middle of each person, in pixels."""
        return {"crowd": {"events": [_told(one, where) for one in self.gatherings]}}


def _told(gathering: Gathering, where: bool) -> dict[str, Any]:
    counts = gathering.counts
    return {
        "event_id": gathering.event_id,
        "track_id": gathering.track_id,
        "people_count": max(len(one.people) for one in counts),
        "video_segment": {
            "start_time_offset": round(counts[0].time_s, 3),
            "end_time_offset": round(counts[-1].time_s, 3),
        },
        "frames_estimations": [
            {
                "people_count": len(one.people),
                "time_offset": round(one.time_s, 3),
                **({"people_coordinates": _coordinates(one)} if where else {}),
            }
            for one in counts
        ],
    }


def _coordinates(count: Count) -> list[dict[str, int]]:
    return [{"x": round(point.x), "y": round(point.y)} for point in count.people]
