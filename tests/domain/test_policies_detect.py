"""Running the detect policy: estimations, several faces, dropped faces."""

from dataclasses import fields, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.policies.detect import BodyAttributesPolicy, DetectPolicy, FaceDetectPolicy
from domain.policies.quality import CheckResult, FaceQualityPolicy, QualityVerdict
from domain.policies.run_detect import (
    as_shown,
    detect_wanted,
    filter_reasons,
    impossible_estimations,
    needed_estimations,
    people,
    quality_verdict,
    shown_estimations,
)
from domain.shared.detections import (
    DetectWanted,
    FaceEstimations,
    FoundBody,
    FoundFace,
    Human,
    ImageDetections,
    Warp,
)
from domain.shared.enums import DeepfakeState
from domain.shared.estimations import (
    Gaze,
    HeadPose,
    Liveness,
    Mask,
    Quality,
)
from domain.shared.geometry import Box
from domain.shared.image_refusals import MultipleFaces

WARP = Warp(b"", 250, 250)
BOX = Box(10.2, 20, 30, 40)
FACE = FoundFace(WARP, 0.9, BOX)
BODY = FoundBody(Warp(b"", 128, 256), 0.8, BOX)


def detect(**policy: Any) -> DetectPolicy:
    """A detect policy of JSON values."""
    return DetectPolicy.model_validate(policy)


def face(**estimations: Any) -> FoundFace:
    """A face with estimations."""
    return replace(FACE, estimations=FaceEstimations(**estimations))


# Estimations


def test_by_default_nothing_is_estimated() -> None:
    assert needed_estimations(detect()) == frozenset()
    assert detect_wanted(detect()) == DetectWanted(
        faces=True,
        landmarks5=True,
        liveness_threshold=0.5,
        liveness_quality_threshold=0.5,
    )


def test_every_estimation_that_is_asked_for_is_made_and_shown() -> None:
    flags = [name for name in FaceDetectPolicy.model_fields if name.startswith("estimate_")]
    every: dict[str, Any] = {name: 1 for name in flags}
    every |= {"estimate_liveness": {"estimate": 1}, "estimate_people_count": {"estimate": 1}}
    off = ("estimate_deepfake", "estimate_face_occlusion")
    every |= {name: {"estimate": 0} for name in off}
    every["body_attributes"] = {name: 1 for name in BodyAttributesPolicy.model_fields}
    policy = detect(**every, detect_landmarks68=1, extract_exif=1, detect_body=1)
    wanted = detect_wanted(policy, use_exif_orientation=False)

    unasked = {"face_quality", "best_face_only", "basic_attributes", "use_exif_orientation"}
    for field in fields(DetectWanted):
        if not field.name.startswith("liveness_"):
            assert getattr(wanted, field.name) is (field.name not in unasked), field.name
    assert shown_estimations(policy) == needed_estimations(policy)
    assert impossible_estimations(policy) == []


@pytest.mark.parametrize(
    ("policy", "estimation"),
    [
        ({"pitch_threshold": 0}, "head_pose"),
        ({"yaw_threshold": 179}, "head_pose"),
        ({"mask_states": [1]}, "mask"),
        ({"liveness_states": [1]}, "liveness"),
    ],
)
def test_a_filter_has_its_estimation_made_but_not_shown(
    policy: dict[str, Any], estimation: str
) -> None:
    assert needed_estimations(detect(**policy)) == {estimation}
    assert shown_estimations(detect(**policy)) == frozenset()
    assert getattr(detect_wanted(detect(**policy)), estimation) is True


def test_a_threshold_of_180_degrees_filters_nothing() -> None:
    assert needed_estimations(detect(roll_threshold=180)) == frozenset()


def only(*checks: str) -> dict[str, Any]:
    """The checks of a face quality policy: these, and no others."""
    every = FaceQualityPolicy().checks.wanted()
    return {name: {"estimate": int(name in checks)} for name in every}


@pytest.mark.parametrize("quality", [{"estimate": 1}, {"filter": 1}])
def test_checks_of_face_quality_have_what_they_judge_made(quality: dict[str, Any]) -> None:
    policy = detect(face_quality={**quality, "checks": only("red_eyes", "head_yaw", "left_eye")})
    seen = replace(FACE, measured={"red_eyes": 1, "head_yaw": 0.0, "gaze_yaw": 0.0})

    assert needed_estimations(policy) == {"face_quality", "head_pose", "eyes_attributes"}
    assert shown_estimations(policy) == frozenset()
    assert detect_wanted(policy).face_quality
    verdict = quality_verdict(policy, seen)
    assert verdict is not None
    assert verdict.status == 0
    assert [result.name for result in verdict.results] == ["head_yaw", "red_eyes"]
    assert verdict.unmeasured == ("left_eye",)
    assert quality_verdict(policy, FACE) is None
    assert quality_verdict(detect(), seen) is None


def test_all_checks_together_need_every_estimation_they_judge() -> None:
    assert needed_estimations(detect(face_quality={"estimate": 1})) == {
        *("face_quality", "quality", "head_pose", "gaze", "mouth_attributes"),
        *("eyes_attributes", "glasses", "emotions"),
    }


