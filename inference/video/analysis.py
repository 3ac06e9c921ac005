"""Follows people through a video and tells what is to be sent of them."""

import uuid
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

from domain.shared.geometry import Box
from inference.humans import pair_up
from inference.loaded_pack import LoadedPack
from inference.video.best_shots import Shot, TrackShots
from inference.video.face_judge import FaceJudge, Told
from inference.video.looking import Eyes, SeenBody, SeenFace
from inference.video.options import AnalysisOptions, Mode
from inference.video.source import Frame
from inference.video.tracking import Tracker

Kind = Literal["face", "body"]
_TRACKS: Final = uuid.UUID("d0b5b0a6-0c1f-4c58-8f0e-3d6e3c1f2a77")


@dataclass(slots=True)
class Track:
    """One face or body through time; `person_id` is shared by a face and its body."""

    kind: Kind
    person_id: str
    shots: TrackShots
    first_s: float
    last_s: float
    box: Box
    sightings: int = 0
    score: float = 0.0


@dataclass(frozen=True, slots=True)
class Update:
    """What became of a track in one look, or at the end; `send` are shots for the handler.

    `told` is what was estimated of a face in this look, in the contract's words.
    """

    change: Literal["started", "updated", "ended"]
    track: Track
    time_s: float
    send: tuple[Shot, ...] = ()
    told: Told = field(default_factory=dict)


@dataclass(slots=True)
class _Following:
    tracker: Tracker
    tracks: dict[int, Track] = field(default_factory=dict)


