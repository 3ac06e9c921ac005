"""Frontal photos against ISO/IEC 19794-5: which checks are made, by thresholds nobody changes."""

from dataclasses import replace
from typing import Final

from domain.policies.detect import FaceDetectPolicy
from domain.policies.quality import CHOICES, FLAGS, RANGES, QualityVerdict
from domain.policies.run_detect import quality_verdict
from domain.shared.detections import FoundFace

ISO_CHECKS: Final = (
    "image_format",
    "illumination_quality",
    "specularity_quality",
    "blurriness_quality",
    "dark_quality",
    "light_quality",
    "head_yaw",
    "head_pitch",
    "head_roll",
    "gaze_yaw",
    "gaze_pitch",
    "mouth_smiling",
    "mouth_occluded",
    "mouth_open",
    "glasses",
    "left_eye",
    "right_eye",
    "head_horizontal_center",
    "head_vertical_center",
    "head_width",
    "head_height",
    "eye_distance",
    "eyebrows_state",
    "shoulders_position",
    "smile_properties",
    "headwear_type",
    "natural_light",
    "radial_distortion",
    "red_eyes",
    "face_color_type",
    "background_uniformity",
    "background_lightness",
)
"""The checks in the order in which answers list them, those of later clients among them."""

_PLACES: Final = {name: place for place, name in enumerate(ISO_CHECKS)}


def iso_policy(multiface_policy: int, *, extract_exif: bool) -> FaceDetectPolicy:
    """What is made of each image: every ISO check with its default threshold, and no other."""
    checks = {name: {"estimate": int(name in _PLACES)} for name in (*RANGES, *CHOICES, *FLAGS)}
    return FaceDetectPolicy.model_validate(
        {
            "multiface_policy": multiface_policy,
            "extract_exif": int(extract_exif),
            "face_quality": {"estimate": 1, "checks": checks},
        }
    )


def iso_verdict(policy: FaceDetectPolicy, face: FoundFace) -> QualityVerdict:
    """The outcome for one face, its checks in the order of `ISO_CHECKS`."""
    verdict = quality_verdict(policy, face) or QualityVerdict((), ISO_CHECKS)
    results = sorted(verdict.results, key=lambda result: _PLACES[result.name])
    return replace(verdict, results=tuple(results))