def test_nobody_vouches_for_a_face_of_which_nothing_was_measured() -> None:
    policy = detect(face_quality={"filter": 1, "checks": only("headwear_type")})
    verdict = quality_verdict(policy, replace(FACE, measured={"red_eyes": 0}))

    assert verdict is not None
    assert verdict.status == 0
    assert filter_reasons(policy, FACE, quality=verdict)
    nothing_wanted = detect(face_quality={"filter": 1, "checks": only()})
    passed = quality_verdict(nothing_wanted, replace(FACE, measured={}))
    assert passed is not None
    assert passed.status == 1


def test_what_no_network_can_be_asked_for_is_named() -> None:
    policy = detect(deepfake_states=[1], body_attributes={"estimate_upper_body": 1})

    assert impossible_estimations(policy) == ["deepfake"]


def test_only_what_was_asked_for_is_shown() -> None:
    seen = replace(
        face(head_pose=HeadPose(1, 2, 3), gaze=Gaze(1, 2)),
        quality=Quality(1, 1, 1, 1, 1),
    )

    shown = as_shown(detect(yaw_threshold=9, estimate_gaze=1), seen)

    assert shown.estimations == FaceEstimations(gaze=Gaze(1, 2))
    assert shown.quality is None
    assert as_shown(detect(estimate_quality=1), seen).quality == seen.quality


# Several faces


def image(*humans: Human) -> ImageDetections:
    """What was found in an image."""
    return ImageDetections("a.jpg", 100, 100, "JPEG", humans)


TWO = image(Human(FACE, BODY), Human(face(gaze=Gaze(1, 1))), Human(body=BODY))


def test_several_faces_are_allowed_unless_the_policy_says_no() -> None:
    assert people(detect(), TWO) == TWO.humans
    assert people(detect(multiface_policy=2), TWO) == TWO.humans[:1]
    assert people(detect(multiface_policy=2), image()) == ()
    assert people(detect(multiface_policy=0), image(TWO.humans[0], TWO.humans[2]))
    with pytest.raises(MultipleFaces, match=r"image a\.jpg detect \[\{'x': 10, 'y': 20"):
        people(detect(multiface_policy=0), TWO)


def test_images_of_one_person_may_not_show_two() -> None:
    with pytest.raises(MultipleFaces):
        people(detect(), TWO, aggregate=True)
    assert people(detect(multiface_policy=2), TWO, aggregate=True) == TWO.humans[:1]


# Filters on faces

MASKED = Mask(medical_mask=0.8, missing=0.1, occluded=0.1)
REAL = Liveness(quality=0.9, score=0.9, quality_threshold=0.5, liveness_threshold=0.5)


@given(
    st.floats(-180, 180),
    st.none() | st.integers(0, 180),
    st.sampled_from(["pitch", "yaw", "roll"]),
)
def test_a_face_turned_further_than_allowed_is_dropped(
    angle: float, threshold: int | None, name: str
) -> None:
    pose = HeadPose(**{**{"pitch": 0, "yaw": 0, "roll": 0}, name: angle})
    dropped = threshold is not None and threshold < 180 and abs(angle) > threshold

    reasons = filter_reasons(detect(**{f"{name}_threshold": threshold}), face(head_pose=pose))

    assert bool(reasons) is dropped
    if dropped:
        assert reasons[0].as_dict() == {
            "filter_name": f"{name}_threshold",
            "object_value": round(angle, 3),
            "threshold_value": threshold,
        }


def test_states_that_are_not_wanted_are_dropped_each_with_its_reason() -> None:
    policy = detect(mask_states=[1, 3], liveness_states=[0], deepfake_states=[1])
    seen = face(mask=MASKED, liveness=REAL)

    reasons = filter_reasons(policy, seen, deepfake=DeepfakeState.FAKE)

    assert [reason.as_dict() for reason in reasons] == [
        {"filter_name": "mask_states", "object_value": 2, "threshold_value": [1, 3]},
        {"filter_name": "liveness_states", "object_value": 1, "threshold_value": [0]},
        {"filter_name": "deepfake_states", "object_value": 0, "threshold_value": [1]},
    ]
    wanted = detect(mask_states=[2], liveness_states=[1], deepfake_states=[0])
    assert filter_reasons(wanted, seen, deepfake=DeepfakeState.FAKE) == ()


def test_an_unknown_state_is_no_wanted_state() -> None:
    policy = detect(yaw_threshold=1, mask_states=[1, 2, 3], liveness_states=[1])

    reasons = filter_reasons(policy, FACE)

    assert [(reason.filter_name, reason.object_value) for reason in reasons] == [
        ("mask_states", "unknown"),
        ("liveness_states", 2),
    ]
    assert filter_reasons(detect(liveness_states=[2]), FACE) == ()


@pytest.mark.parametrize(("drop", "passed"), [(0, False), (1, False), (1, True)])
def test_a_face_of_poor_quality_is_dropped_only_when_asked(drop: int, passed: bool) -> None:
    verdict = QualityVerdict((CheckResult("red_eyes", 1, 0, passed),))
    policy = detect(face_quality={"estimate": 1, "filter": drop})

    reasons = filter_reasons(policy, FACE, quality=verdict)

    assert bool(reasons) is (bool(drop) and not passed)
