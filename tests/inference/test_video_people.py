"""People in real videos: how many tracks they make, and which shots are taken of them."""

from collections import Counter

import cv2
import numpy as np
import pytest

from domain.shared.image_refusals import NoModelForRole
from inference.dev_pack import dev_pack
from inference.drawn_face import drawn_face
from inference.loaded_pack import LoadedPack
from inference.video.analysis import Analysis, Update
from inference.video.best_shots import SendingPolicy
from inference.video.options import AnalysisOptions, LivenessCheck, Mode, Region
from inference.video.source import Frame, SourceSpec, VideoSource
from tests.support.packs import default_pack
from tests.support.shared import MEDIA, MODELS, needs_media, needs_models

VIDEOS = MEDIA / "videos"


@pytest.fixture(scope="module")
def eyes() -> LoadedPack:
    """The development networks."""
    return LoadedPack(dev_pack(MODELS))


def watch(eyes: LoadedPack, name: str, **options: object) -> list[Update]:
    """All that is told of a video."""
    wanted = AnalysisOptions(**options)  # type: ignore[arg-type]
    with VideoSource(SourceSpec("videofile", str(VIDEOS / name))) as source:
        analysis = Analysis(eyes, wanted, source.info.frame_rate)
        updates: list[Update] = []
        last = 0.0
        for frame in source.frames():
            last = frame.time_s
            if analysis.wants(frame):
                updates += analysis.look(frame)
        return [*updates, *analysis.end(last)]


def shots(updates: list[Update]) -> list[Update]:
    """The updates with something to send."""
    return [one for one in updates if one.send]


def changes(updates: list[Update]) -> Counter[str]:
    """How many tracks started and ended."""
    return Counter(one.change for one in updates)


@needs_media
@needs_models
def test_two_turning_heads_are_two_tracks_sent_once_each(eyes: LoadedPack) -> None:
    updates = watch(eyes, "headpose_two.mp4")
    assert (changes(updates)["started"], changes(updates)["ended"]) == (2, 2)
    sent = shots(updates)
    assert len(sent) == len({one.track.person_id for one in sent}) == 2
    for one in sent:
        (shot,) = one.send
        assert shot.warp.shape == (250, 250, 3)
        assert shot.quality > 0.7


@needs_media
@needs_models
def test_a_face_and_its_body_are_one_person(eyes: LoadedPack) -> None:
    sent = shots(watch(eyes, "asl_p0_help.mkv", mode=Mode.HUMANS))
    assert sorted(one.track.kind for one in sent) == ["body", "face"]
    assert len({one.track.person_id for one in sent}) == 1
    assert {one.send[0].warp.shape for one in sent} == {(250, 250, 3), (256, 128, 3)}


@needs_media
@needs_models
def test_a_film_without_people_has_no_tracks(eyes: LoadedPack) -> None:
    assert watch(eyes, "cars_nopeople.mp4", mode=Mode.HUMANS, looks_per_s=1.0) == []


@needs_media
@needs_models
def test_periods_send_more_than_once_and_differently(eyes: LoadedPack) -> None:
    faces = SendingPolicy(period=1.0, shots=2)
    sent = shots(watch(eyes, "headpose_f.mp4", faces=faces))
    assert len(sent) == 2
    numbers = [shot.number for one in sent for shot in one.send]
    assert len(numbers) == len(set(numbers)) == 4


@needs_media
@needs_models
def test_what_is_outside_the_region_is_not_seen(eyes: LoadedPack) -> None:
    left = Region(0, 0, 50, 100, "percent")
    assert changes(watch(eyes, "headpose_two.mp4", roi=left))["started"] == 1
    tracks = watch(eyes, "headpose_two.mp4", droi=left)
    assert (changes(tracks)["started"], len(shots(tracks))) == (2, 1)


@needs_media
@needs_models
def test_living_people_are_sent_where_liveness_is_asked(eyes: LoadedPack) -> None:
    for threshold, count in ((0.5, 1), (1.0, 0)):
        alive = LivenessCheck(threshold=threshold)
        assert len(shots(watch(eyes, "asl_p0_help.mkv", liveness=alive))) == count


