"""Networks of other makers fit the same classes by what their manifest says."""

from typing import Any

import pytest

from domain.shared.detections import DetectWanted
from inference.packs.pack import ModelPack, parse_pack, sha256_of
from inference.pipeline import Pipeline
from tests.inference.media import best_face, descriptor, found_in, image
from tests.support.shared import MODELS, needs_media, needs_models

pytestmark = [needs_media, needs_models]

YUNET = {"architecture": "YuNet", "licence": "Apache-2.0", "colour": "bgr", "max_batch": 1}
MOBILEFACENET = {
    "architecture": "AlignedFaceDescriptor",
    "licence": "Apache-2.0",
    "size": [112, 112],
    "mean": [123.675, 116.28, 103.53],
    "scale": [0.017125, 0.017507, 0.017429],
    "version": 1,
    "dimension": 128,
    "options": {"template": "arcface"},
}
MOBILEFACE_V2 = {
    "architecture": "AlignedFaceDescriptor",
    "licence": "MIT",
    "size": [112, 112],
    "version": 2,
    "dimension": 256,
    "options": {"template": "arcface"},
}
SCORE = {"architecture": "FormulaScore", "licence": "Apache-2.0"}


def of(name: str, spec: dict[str, Any]) -> dict[str, Any]:
    """The role's table for one of the shared networks."""
    file = f"{name}.onnx"
    return {**spec, "file": file, "sha256": sha256_of(MODELS / file)}


def pack(detector: str, descriptor_role: dict[str, Any]) -> ModelPack:
    roles = {
        "face_detector": of(detector, YUNET),
        "face_descriptor": descriptor_role,
        "descriptor_score": SCORE,
    }
    head = {"name": "other", "version": "1", "description": "A test"}
    return parse_pack({"pack": head, "roles": roles}, MODELS)


@pytest.mark.parametrize(
    ("name", "spec"),
    [
        ("face_descriptor_mobilefacenet", MOBILEFACENET),
        ("face_descriptor_mobileface_v2", MOBILEFACE_V2),
        ("face_descriptor_mobileface_v2", {**MOBILEFACE_V2, "options": {"mirror": True}}),
    ],
)
def test_other_descriptors_tell_people_apart(name: str, spec: dict[str, Any]) -> None:
    spec = {**spec, "options": {"template": "arcface", **spec["options"]}}
    pipeline = Pipeline(pack("face_detector_yunet_s", of(name, spec)))
    first, second, other = (
        descriptor(pipeline, best_face(pipeline, image(f"images/azure/Family1-{who}.jpg")))
        for who in ("Dad1", "Dad2", "Mom1")
    )
    assert first @ second > 0.5
    assert abs(first @ other) < 0.25


def test_a_detector_of_one_fixed_size_finds_the_same_faces(pipeline: Pipeline) -> None:
    spec = of("face_descriptor_mobileface_v2", MOBILEFACE_V2)
    fixed = Pipeline(pack("face_detector_yunet_n_640", spec))
    for file in ("images/group/azure_identification1.jpg", "images/human_a/a1.jpg"):
        expected = found_in(pipeline, image(file), DetectWanted()).faces
        found = found_in(fixed, image(file), DetectWanted()).faces
        assert len(found) == len(expected)
        for face in expected:
            assert face.box is not None
            assert max(face.box.iou(other.box) for other in found if other.box) > 0.75
