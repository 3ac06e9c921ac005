"""What faces show is estimated as labelled, and follows what is done to the picture."""

import numpy as np
import pytest

from domain.shared.detections import DetectWanted, FoundFace
from domain.shared.geometry import Box
from inference.estimators.body_attributes import colour_name
from inference.estimators.head_pose import angles_of
from inference.humans import pair_up
from inference.models import Pixels
from inference.opencv import cv2
from inference.pipeline import Pipeline
from tests.inference.media import best_face, found_in, image, labelled, of_pixels, pixels
from tests.support.shared import MEDIA, needs_media

PORTRAIT = "images/human_a/a1.jpg"
EMOTIONS = {
    "angry": "anger",
    "happy": "happiness",
    "neutral": "neutral",
    "surprised": "surprise",
}


def turned(picture: Pixels, degrees: float) -> Pixels:
    """The picture turned clockwise about its middle."""
    height, width = picture.shape[:2]
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), -degrees, 1.0)
    return np.asarray(cv2.warpAffine(picture, matrix, (width, height)))


@needs_media
@pytest.mark.parametrize("name", EMOTIONS)
def test_posed_emotions_are_told(pipeline: Pipeline, name: str) -> None:
    face = best_face(pipeline, image(f"images/emotion/{name}.jpg"), DetectWanted(emotions=True))
    assert face.estimations.emotions is not None
    assert face.estimations.emotions.predominant() == EMOTIONS[name]
    assert sum(face.estimations.emotions.estimations().values()) == pytest.approx(1, abs=1e-4)


@needs_media
def test_masks_are_told(pipeline: Pipeline) -> None:
    wanted = DetectWanted(mask=True, mouth_attributes=True, emotions=True)
    masked = [item.file for item in labelled() if item.file.startswith("images/mask/")]
    bare = [item.file for item in labelled() if item.file.startswith("images/azure/")]
    assert len(masked) >= 4
    for files, expected in ((masked, "medical_mask"), (bare, "missing")):
        for file in files:
            face = best_face(pipeline, image(file), wanted)
            assert face.estimations.mask is not None
            assert face.estimations.mask.predominant() == expected, file
            assert face.estimations.mouth_attributes is not None
            covered = face.estimations.mouth_attributes.occluded > 0.5
            assert covered == (expected == "medical_mask"), file


@needs_media
def test_glasses_are_told(pipeline: Pipeline) -> None:
    told = {
        item.file: best_face(pipeline, image(item.file), DetectWanted(glasses=True))
        for item in labelled()
        if item.label("glasses") is not None
    }
    wrong = [
        file
        for file, face in told.items()
        if face.estimations.glasses is not None
        and (face.estimations.glasses.glasses == "eyeglasses") != ("/with_" in file)
    ]
    assert len(told) == 12
    assert wrong == []


@needs_media
def test_a_face_on_a_screen_is_a_spoof(pipeline: Pipeline) -> None:
    wanted = DetectWanted(liveness=True)
    real = best_face(pipeline, image("images/liveness/real_T1.jpg"), wanted).estimations.liveness
    spoof = best_face(pipeline, image("images/liveness/spoof_F1.jpg"), wanted).estimations.liveness
    assert real is not None
    assert spoof is not None
    assert (str(real.prediction), str(spoof.prediction)) == ("real", "spoof")
    strict = DetectWanted(liveness=True, liveness_quality_threshold=1.0)
    face = best_face(pipeline, image("images/liveness/real_T1.jpg"), strict)
    assert face.estimations.liveness is not None
    assert str(face.estimations.liveness.prediction) == "unknown"


@needs_media
def test_smiles_and_open_mouths_are_told(pipeline: Pipeline) -> None:
    wanted = DetectWanted(mouth_attributes=True)
    happy = best_face(pipeline, image("images/emotion/happy.jpg"), wanted)
    surprised = best_face(pipeline, image("images/emotion/surprised.jpg"), wanted)
    neutral = best_face(pipeline, image("images/emotion/neutral.jpg"), wanted)
    mouths = [face.estimations.mouth_attributes for face in (happy, surprised, neutral)]
    assert [mouth.smile > 0.5 for mouth in mouths if mouth] == [True, False, False]
    assert mouths[1] is not None
    assert mouths[2] is not None
    assert mouths[1].opened > 0.8 > 0.3 > mouths[2].opened


@needs_media
def test_age_and_gender_are_told(pipeline: Pipeline) -> None:
    expected = {"Dad": (1, 20, 60), "Mom": (0, 20, 60), "Man": (1, 18, 85), "Lady": (0, 18, 70)}
    for item in labelled():
        person = item.people[0].split("-")[-1] if item.people else ""
        if person not in expected or not item.file.startswith("images/azure/"):
            continue
        gender, youngest, oldest = expected[person]
        face = best_face(pipeline, image(item.file), DetectWanted(basic_attributes=True))
        told = face.estimations.basic_attributes
        assert told is not None
        assert told.gender == gender, item.file
        assert youngest < told.age < oldest, item.file
        assert told.ethnicities is not None
        assert sum(told.ethnicities.estimations().values()) == pytest.approx(1, abs=1e-4)


@needs_media
def test_roll_follows_a_turned_picture(any_pipeline: Pipeline) -> None:
    picture = pixels(PORTRAIT)

    def roll(degrees: float) -> float:
        sent = of_pixels(turned(picture, degrees))
        pose = best_face(any_pipeline, sent, DetectWanted(head_pose=True)).estimations.head_pose
        assert pose is not None
        return pose.roll

    upright = roll(0)
    assert roll(15) - upright == pytest.approx(15, abs=5)
    assert roll(-15) - upright == pytest.approx(-15, abs=5)


