"""Tracks of people in real videos against hand counts, as a table in .reports/tracks.md."""

import csv
import re
from collections import defaultdict
from dataclasses import dataclass

import numpy as np
import pytest

from domain.shared.biometrics import DescriptorKind
from inference.descriptors.similarity import scores, similarities
from inference.dev_pack import dev_pack
from inference.features import descriptor_features
from inference.loaded_pack import LoadedPack
from inference.models import Pixels
from inference.onnx_session import SessionOptions
from inference.video.analysis import Analysis, Update
from inference.video.best_shots import SendingPolicy
from inference.video.options import AnalysisOptions, Mode
from inference.video.source import SourceSpec, VideoSource
from tests.support.shared import MEDIA, MODELS, ROOT, needs_media, needs_models

_EVERY_SHOT = SendingPolicy(shots=1, period=0.0)
"""Each sighting is sent at once, so that a track shows who it is all along."""


@dataclass
class Row:
    """One video: people by hand, tracks made, those of real length, and whom they show."""

    file: str
    people: str
    tracks: int
    lasting: int
    switches: int
    longest_s: float

    @property
    def count(self) -> int | None:
        """How many people there are, if they were counted."""
        found = re.match(r"\d+", self.people)
        return int(found[0]) if found else None

    def __str__(self) -> str:
        each = f"{self.lasting / self.count:.2f}" if self.count else "-"
        return (
            f"| {self.file} | {self.people} | {self.tracks} | {self.lasting} | {each} "
            f"| {self.switches} | {self.longest_s:.1f} |"
        )


def followed(loaded: LoadedPack, name: str, kind: DescriptorKind) -> list[Update]:
    """All that is told of a video, with every sighting that may be a best shot."""
    mode = Mode.FACES if kind is DescriptorKind.FACE else Mode.BODIES
    options = AnalysisOptions(
        mode=mode,
        faces=_EVERY_SHOT,
        max_yaw=60.0,
        max_pitch=60.0,
        looks_per_s=5.0 if mode is Mode.FACES else 2.5,
    )
    updates: list[Update] = []
    last = 0.0
    with VideoSource(SourceSpec("videofile", str(MEDIA / name))) as source:
        analysis = Analysis(loaded, options, source.info.frame_rate)
        for frame in source.frames():
            last = frame.time_s
            if analysis.wants(frame):
                updates += analysis.look(frame)
    return [*updates, *analysis.end(last)]


def switches(loaded: LoadedPack, updates: list[Update]) -> int:
    """Tracks whose first and last faces are two people, by the descriptor's own threshold."""
    shown: dict[str, list[Pixels]] = defaultdict(list)
    for one in updates:
        shown[one.track.person_id] += [shot.warp for shot in one.send]
    describe, changed = loaded.model("face_descriptor"), 0
    (calibration,) = (
        one.calibration for one in descriptor_features(loaded) if one.kind is DescriptorKind.FACE
    )
    for warps in shown.values():
        if len(warps) < 4:
            continue
        ends = np.stack([describe(part).mean(axis=0) for part in (warps[:2], warps[-2:])])
        ends /= np.linalg.norm(ends, axis=1, keepdims=True)
        like = similarities(scores(ends[:1], ends[1:], calibration), calibration)
        changed += float(like[0, 0]) < calibration.threshold
    return changed


def measured(loaded: LoadedPack, file: str, people: str) -> Row:
    """One row of the table; bodies where nobody shows a face."""
    of_bodies = "visits" in people
    kind = DescriptorKind.BODY if of_bodies else DescriptorKind.FACE
    updates = followed(loaded, file, kind)
    ended = [one.track for one in updates if one.change == "ended"]
    lasting = [track for track in ended if track.last_s - track.first_s >= 0.5]
    return Row(
        file=file.removeprefix("videos/"),
        people=people,
        tracks=len(ended),
        lasting=len(lasting),
        switches=0 if of_bodies else switches(loaded, updates),
        longest_s=max((track.last_s - track.first_s for track in ended), default=0.0),
    )


@needs_media
@needs_models
@pytest.mark.slow
@pytest.mark.timeout(400)
def test_people_are_one_track_each_or_little_more() -> None:
    loaded = LoadedPack(dev_pack(MODELS), SessionOptions(threads=1))
    with (MEDIA / "videos.csv").open(newline="") as file:
        rows = [measured(loaded, one["file"], one["n_people"]) for one in csv.DictReader(file)]
    lines = [
        "Tracks of people, 5 looks a second (2.5 at bodies: one_by_one.mp4), development networks;",
        "lasting tracks are of half a second or more, switches are tracks of two people.",
        "",
        "| video | people, by hand | tracks | lasting | per person | switches | longest, s |",
        "|---|---|---:|---:|---:|---:|---:|",
        *map(str, rows),
    ]
    folder = ROOT / ".reports"
    folder.mkdir(exist_ok=True)
    (folder / "tracks.md").write_text("\n".join(lines) + "\n")
    counted = [row for row in rows if row.count is not None]
    for row in counted:
        if row.count == 1:
            assert row.lasting == 1, row
        if row.count == 0:
            assert row.tracks == 0, row
    people = sum(row.count or 0 for row in counted)
    assert 0.6 * people <= sum(row.lasting for row in counted) <= 2 * people
    assert sum(row.switches for row in rows) <= 2
