"""Portraits are measured: sharpness, light, geometry and colours follow what was done to them."""

from collections.abc import Callable
from dataclasses import fields

import numpy as np
import pytest

from domain.shared.detections import DetectWanted
from domain.shared.estimations import Quality
from inference.estimators.quality import FormulaQuality
from inference.models import Pixels
from inference.opencv import cv2
from inference.packs.pack import RoleSpec
from inference.pipeline import Pipeline
from inference.portrait.light import has_red_eyes
from inference.warps import FACE_TEMPLATE
from tests.inference.media import best_face, image, of_pixels, pixels
from tests.support.shared import needs_media, needs_models


def judge(warp: Pixels) -> Quality:
    formula = FormulaQuality(RoleSpec("quality", "FormulaQuality", "Apache-2.0"), None)  # type: ignore[arg-type]
    return formula.judge(np.ascontiguousarray(warp))


@pytest.fixture
def warp(any_pipeline: Pipeline) -> Pixels:
    """The warp of a good, evenly lit portrait."""
    face = best_face(any_pipeline, image("images/face_recognition/obama1.jpg"))
    return np.frombuffer(face.warp.pixels, np.uint8).reshape(250, 250, 3)


def shiny(warp: Pixels) -> Pixels:
    spotted = warp.copy()
    for centre in ((95, 150), (155, 150), (125, 85)):
        cv2.circle(spotted, centre, 16, (255, 255, 255), -1)
    return spotted


def lit_from_the_side(warp: Pixels) -> Pixels:
    light = np.linspace(0.1, 1.0, 250)[None, :, None] ** 1.5
    return (warp * light).astype(np.uint8)


SPOILED: dict[str, Callable[[Pixels], Pixels]] = {
    "blurriness": lambda warp: np.asarray(cv2.GaussianBlur(warp, (0, 0), 6)),
    "dark": lambda warp: (warp * 0.08).astype(np.uint8),
    "light": lambda warp: (255 - (255 - warp.astype(int)) * 0.05).astype(np.uint8),
    "illumination": lit_from_the_side,
    "specularity": shiny,
}


@needs_media
@pytest.mark.parametrize("factor", SPOILED)
def test_quality_sees_what_was_spoiled(warp: Pixels, factor: str) -> None:
    good, bad = judge(warp), judge(SPOILED[factor](warp))
    assert getattr(bad, factor) < getattr(good, factor) - 0.2
    for item in fields(good):
        assert 0.35 <= getattr(good, item.name) <= 1
        assert 0 <= getattr(bad, item.name) <= 1


@needs_media
def test_the_blurrier_the_worse(warp: Pixels) -> None:
    blurred = [cv2.GaussianBlur(warp, (0, 0), sigma) for sigma in (0.5, 1, 2, 3, 5)]
    values = [judge(np.asarray(each)).blurriness for each in [warp, *blurred]]
    assert values == sorted(values, reverse=True)


@needs_media
def test_portraits_are_measured(any_pipeline: Pipeline) -> None:
    file = "images/face_recognition/obama1.jpg"
    wanted = DetectWanted(face_quality=True, quality=True, head_pose=True)
    face = best_face(any_pipeline, image(file), wanted)
    measured = face.measured
    assert measured is not None
    assert face.box is not None
    assert (measured["image_width"], measured["image_height"]) == (910, 1137)
    assert (measured["image_format"], measured["face_color_type"]) == ("JPEG", "color")
    assert measured["natural_light"] == 1
    assert measured["red_eyes"] == 0
    assert measured["eye_distance"] == pytest.approx(113, abs=12)
    assert measured["indent_upper"] == pytest.approx(face.box.y, abs=1)
    assert {"blurriness_quality", "head_yaw"} <= measured.keys()
    assert not {"radial_distortion", "headwear_type", "gaze_yaw"} & measured.keys()

    picture = pixels(file)
    grey = np.repeat(picture.mean(axis=2, keepdims=True), 3, axis=2).astype(np.uint8)
    bluish = (picture * (0.6, 0.7, 1.0)).astype(np.uint8)
    for changed, colours, natural in ((grey, "grayscale", 0), (bluish, "color", 0)):
        told = best_face(any_pipeline, of_pixels(changed), wanted).measured
        assert told is not None
        assert (told["face_color_type"], told["natural_light"]) == (colours, natural)


