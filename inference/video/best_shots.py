"""Which frames of a track are kept and when they are sent: the sending policies of streams."""

from dataclasses import dataclass, field
from typing import Final, Literal

from inference.models import Pixels

WHOLE_TRACK: Final = -1.0
FOR_EVER: Final = -1.0


@dataclass(frozen=True, slots=True)
class SendingPolicy:
    """When a track's best shots are sent, and how many.

    `period` is analysed, its best shots are sent, `silence` follows, and so on; both in the
    unit. A period of -1 is the whole track, a silence of -1 lasts until its end. With `full_set`
    fewer than `shots` are not sent; with `forget` shots are not kept for the next period.
    `send_at_height` (pixels) ends a period at once.
    """

    shots: int = 1
    period: float = WHOLE_TRACK
    silence: float = 0.0
    unit: Literal["sec", "frames"] = "sec"
    full_set: bool = False
    forget: bool = True
    send_at_height: float | None = None


@dataclass(frozen=True, slots=True)
class Shot:
    """A candidate: how good it is, when it was seen, its size in the frame, and its pixels.

    `frame` is the frame that it was cut from, where that is wanted.
    """

    quality: float
    number: int
    time_s: float
    height: float
    warp: Pixels = field(repr=False, compare=False)
    score: float = 0.0
    frame: Pixels | None = field(default=None, repr=False, compare=False)


class TrackShots:
    """The best shots of one track so far."""

    def __init__(self, policy: SendingPolicy) -> None:
        self._policy = policy
        self._best: list[Shot] = []
        self._began: float | None = None
        self._silent_since: float | None = None
        self._over = False

    def offer(self, shot: Shot) -> list[Shot]:
        """Take a candidate; the shots to send now, best first, if a period has ended with it."""
        now = self._clock(shot.number, shot.time_s)
        if self._is_silent(now):
            return []
        if self._began is None:
            self._began = now
        self._keep(shot)
        at_once = self._policy.send_at_height
        if at_once is not None and shot.height >= at_once:
            return self._send(now)
        return self.due(shot.number, shot.time_s)

    def due(self, number: int, time_s: float) -> list[Shot]:
        """The shots to send at this frame, if a period has ended by now."""
        now, period = self._clock(number, time_s), self._policy.period
        if self._began is None or period < 0 or now - self._began < period:
            return []
        return self._send(now)

    def end(self) -> list[Shot]:
        """The shots to send when the track is over."""
        return self._send(None)

    def would_keep(self, quality: float) -> bool:
        """Whether a candidate of this quality would be among the best."""
        if len(self._best) < self._policy.shots:
            return True
        return bool(self._best) and quality > self._best[-1].quality

    def is_silent(self, number: int, time_s: float) -> bool:
        """Whether candidates are of no use at this frame."""
        return self._is_silent(self._clock(number, time_s))

    def _clock(self, number: int, time_s: float) -> float:
        return time_s if self._policy.unit == "sec" else float(number)

    def _is_silent(self, now: float) -> bool:
        if self._over:
            return True
        if self._silent_since is not None and now - self._silent_since < self._policy.silence:
            return True
        self._silent_since = None
        return False

    def _keep(self, shot: Shot) -> None:
        if self._policy.shots > 0 and self.would_keep(shot.quality):
            self._best = sorted([*self._best, shot], key=lambda one: (-one.quality, one.number))[
                : self._policy.shots
            ]

    def _send(self, now: float | None) -> list[Shot]:
        """A period ends: what is sent, and silence from `now` on; none if it had no candidate."""
        if self._began is None:
            return []
        self._began = None
        if len(self._best) < (self._policy.shots if self._policy.full_set else 1):
            return []
        sent = list(self._best)
        if self._policy.forget:
            self._best = []
        if now is not None:
            self._over, self._silent_since = self._policy.silence < 0, now
        return sent
