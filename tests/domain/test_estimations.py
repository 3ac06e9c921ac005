"""Estimations have the contract's shapes, and several of one person become one."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.shared.aggregation import mean_basic_attributes, mean_liveness, mean_scores
from domain.shared.biometrics import Descriptor, DescriptorKind, decode_sdk
from domain.shared.detections import DescriptorResult, FaceEstimations
from domain.shared.estimations import (
    BasicAttributes,
    Emotions,
    Ethnicities,
    Eye,
    Eyes,
    EyeState,
    Gender,
    HeadPose,
    Liveness,
    Mask,
    Mouth,
)
from domain.shared.geometry import Landmarks
from domain.shared.image_refusals import NothingToAggregate

PARTS = st.floats(0, 1)
MASKS = st.builds(Mask, PARTS, PARTS, PARTS)


def test_only_what_was_asked_is_shown_under_the_names_of_the_contract() -> None:
    vector = Descriptor(DescriptorKind.FACE, 7, struct.pack("<2f", 0.6, 0.8))
    shown = FaceEstimations(
        head_pose=HeadPose(pitch=1.23456, roll=-2, yaw=3),
        mask=Mask(medical_mask=0.7, missing=0.2, occluded=0.1),
        mouth_attributes=Mouth(opened=0.1, occluded=0.2, smile=0.9),
        eyes_attributes=Eyes(
            Eye(EyeState.OPEN, Landmarks.from_pairs([(1.2, 2.7)])), Eye(EyeState.CLOSED)
        ),
        descriptor=DescriptorResult(vector, 0.5),
    ).as_dict()
    assert decode_sdk(shown.pop("descriptor")["sdk_descriptor"]) == vector
    assert shown == {
        "head_pose": {"pitch": 1.235, "roll": -2, "yaw": 3},
        "mask": {
            "predominant_mask": "medical_mask",
            "estimations": {"medical_mask": 0.7, "missing": 0.2, "occluded": 0.1},
        },
        "mouth_attributes": {"opened": 0.1, "occluded": 0.2, "smile": 0.9, "score": 0.9},
        "eyes_attributes": {
            "left_eye": {"state": "open", "iris_landmarks": [[1, 3]]},
            "right_eye": {"state": "closed"},
        },
    }


@pytest.mark.parametrize(
    ("quality", "score", "prediction"),
    [(0.2, 0.9, "unknown"), (0.5, 0.5, "real"), (0.9, 0.49, "spoof")],
)
def test_liveness_is_judged_by_quality_first(quality: float, score: float, prediction: str) -> None:
    assert Liveness(quality, score).as_dict()["prediction"] == prediction


def test_ages_are_whole_and_bounded() -> None:
    assert BasicAttributes(104.3, Gender.MALE).as_dict() == {"age": 100, "gender": 1}
    groups = Ethnicities(asian=0.1, indian=0.2, caucasian=0.6, african_american=0.1)
    told = BasicAttributes(30.6, Gender.FEMALE, groups).as_dict()
    assert told["age"] == 31
    assert told["ethnicities"]["predominant_ethnicity"] == "caucasian"


@given(st.lists(MASKS, min_size=1, max_size=8), st.randoms(use_true_random=False))
def test_means_lie_between_and_know_no_order(masks: list[Mask], random: object) -> None:
    mean = mean_scores(masks)
    values = [mask.missing for mask in masks]
    assert min(values) - 1e-9 <= mean.missing <= max(values) + 1e-9
    shuffled = random.sample(masks, len(masks))  # type: ignore[attr-defined]
    assert mean_scores(shuffled).missing == pytest.approx(mean.missing)
    assert mean_scores([masks[0]] * 3).occluded == pytest.approx(masks[0].occluded)


def test_poor_liveness_counts_only_when_there_is_no_better() -> None:
    poor, good = Liveness(0.1, 0.0), Liveness(0.9, 0.8)
    assert mean_liveness([poor, good]) == good
    assert str(mean_liveness([poor, poor]).prediction) == "unknown"


def test_the_surer_gender_wins() -> None:
    surely, barely = 0.95, 0.55
    told = mean_basic_attributes(
        [
            BasicAttributes(20, Gender.FEMALE, gender_score=surely),
            BasicAttributes(30, Gender.MALE, gender_score=barely),
            BasicAttributes(40, Gender.MALE, gender_score=barely),
        ]
    )
    assert (told.gender, told.age) == (Gender.FEMALE, 30)


def test_nothing_cannot_be_aggregated() -> None:
    for mean in (mean_scores, mean_liveness, mean_basic_attributes):
        with pytest.raises(NothingToAggregate):
            mean([])  # type: ignore[type-var]


def test_the_likeliest_emotion_is_predominant() -> None:
    emotions = Emotions(0, 0.1, 0.2, 0.4, 0.1, 0.1, 0.1)
    assert emotions.as_dict()["predominant_emotion"] == "happiness"