@needs_media
def test_a_head_is_where_its_eyes_are(any_pipeline: Pipeline) -> None:
    file = "images/face_recognition/obama1.jpg"
    wanted = DetectWanted(face_quality=True, landmarks5=True)
    face = best_face(any_pipeline, image(file), wanted)
    assert face.measured is not None
    assert face.landmarks5 is not None
    height, width = pixels(file).shape[:2]
    left, right = face.landmarks5.points[:2]
    assert face.measured["head_horizontal_center"] == pytest.approx(
        (left.x + right.x) / 2 / width, abs=0.01
    )
    assert face.measured["head_vertical_center"] == pytest.approx(
        (left.y + right.y) / 2 / height, abs=0.01
    )
    assert 0.23 < float(face.measured["head_width"]) < 0.32
    assert 0.31 < float(face.measured["head_height"]) < 0.42


def before(background: Pixels, portrait: Pixels) -> Pixels:
    """The portrait with another background: all but an ellipse around the head."""
    height, width = portrait.shape[:2]
    mask = np.zeros((height, width), np.uint8)
    cv2.ellipse(mask, (width // 2, height // 2), (120, 190), 0, 0, 360, 255, -1)
    return np.where(mask[..., None] > 0, portrait, background)


@needs_media
def test_what_is_behind_a_head_is_judged(any_pipeline: Pipeline) -> None:
    portrait = pixels("images/glasses/without_1.jpg")
    height, width = portrait.shape[:2]
    rows, columns = np.mgrid[:height, :width]
    squares = np.where((rows // 12 + columns // 12) % 2, 255, 0).astype(np.uint8)
    checkered = np.repeat(squares[..., None], 3, axis=2)
    told = []
    for backdrop in (np.full_like(portrait, 240), np.full_like(portrait, 20), checkered):
        shown = of_pixels(before(backdrop, portrait))
        measured = best_face(any_pipeline, shown, DetectWanted(face_quality=True)).measured
        assert measured is not None
        told.append([float(measured[f"background_{n}"]) for n in ("uniformity", "lightness")])
    (white, light), (black, dark), (uneven, _) = told
    assert min(white, black) > 0.75
    assert uneven < 0.5
    assert (light > 0.85, dark < 0.15) == (True, True)


@needs_media
def test_a_background_that_is_not_shown_is_not_judged(any_pipeline: Pipeline) -> None:
    portrait = pixels("images/glasses/without_1.jpg")
    face = best_face(any_pipeline, of_pixels(portrait)).box
    assert face is not None
    x, y, right, bottom = (int(n) for n in (face.x, face.y, face.right, face.bottom))
    close = np.ascontiguousarray(portrait[y - 30 : bottom + 10, x - 25 : right + 25])
    wanted = DetectWanted(face_quality=True)
    measured = best_face(any_pipeline, of_pixels(close), wanted).measured
    assert measured is not None
    assert not [name for name in measured if name.startswith("background")]


@needs_media
@needs_models
def test_a_covered_lower_face_is_told(pipeline: Pipeline) -> None:
    wanted = DetectWanted(face_quality=True, mask=True)
    for file, covered in (("mask/mask_0417.jpg", 1), ("glasses/without_1.jpg", 0)):
        measured = best_face(pipeline, image(f"images/{file}"), wanted).measured
        assert measured is not None
        assert measured["lower_face_occlusion"] == covered


@needs_media
def test_dim_warm_light_makes_no_red_eyes(any_pipeline: Pipeline) -> None:
    for file in ("face_recognition/obama3.jpg", "compreface/001_A.jpg", "compreface/007_B.jpg"):
        face = best_face(any_pipeline, image(f"images/{file}"), DetectWanted(face_quality=True))
        assert face.measured is not None
        assert face.measured["red_eyes"] == 0


@needs_media
def test_red_pupils_are_seen(warp: Pixels) -> None:
    glowing = warp.copy()
    for x, y in FACE_TEMPLATE[:2].round().astype(int):
        cv2.circle(glowing, (int(x), int(y)), 4, (190, 30, 40), -1)
    assert has_red_eyes(glowing)
    assert not has_red_eyes(warp)