class Analysis:
    """One analytics over the frames of one source, in their order.

    `rate` is how many frames a second the source has; not all of them are looked at. With a
    `run` the ids of tracks follow from it and from where they begin.
    """

    def __init__(
        self, loaded: LoadedPack, options: AnalysisOptions, rate: float, run: str = ""
    ) -> None:
        self._options = options
        self._run = run
        self._begun: Counter[tuple[int, Kind]] = Counter()
        self._eyes = Eyes(loaded, options)
        self._judge = FaceJudge(loaded, options)
        self._step = max(1, round((rate or 25.0) / options.looks_per_s))
        looks = (rate or 25.0) / self._step
        scores = {"face": options.min_face_score, "body": options.min_body_score}
        self._followed: dict[Kind, _Following] = {
            kind: _Following(Tracker(rate=looks, lost_s=options.lost_s, start_score=scores[kind]))
            for kind in _kinds(options.mode)
        }

    def wants(self, frame: Frame) -> bool:
        """Whether the frame is one of those that are looked at."""
        return frame.number % self._step == 0

    def look(self, frame: Frame) -> list[Update]:
        """Look at a frame: which tracks it starts, goes on with and ends."""
        faces, bodies = self._eyes.faces(frame), self._eyes.bodies(frame)
        updates: list[Update] = []
        self._begun.clear()
        owners = self._owners(faces, bodies, frame)
        both: tuple[tuple[Kind, Sequence[SeenFace | SeenBody]], ...]
        both = (("face", faces), ("body", bodies))
        for kind, seen in both:
            if kind in self._followed:
                updates += self._follow(kind, seen, owners[kind], frame)
        return updates

    def end(self, time_s: float) -> list[Update]:
        """The video is over: all tracks end."""
        return [
            self._ended(following, number, time_s)
            for following in self._followed.values()
            for number in following.tracker.end()
        ]

    def tracks(self) -> Iterator[Track]:
        """The tracks that are being followed."""
        for following in self._followed.values():
            yield from following.tracks.values()

    def _owners(
        self, faces: Sequence[SeenFace], bodies: Sequence[SeenBody], frame: Frame
    ) -> dict[str, list[int | None]]:
        """Which track each face and each body belongs to; new tracks are made."""
        owners: dict[str, list[int | None]] = {"face": [], "body": []}
        seen: dict[Kind, Sequence[SeenFace | SeenBody]] = {"face": faces, "body": bodies}
        for kind, following in self._followed.items():
            boxes, scores = [one.box for one in seen[kind]], [one.score for one in seen[kind]]
            owners[kind] = following.tracker.update(boxes, scores, frame.time_s)
        if self._options.mode is Mode.HUMANS:
            self._bind(faces, bodies, owners, frame)
        return owners

    def _bind(
        self,
        faces: Sequence[SeenFace],
        bodies: Sequence[SeenBody],
        owners: dict[str, list[int | None]],
        frame: Frame,
    ) -> None:
        """A face and the body it belongs to are one person from their first frame together."""
        pairs = pair_up([f.box for f in faces], [b.box for b in bodies])
        for i, j in pairs.items():
            of_face, of_body = owners["face"][i], owners["body"][j]
            if of_face is None or of_body is None:
                continue
            face = self._followed["face"].tracks.get(of_face)
            body = self._followed["body"].tracks.get(of_body)
            if face is None and body is None:
                face = self._begin("face", of_face, faces[i], frame)
            if face is None and body is not None:
                self._begin("face", of_face, faces[i], frame, body.person_id)
            elif body is None and face is not None:
                self._begin("body", of_body, bodies[j], frame, face.person_id)

    def _begin(
        self,
        kind: Kind,
        number: int,
        seen: SeenFace | SeenBody,
        frame: Frame,
        person_id: str | None = None,
    ) -> Track:
        policy = self._options.faces if kind == "face" else self._options.bodies
        person = person_id or self._named(kind, frame.number)
        track = Track(kind, person, TrackShots(policy), frame.time_s, frame.time_s, seen.box)
        self._followed[kind].tracks[number] = track
        return track

    def _named(self, kind: Kind, number: int) -> str:
        """The id of the next track that begins in the frame."""
        if not self._run:
            return str(uuid.uuid4())
        self._begun[number, kind] += 1
        place = f"{self._run}:{kind}:{number}:{self._begun[number, kind]}"
        return str(uuid.uuid5(_TRACKS, place))

    def _follow(
        self,
        kind: Kind,
        seen: Sequence[SeenFace | SeenBody],
        owners: Sequence[int | None],
        frame: Frame,
    ) -> list[Update]:
        following = self._followed[kind]
        updates: list[Update] = []
        present = set()
        judged = self._judged(kind, seen, owners, frame)
        told = self._judge.told if kind == "face" else {}
        for place, (one, number, shot) in enumerate(zip(seen, owners, judged, strict=True)):
            if number is None:
                continue
            present.add(number)
            track = following.tracks.get(number) or self._begin(kind, number, one, frame)
            change: Literal["started", "updated"] = "updated" if track.sightings else "started"
            track.box, track.last_s, track.score = one.box, frame.time_s, one.score
            track.sightings += 1
            shots, now = track.shots, (frame.number, frame.time_s)
            sent = shots.due(*now) if shot is None else shots.offer(shot)
            checked = self._checked(track, sent)
            updates.append(Update(change, track, frame.time_s, checked, told.get(place, {})))
        for number, track in following.tracks.items():
            if number not in present and (sent := track.shots.due(frame.number, frame.time_s)):
                updates.append(Update("updated", track, frame.time_s, self._checked(track, sent)))
        updates += [
            self._ended(following, number, frame.time_s)
            for number in following.tracker.ended(frame.time_s)
        ]
        return updates

    def _judged(
        self,
        kind: Kind,
        seen: Sequence[SeenFace | SeenBody],
        owners: Sequence[int | None],
        frame: Frame,
    ) -> list[Shot | None]:
        """The candidate that each sighting is, if it is one."""
        tracks = self._followed[kind].tracks
        if kind == "body":
            return [
                self._body_shot(one, tracks.get(number or 0), frame)
                for one, number in zip(seen, owners, strict=True)
            ]
        faces = [one for one in seen if isinstance(one, SeenFace)]
        followed = [tracks.get(number or 0) for number in owners]
        shots = [None if track is None else track.shots for track in followed]
        return self._judge.shots(faces, owners, shots, frame)

    def _body_shot(
        self, seen: SeenFace | SeenBody, track: Track | None, frame: Frame
    ) -> Shot | None:
        options, box = self._options, seen.box
        size = box.area**0.5
        if seen.score < options.min_body_score or size < options.min_body_size:
            return None
        quality = seen.score * min(1.0, box.height / 256.0)
        if track is not None and (
            track.shots.is_silent(frame.number, frame.time_s) or not track.shots.would_keep(quality)
        ):
            return None
        if not isinstance(seen, SeenBody):
            raise AssertionError("bodies are judged as bodies")
        whole = frame.pixels if "body" in options.frames else None
        warp = seen.warp()
        return Shot(quality, frame.number, frame.time_s, box.height, warp, seen.score, whole)

    def _checked(self, track: Track, sent: Sequence[Shot]) -> tuple[Shot, ...]:
        """What may be sent: nothing of a track seen too seldom, or of no living person."""
        if not sent or track.sightings < self._options.least_sightings:
            return ()
        if track.kind == "face" and not self._judge.is_alive(track.shots):
            return ()
        return tuple(sent)

    def _ended(self, following: _Following, number: int, time_s: float) -> Update:
        track = following.tracks.pop(number)
        sent = self._checked(track, track.shots.end())
        self._judge.forget(track.shots)
        return Update("ended", track, time_s, sent)


def _kinds(mode: Mode) -> tuple[Kind, ...]:
    kinds: dict[Mode, tuple[Kind, ...]] = {
        Mode.FACES: ("face",),
        Mode.BODIES: ("body",),
        Mode.HUMANS: ("face", "body"),
    }
    return kinds[mode]
