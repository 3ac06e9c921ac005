"""The contract's enumerations: numbers, words, and the words that estimations use."""

import pytest

from domain.shared.enums import (
    DeepfakeState,
    Emotion,
    EthnicGroup,
    LivenessState,
    MaskState,
    NamedId,
)
from domain.shared.estimations import (
    EMOTION_IDS,
    ETHNICITY_IDS,
    LIVENESS_IDS,
    MASK_IDS,
    LivenessPrediction,
)
from tests.support.contract_schemas import contract_schema, needs_contract

NAMED: dict[type[NamedId], tuple[str, str]] = {
    EthnicGroup: ("EthnicGroup", "EthnicityName"),
    Emotion: ("EmotionId", "EmotionName"),
    LivenessState: ("LivenessId", "LivenessPrediction"),
}


@needs_contract
@pytest.mark.parametrize("names", NAMED)
def test_numbers_and_words_are_the_contracts(names: type[NamedId]) -> None:
    ids, words = (contract_schema(name)["enum"] for name in NAMED[names])

    assert sorted(names) == sorted(ids)
    assert sorted(names.words()) == sorted(words)


@needs_contract
def test_masks_and_deepfakes_are_the_contracts() -> None:
    mask = contract_schema("Mask")["properties"]["predominant_mask"]["enum"]
    deepfake = contract_schema("Deepfake")["properties"]["prediction"]["enum"]

    assert set(MaskState.words()) == set(mask)
    assert set(DeepfakeState.words()) == set(deepfake)
    assert sorted(MaskState) == contract_schema("MaskId")["enum"]
    assert sorted(DeepfakeState) == contract_schema("DeepfakeId")["enum"]


@pytest.mark.parametrize(
    ("names", "known"),
    [
        (Emotion, EMOTION_IDS),
        (MaskState, MASK_IDS),
        (LivenessState, LIVENESS_IDS),
        (EthnicGroup, ETHNICITY_IDS),
    ],
)
def test_estimations_say_the_same_words(names: type[NamedId], known: dict[str, int]) -> None:
    assert {item.word: int(item) for item in names} == known


def test_every_liveness_prediction_has_its_number() -> None:
    assert {prediction.value for prediction in LivenessPrediction} == set(LivenessState.words())
