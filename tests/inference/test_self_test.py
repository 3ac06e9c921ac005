"""A pack is tried on a drawn face: what works passes, what is described wrongly does not."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from domain.shared.image_refusals import BadModelPack
from inference.drawn_face import FACE, LANDMARKS, drawn_face
from inference.packs.pack import ModelPack
from inference.pipeline import Pipeline
from inference.self_test import self_test
from tests.inference.media import best_face, of_pixels
from tests.support.packs import default_pack
from tests.support.shared import needs_models


def only(pack: ModelPack, role: str, **changes: Any) -> ModelPack:
    """The pack with one role, described otherwise."""
    return replace(pack, roles={role: replace(pack.role(role), **changes)})


def test_the_default_pack_finds_the_drawn_face_and_passes() -> None:
    self_test(default_pack())
    face = best_face(Pipeline(default_pack()), of_pixels(drawn_face()))
    assert face.box is not None
    assert face.box.iou(FACE) > 0.5
    assert FACE.x < LANDMARKS[:, 0].min() < LANDMARKS[:, 0].max() < FACE.right


@needs_models
def test_every_role_of_the_development_pack_passes(development: ModelPack) -> None:
    self_test(development)


@needs_models
@pytest.mark.parametrize(
    ("role", "changes", "complaint"),
    [
        ("face_descriptor", {"dimension": 128}, "face_descriptor failed .* gives 256 numbers"),
        ("face_descriptor", {"calibration": None}, "declares no version"),
        ("emotions", {"size": (64, 64)}, "emotions failed its self-test"),
        ("emotions", {"architecture": "AgeGender"}, "architecture 'AgeGender' is not of"),
        ("landmarks68", {"scale": (0.0,)}, "does not find the drawn eyes"),
        ("face_detector", {"options": {"min_score": 0.999}}, "does not find the drawn face"),
        ("mask", {"scale": (float("nan"),)}, "mask failed its self-test"),
    ],
)
def test_a_role_that_does_not_work_is_named(
    development: ModelPack, role: str, changes: dict[str, Any], complaint: str
) -> None:
    with pytest.raises(BadModelPack, match=complaint):
        self_test(only(development, role, **changes))


def test_the_drawing_cannot_be_changed_by_who_looks_at_it() -> None:
    with pytest.raises(ValueError, match="read-only"):
        drawn_face()[0, 0] = 0
    assert np.array_equal(drawn_face(), drawn_face())
