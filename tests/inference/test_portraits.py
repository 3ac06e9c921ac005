"""Portraits are measured: sharpness, light, geometry and colours follow what was done to them."""

from collections.abc import Callable
from dataclasses import fields

import numpy as np
import pytest

from domain.shared.detections import DetectWanted
from domain.shared.estimations import Quality
from inference.estimators.quality import FormulaQuality
from inference.face_quality import has_red_eyes
from inference.models import Pixels
from inference.opencv import cv2
from inference.packs.pack import RoleSpec
from inference.pipeline import Pipeline
from inference.warps import FACE_TEMPLATE
from tests.inference.media import best_face, image, of_pixels, pixels
from tests.support.shared import needs_media


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
def test_red_pupils_are_seen(warp: Pixels) -> None:
    glowing = warp.copy()
    for x, y in FACE_TEMPLATE[:2].round().astype(int):
        cv2.circle(glowing, (int(x), int(y)), 4, (190, 30, 40), -1)
    assert has_red_eyes(glowing)
    assert not has_red_eyes(warp)