@needs_media
def test_yaw_and_gaze_change_sides_in_a_mirror(pipeline: Pipeline) -> None:
    # Turned to the image's right, by the note in the media's list.
    picture = pixels("images/misc/azure_helmet_profile.jpg")
    wanted = DetectWanted(head_pose=True, gaze=True)
    seen = best_face(pipeline, of_pixels(picture), wanted).estimations
    mirrored = best_face(pipeline, of_pixels(picture[:, ::-1]), wanted).estimations
    assert seen.head_pose is not None
    assert seen.gaze is not None
    assert mirrored.head_pose is not None
    assert mirrored.gaze is not None
    assert seen.head_pose.yaw < -20 < 20 < mirrored.head_pose.yaw
    assert seen.gaze.yaw < -15 < 15 < mirrored.gaze.yaw


@needs_media
@pytest.mark.slow
def test_both_packs_agree_on_which_way_heads_turn(
    pipeline: Pipeline, default_pipeline: Pipeline
) -> None:
    folders = ("images/azure/", "images/human_a/", "images/deepface/", "images/misc/")
    files = [item.file for item in labelled() if item.file.startswith(folders)]
    yaws = []
    for file in files:
        faces: list[FoundFace] = []
        for packs in (pipeline, default_pipeline):
            (found,) = packs.detect([image(file)], DetectWanted(head_pose=True))
            faces += getattr(found, "faces", ())[:1]
        poses = [face.estimations.head_pose for face in faces]
        if len(poses) == 2:
            yaws.append([pose.yaw for pose in poses if pose])
    assert len(yaws) >= 30
    assert np.corrcoef(np.array(yaws).T)[0, 1] > 0.6


@needs_media
def test_eyes_are_open_in_portraits_and_irises_lie_in_the_eyes(pipeline: Pipeline) -> None:
    wanted = DetectWanted(eyes_attributes=True)
    for file in (PORTRAIT, "images/face_recognition/obama1.jpg"):
        face = best_face(pipeline, image(file), wanted)
        eyes = face.estimations.eyes_attributes
        assert eyes is not None
        for eye, centre in ((eyes.left_eye, 95.5), (eyes.right_eye, 154.2)):
            assert str(eye.state) == "open"
            assert eye.iris is not None
            ring = np.array(eye.iris.pairs())
            assert ring.shape == (32, 2)
            assert np.abs(ring.mean(axis=0) - (centre, 118.7)).max() < 8
            assert 2 < np.linalg.norm(ring - ring.mean(axis=0), axis=1).mean() < 12


def test_angles_of_a_rotation_have_the_documented_signs() -> None:
    def about(axis: tuple[int, int, int], degrees: float) -> np.ndarray:
        vector = np.array(axis, np.float64) * np.radians(degrees)
        return np.asarray(cv2.Rodrigues(vector)[0])

    # x to the right, y down, z away: the face looks along -z.
    left, down, lean = (angles_of(about(axis, 20)) for axis in ((0, 1, 0), (1, 0, 0), (0, 0, 1)))
    assert (left.yaw, left.pitch) == pytest.approx((20, 0), abs=1e-6)
    assert (down.yaw, down.pitch) == pytest.approx((0, -20), abs=1e-6)
    assert lean.roll == pytest.approx(20)


def test_faces_are_paired_with_the_bodies_they_are_on() -> None:
    left, right = Box(10, 10, 100, 300), Box(80, 0, 100, 310)
    on_left, on_right = Box(45, 20, 30, 40), Box(115, 10, 30, 40)
    assert pair_up([on_right, on_left], [left, right]) == {0: 1, 1: 0}
    assert pair_up([Box(45, 250, 30, 40)], [left]) == {}
    assert pair_up([Box(400, 20, 30, 40)], [left]) == {}
    assert pair_up([on_left, on_left.moved(2, 2)], [left]).keys() == {0}


@needs_media
def test_bodies_are_described(pipeline: Pipeline) -> None:
    # Seen from behind: a woman in grey, then a man in black with long trousers.
    clip = cv2.VideoCapture(str(MEDIA / "videos" / "one_by_one.mp4"))
    frames: dict[int, Pixels] = {}
    for number in range(301):
        _, frame = clip.read()
        if number in (120, 300):
            frames[number] = np.ascontiguousarray(np.asarray(frame)[..., ::-1])
    wanted = DetectWanted(
        faces=False,
        bodies=True,
        body_basic_attributes=True,
        upper_body=True,
        lower_body=True,
        accessories=True,
    )
    told = {
        number: found_in(pipeline, of_pixels(frame), wanted).bodies[0].estimations.as_dict()
        for number, frame in frames.items()
    }
    assert [each["basic_attributes"]["apparent_gender"] for each in told.values()] == [0, 1]
    assert told[120]["upper_body"]["upper_clothing"] == {"colors": ["gray"]}
    assert told[300]["upper_body"]["upper_clothing"] == {"colors": ["black"]}
    assert told[300]["lower_body"]["lower_garment"] == {"type": "trousers", "colors": ["black"]}
    assert told[300]["accessories"] == {"backpack": {"state": 0}}


@pytest.mark.parametrize(
    ("rgb", "name"),
    [
        ((10, 12, 15), "black"),
        ((95, 97, 95), "gray"),
        ((250, 250, 245), "white"),
        ((200, 20, 30), "red"),
        ((120, 15, 25), "red"),
        ((20, 40, 110), "blue"),
        ((90, 140, 215), "blue"),
        ((20, 90, 40), "green"),
        ((240, 220, 80), "yellow"),
    ],
)
def test_colours_are_named(rgb: tuple[int, int, int], name: str) -> None:
    assert colour_name(np.array(rgb, np.float32)) == name
