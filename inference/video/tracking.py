"""Follows faces or bodies from frame to frame."""

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np

from domain.shared.geometry import Box


class Tracker:
    """Gives boxes of one kind the numbers of their tracks; a lost one is kept for `lost_s`.

    ByteTrack (Zhang et al., ByteTrack: Multi-Object Tracking by Associating Every Detection Box,
    ECCV 2022) as the package `trackers` has it: Kalman prediction, assignment by overlap, first
    of sure detections and then of unsure ones. Tracks begin with `start_score` at least. Frames
    may come at any times, so not each frame of a video has to be looked at.
    """

    def __init__(self, *, rate: float, lost_s: float = 2.0, start_score: float = 0.5) -> None:
        import supervision
        from trackers import ByteTrackTracker

        self._boxes = supervision.Detections
        self._follow: Any = ByteTrackTracker(
            lost_track_buffer=max(1, round(lost_s * 30)),  # counted in frames of 30 a second
            frame_rate=rate,
            track_activation_threshold=start_score,
            minimum_consecutive_frames=1,
            minimum_iou_threshold=0.1,
            high_conf_det_threshold=start_score,
        )
        self._lost_s, self._start_score = lost_s, start_score
        self._numbers: dict[Any, int] = {}
        self._next = itertools.count(1)
        self._seen: dict[int, float] = {}

    def update(
        self, boxes: Sequence[Box], scores: Sequence[float], time_s: float
    ) -> list[int | None]:
        """The track of each box, in order; None for a box that is no part of any."""
        found = self._boxes(
            xyxy=np.array(
                [[b.x, b.y, b.x + b.width, b.y + b.height] for b in boxes], np.float32
            ).reshape(-1, 4),
            confidence=np.array(scores, np.float32),
            data={"index": np.arange(len(boxes))},
        )
        followed = self._follow.update(found, timestamp=time_s)
        tracks: list[int | None] = [None] * len(boxes)
        if not len(followed):
            return tracks
        self._numbers = {one: self._numbers.get(one, 0) for one in self._follow.tracks}
        by_id = {one.tracker_id: one for one in self._numbers if one.tracker_id >= 0}
        # A track that has just begun has no id yet; it is the box that nothing was known of.
        begun = iter([one for one, number in self._numbers.items() if not number])
        for index, known in zip(followed.data["index"], followed.tracker_id, strict=True):
            follower = by_id.get(int(known))
            if follower is None and known < 0 and scores[int(index)] >= self._start_score:
                follower = next(begun, None)
            if follower is not None:
                number = self._numbers[follower] or next(self._next)
                self._numbers[follower] = number
                self._seen[number] = time_s
                tracks[int(index)] = number
        return tracks

    def ended(self, time_s: float) -> list[int]:
        """Tracks that have been lost for too long by now; each is told once."""
        gone = [n for n, seen in self._seen.items() if time_s - seen > self._lost_s]
        for number in gone:
            del self._seen[number]
        return gone

    def end(self) -> list[int]:
        """All tracks that are left, when the video is over."""
        gone = list(self._seen)
        self._seen.clear()
        return gone
