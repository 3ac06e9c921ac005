"""What networks judge of a face: one frozen value per estimation, with the contract's meaning.

Every value has `as_dict()`, the shape that answers show and recognition events store.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from enum import IntEnum, StrEnum
from typing import Any

from domain.shared.geometry import Landmarks

_DIGITS = 6


def _rounded(value: float) -> float:
    return round(float(value), _DIGITS)


class Gender(IntEnum):
    """A person's gender as the contract numbers it."""

    FEMALE = 0
    MALE = 1


class Probabilities:
    """Base of estimations that are one probability per name (fields, 0 to 1)."""

    def estimations(self) -> dict[str, float]:
        """Probability by name."""
        names = (field.name for field in fields(self))  # type: ignore[arg-type]
        return {name: _rounded(getattr(self, name)) for name in names}

    def predominant(self) -> str:
        """The most probable name."""
        scores = self.estimations()
        return max(scores, key=scores.__getitem__)


@dataclass(frozen=True, slots=True)
class HeadPose:
    """How the head is turned, in degrees.

    Yaw is positive when the face looks to the image's left, pitch when it looks up, roll when
    the head leans clockwise as seen in the image.
    """

    pitch: float
    roll: float
    yaw: float

    def as_dict(self) -> dict[str, Any]:
        """The contract's `head_pose`."""
        return {name: round(value, 3) for name, value in asdict(self).items()}


@dataclass(frozen=True, slots=True)
class Gaze:
    """Where both eyes look, in degrees; signs as in `HeadPose`, zero into the camera."""

    yaw: float
    pitch: float

    def as_dict(self) -> dict[str, Any]:
        """The contract's `gaze`."""
        return {name: round(value, 3) for name, value in asdict(self).items()}


@dataclass(frozen=True, slots=True)
class Quality:
    """Image quality of a face, each factor 0 (bad) to 1 (good)."""

    blurriness: float
    dark: float
    illumination: float
    specularity: float
    light: float

    def as_dict(self) -> dict[str, Any]:
        """The contract's `quality`."""
        return {name: _rounded(value) for name, value in asdict(self).items()}


@dataclass(frozen=True, slots=True)
class Emotions(Probabilities):
    """The probability of each of seven emotions."""

    anger: float
    disgust: float
    fear: float
    happiness: float
    neutral: float
    sadness: float
    surprise: float

    def as_dict(self) -> dict[str, Any]:
        """The contract's `emotions`."""
        return {"predominant_emotion": self.predominant(), "estimations": self.estimations()}


@dataclass(frozen=True, slots=True)
class Mask(Probabilities):
    """The probability of a medical mask, of none, and of something else over the face."""

    medical_mask: float
    missing: float
    occluded: float

    def as_dict(self) -> dict[str, Any]:
        """The contract's `mask`."""
        return {"predominant_mask": self.predominant(), "estimations": self.estimations()}


class GlassesState(StrEnum):
    """What is worn over the eyes."""

    NONE = "no_glasses"
    EYEGLASSES = "eyeglasses"
    SUNGLASSES = "sunglasses"


@dataclass(frozen=True, slots=True)
class Glasses:
    """Whether glasses are worn, and which."""

    glasses: GlassesState

    def as_dict(self) -> dict[str, Any]:
        """The contract's `glasses`."""
        return {"glasses": str(self.glasses)}


@dataclass(frozen=True, slots=True)
class Mouth:
    """How probable it is that the mouth is open, covered or smiling; `score` is the largest."""

    opened: float
    occluded: float
    smile: float

    @property
    def score(self) -> float:
        """The largest of the three."""
        return max(self.opened, self.occluded, self.smile)

    def as_dict(self) -> dict[str, Any]:
        """The contract's `mouth_attributes`."""
        values = {**asdict(self), "score": self.score}
        return {name: _rounded(value) for name, value in values.items()}


class EyeState(StrEnum):
    """Whether an eye is open, closed or covered."""

    OPEN = "open"
    CLOSED = "closed"
    OCCLUDED = "occluded"


@dataclass(frozen=True, slots=True)
class Eye:
    """One eye; `iris` holds 32 points of the iris contour in warp pixels where a network saw it."""

    state: EyeState
    iris: Landmarks | None = None

    def as_dict(self) -> dict[str, Any]:
        """One eye of the contract's `eyes_attributes`."""
        shown: dict[str, Any] = {"state": str(self.state)}
        if self.iris is not None:
            shown["iris_landmarks"] = [[round(p.x), round(p.y)] for p in self.iris.points]
        return shown


@dataclass(frozen=True, slots=True)
class Eyes:
    """Both eyes; left and right as in the five landmarks, that is in the image."""

    left_eye: Eye
    right_eye: Eye

    def as_dict(self) -> dict[str, Any]:
        """The contract's `eyes_attributes`."""
        return {"left_eye": self.left_eye.as_dict(), "right_eye": self.right_eye.as_dict()}


class LivenessPrediction(StrEnum):
    """Whether a living person stood before the camera."""

    SPOOF = "spoof"
    REAL = "real"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Liveness:
    """Probability of a living person, and whether the image is good enough to tell."""

    quality: float
    score: float
    quality_threshold: float = 0.5
    liveness_threshold: float = 0.5

    @property
    def prediction(self) -> LivenessPrediction:
        """The verdict: unknown on poor quality, else by the score's threshold."""
        if self.quality < self.quality_threshold:
            return LivenessPrediction.UNKNOWN
        if self.score >= self.liveness_threshold:
            return LivenessPrediction.REAL
        return LivenessPrediction.SPOOF

    def as_dict(self) -> dict[str, Any]:
        """The contract's `liveness` (the resource /liveness has a shape of its own)."""
        estimations = {"quality": _rounded(self.quality), "score": _rounded(self.score)}
        return {"prediction": str(self.prediction), "estimations": estimations}


@dataclass(frozen=True, slots=True)
class Ethnicities(Probabilities):
    """The probability of each ethnic group."""

    asian: float
    indian: float
    caucasian: float
    african_american: float

    def as_dict(self) -> dict[str, Any]:
        """The contract's `ethnicities`."""
        return {"predominant_ethnicity": self.predominant(), "estimations": self.estimations()}


@dataclass(frozen=True, slots=True)
class BasicAttributes:
    """Age in years, gender, and the ethnic groups where the model pack can tell them."""

    age: float
    gender: Gender
    ethnicities: Ethnicities | None = None
    gender_score: float = 1.0

    def as_dict(self) -> dict[str, Any]:
        """The contract's `basic_attributes` as estimators return them."""
        shown: dict[str, Any] = {
            "age": min(max(round(self.age), 0), 100),
            "gender": int(self.gender),
        }
        if self.ethnicities is not None:
            shown["ethnicities"] = self.ethnicities.as_dict()
        return shown


# Names as the integers that events, filters and policies use for them.
EMOTION_IDS: Mapping[str, int] = {
    "anger": 1,
    "disgust": 2,
    "fear": 3,
    "happiness": 4,
    "neutral": 5,
    "sadness": 6,
    "surprise": 7,
}
MASK_IDS: Mapping[str, int] = {"missing": 1, "medical_mask": 2, "occluded": 3}
LIVENESS_IDS: Mapping[str, int] = {"spoof": 0, "real": 1, "unknown": 2}
ETHNICITY_IDS: Mapping[str, int] = {
    "african_american": 1,
    "indian": 2,
    "asian": 3,
    "caucasian": 4,
}