@needs_media
@needs_models
def test_turned_faces_are_no_best_shots(eyes: LoadedPack) -> None:
    assert shots(watch(eyes, "headpose_f.mp4", max_yaw=0.1, max_pitch=0.1, max_roll=0.1)) == []


def test_tracks_of_a_run_have_the_same_ids_whoever_follows_them() -> None:
    loaded = LoadedPack(default_pack())
    face = cv2.resize(drawn_face(), (120, 120), interpolation=cv2.INTER_AREA)
    pixels = np.hstack([face, face])

    def ids(run: str) -> list[str]:
        options = AnalysisOptions(looks_per_s=1e6, least_sightings=1)
        updates = Analysis(loaded, options, 5.0, run).look(Frame(3, 0.6, pixels))
        return [one.track.person_id for one in updates if one.change == "started"]

    assert ids("a") == ids("a")
    assert len({*ids("a"), *ids("b"), *ids("")}) == 6


def test_faces_of_which_no_shot_is_wanted_are_followed_all_the_same() -> None:
    options = AnalysisOptions(faces=SendingPolicy(shots=0), looks_per_s=1e6, least_sightings=1)
    analysis = Analysis(LoadedPack(default_pack()), options, 5.0)
    face = cv2.resize(drawn_face(), (180, 180), interpolation=cv2.INTER_AREA)
    updates = [u for n in range(3) for u in analysis.look(Frame(n, n / 5, face))]
    assert [one.change for one in [*updates, *analysis.end(1.0)]] == [
        "started", "updated", "updated", "ended"
    ]  # fmt: skip
    assert not any(one.send for one in updates)


def test_frames_that_are_scaled_down_show_the_same_faces_and_give_the_same_shots() -> None:
    loaded = LoadedPack(default_pack())
    face = cv2.resize(drawn_face(), (500, 500), interpolation=cv2.INTER_AREA)
    pixels = np.full((720, 1280, 3), 200, np.uint8)
    pixels[100:600, 700:1200] = face
    found = []
    for side in (None, 640):
        options = AnalysisOptions(
            looks_per_s=1e6,
            least_sightings=1,
            reduced_side=side,
            roi=Region(40, 0, 60, 100, "percent"),
            frames=frozenset({"face"}) if side else frozenset(),
        )
        analysis = Analysis(loaded, options, 5.0)
        (seen,) = analysis.look(Frame(0, 0.0, pixels))
        (ended,) = analysis.end(0.0)
        found.append((seen.track.box, ended.send[0]))
    (full, shot), (reduced, other) = found
    assert full.iou(reduced) > 0.8
    assert np.abs(shot.warp.astype(int) - other.warp).mean() < 12
    assert shot.frame is None
    assert other.frame is not None
    assert np.array_equal(other.frame, pixels)


def test_bodies_need_a_model_of_bodies() -> None:
    with pytest.raises(NoModelForRole):
        Analysis(LoadedPack(default_pack()), AnalysisOptions(mode=Mode.BODIES), 25.0)


def test_frames_in_between_are_not_looked_at() -> None:
    from inference.video.source import Frame

    analysis = Analysis(LoadedPack(default_pack()), AnalysisOptions(looks_per_s=5), 25.0)
    black = np.zeros((64, 64, 3), np.uint8)
    wanted = [n for n in range(11) if analysis.wants(Frame(n, n / 25, black))]
    assert wanted == [0, 5, 10]


def test_a_period_ends_in_time_though_nothing_better_is_seen() -> None:
    looks = AnalysisOptions(faces=SendingPolicy(period=0.5), looks_per_s=1e6, least_sightings=1)
    analysis = Analysis(LoadedPack(default_pack()), looks, 5.0)
    sent = []
    for number, side in enumerate((180, 160, 160, 160)):
        face = cv2.resize(drawn_face(), (side, side), interpolation=cv2.INTER_AREA)
        pixels = np.full((180, 180, 3), 200, np.uint8)
        pixels[:side, :side] = face
        updates = analysis.look(Frame(number, number / 5, pixels))
        sent += [(number, shot.number) for one in updates for shot in one.send]
    assert sent == [(3, 0)]
