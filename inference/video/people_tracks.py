"""Who is seen when in a video: the tracks of faces and bodies as they are told of a film."""

import uuid
from dataclasses import dataclass, field
from typing import Any

from inference.loaded_pack import LoadedPack
from inference.video.analysis import Analysis
from inference.video.options import AnalysisOptions
from inference.video.source import Frame


@dataclass(slots=True)
class _Person:
    """One person's sightings, in their order: when, of what kind, where, and how sure."""

    sightings: list[tuple[float, str, dict[str, int], float]] = field(default_factory=list)


class PeopleTracks:
    """Follows people through a film; those seen seldomer than `least` are not told of."""

    def __init__(self, loaded: LoadedPack, options: AnalysisOptions, rate: float) -> None:
        self._analysis = Analysis(loaded, options, rate)
        self._least = options.least_sightings
        self._people: dict[str, _Person] = {}

    def look(self, frame: Frame) -> None:
        """Follow everybody into a frame, if it is one of those that are looked at."""
        if not self._analysis.wants(frame):
            return
        for update in self._analysis.look(frame):
            if update.change != "ended":
                track = update.track
                person = self._people.setdefault(track.person_id, _Person())
                seen = update.time_s, track.kind, dict(track.box.as_dict()), track.score
                person.sightings.append(seen)

    def told(self) -> dict[str, Any]:
        """The result as JSON values, in the order in which people came."""
        seen = [
            (track_id, person)
            for track_id, person in self._people.items()
            if len({time_s for time_s, *_ in person.sightings}) >= self._least
        ]
        return {"human_tracking": {"events": [_told(*one) for one in seen]}}


def _told(track_id: str, person: _Person) -> dict[str, Any]:
    times: dict[float, dict[str, Any]] = {}
    for time_s, kind, rect, score in person.sightings:
        detection = {"rect": rect, "score": round(min(max(score, 0.0), 1.0), 6)}
        times.setdefault(time_s, {})[kind] = {"detections": detection}
    return {
        "event_id": str(uuid.uuid4()),
        "track_id": track_id,
        "video_segment": {
            "start_time_offset": round(min(times), 3),
            "end_time_offset": round(max(times), 3),
        },
        "frames_estimations": [
            {"time_offset": round(time_s, 3), "estimated": estimated}
            for time_s, estimated in times.items()
        ],
    }
