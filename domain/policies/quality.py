"""Face quality: which checks of an image and a face are made, and what passes them."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import GenericAlias
from typing import TYPE_CHECKING, Any, Final, Literal

from pydantic import create_model

from domain.shared.detections import Measured
from domain.shared.enums import (
    CheckStatus,
    EyebrowsState,
    FaceColorType,
    HeadwearType,
    IsoImageFormat,
    ShouldersPosition,
    SmileProperties,
)
from domain.shared.estimations import EyeState, GlassesState
from domain.shared.fields import Flag, Number, Record


class RangeThreshold(Record):
    """Both bounds belong to the range; without a bound it is open there."""

    min: Number | None = None
    max: Number | None = None

    def accepts(self, value: Measured) -> bool:
        """Whether the number lies in the range."""
        number = float(value)
        above = self.min is None or number >= self.min
        return above and (self.max is None or number <= self.max)


class Check(Record):
    """One check: whether it is made, and in subclasses the `threshold` that decides."""

    estimate: Flag = 1

    @property
    def shown(self) -> Any:
        """The threshold as JSON."""
        return self.as_dict()["threshold"]

    def accepts(self, value: Measured) -> bool:
        """Whether the measured value passes."""
        raise TypeError(f"{type(self).__name__} has no threshold")


class RangeCheck(Check):
    """A number must lie in a range."""

    threshold: RangeThreshold

    def accepts(self, value: Measured) -> bool:
        """Whether the number lies in the range."""
        return self.threshold.accepts(value)


class ChoiceCheck(Check):
    """A word must be one of some."""

    threshold: tuple[str, ...]

    def accepts(self, value: Measured) -> bool:
        """Whether the word is one of the accepted."""
        return value in self.threshold


class FlagCheck(Check):
    """A flag must be as wanted."""

    threshold: Flag

    def accepts(self, value: Measured) -> bool:
        """Whether the flag is the wanted one."""
        return value == self.threshold


RANGES: Final[Mapping[str, tuple[float | None, float | None]]] = {
    "illumination_quality": (0.3, 1),
    "specularity_quality": (0.3, 1),
    "blurriness_quality": (0.61, 1),
    "dark_quality": (0.5, 1),
    "light_quality": (0.57, 1),
    "head_yaw": (-5, 5),
    "head_pitch": (-5, 5),
    "head_roll": (-8, 8),
    "gaze_yaw": (-5, 5),
    "gaze_pitch": (-5, 5),
    "mouth_smiling": (0, 0.5),
    "mouth_occluded": (0, 0.5),
    "mouth_open": (0, 0.5),
    "head_horizontal_center": (0.45, 0.55),
    "head_vertical_center": (0.3, 0.5),
    "head_width": (0.5, 0.75),
    "head_height": (0.6, 0.9),
    "eye_distance": (90, None),
    "image_width": (180, 1920),
    "image_height": (180, 1080),
    "aspect_ratio": (0.74, 0.8),
    "face_width": (180, 1920),
    "face_height": (180, None),
    "indent_left": (20, None),
    "indent_right": (20, None),
    "indent_upper": (20, None),
    "indent_lower": (20, None),
    "image_size": (5120, 2097152),
    "illumination_uniformity": (0.5, 1),
    "dynamic_range": (0.5, 1),
    "background_uniformity": (0.5, 1),
    "background_lightness": (0.2, 1),
}
"""Checks of numbers, with the range that is accepted unless a policy says otherwise."""

CHOICES: Final[Mapping[str, tuple[type[Any], tuple[str, ...]]]] = {
    "image_format": (IsoImageFormat, ("JPEG", "JPEG2000", "PNG")),
    "glasses": (GlassesState, ("no_glasses", "eyeglasses")),
    "left_eye": (EyeState, ("open",)),
    "right_eye": (EyeState, ("open",)),
    "eyebrows_state": (EyebrowsState, ("neutral",)),
    "smile_properties": (SmileProperties, ("none",)),
    "headwear_type": (HeadwearType, ("none",)),
    "face_color_type": (FaceColorType, ("color",)),
    "shoulders_position": (ShouldersPosition, ("parallel",)),
}
"""Checks of words: the words there are, and those accepted unless a policy says otherwise."""

FLAGS: Final[Mapping[str, int]] = {
    "natural_light": 1,
    "radial_distortion": 0,
    "red_eyes": 0,
    "face_occlusion": 0,
    "lower_face_occlusion": 0,
    "forehead_occlusion": 0,
    "nose_occlusion": 0,
    "image_modification": 0,
}
"""Checks of flags, with the value that is accepted unless a policy says otherwise."""

NEWER: Final = frozenset(
    {
        "background_uniformity",
        "background_lightness",
        "shoulders_position",
        "face_occlusion",
        "lower_face_occlusion",
        "forehead_occlusion",
        "nose_occlusion",
        "image_modification",
    }
)
"""Checks that only later clients know; a policy has them made by asking for them."""


class Checks(Record):
    """The checks of a face quality policy by name; the fields are those of the tables above."""

    def wanted(self) -> dict[str, Check]:
        """The checks that are made."""
        every = ((name, getattr(self, name)) for name in type(self).model_fields)
        return {name: check for name, check in every if check.estimate}


def _field(name: str, base: type[Check], kind: Any, default: Any) -> Any:
    """One field of the checks: its own class, so that each has its own default threshold."""
    title = "".join(part.capitalize() for part in name.split("_")) + "Check"
    made = create_model(
        title,
        __base__=base,
        __doc__=base.__doc__,
        estimate=(Flag, int(name not in NEWER)),
        threshold=(kind, default),
    )
    return made, made()


def _fields() -> dict[str, Any]:
    made = {}
    for name, (low, high) in RANGES.items():
        bounds = RangeThreshold(min=low, max=high)
        made[name] = _field(name, RangeCheck, RangeThreshold, bounds)
    for name, (words, accepted) in CHOICES.items():
        word = Literal.__getitem__(tuple(str(item) for item in words))
        made[name] = _field(name, ChoiceCheck, GenericAlias(tuple, (word, ...)), accepted)
    for name, accepted_flag in FLAGS.items():
        made[name] = _field(name, FlagCheck, Flag, accepted_flag)
    return made


if TYPE_CHECKING:
    FaceQualityChecks = Checks
else:
    FaceQualityChecks = create_model(
        "FaceQualityChecks", __base__=Checks, __doc__=Checks.__doc__, **_fields()
    )


class FaceQualityPolicy(Record):
    """Whether faces are checked, with which checks, and whether those that fail are dropped."""

    estimate: Flag = 0
    filter: Flag = 0
    checks: FaceQualityChecks = FaceQualityChecks()


@dataclass(frozen=True, slots=True)
class CheckResult:
    """The outcome of one check."""

    name: str
    value: Measured
    threshold: Any
    passed: bool

    def as_dict(self) -> dict[str, Any]:
        """The contract's `CheckResult`."""
        return {
            "name": self.name,
            "object_value": self.value,
            "threshold_value": self.threshold,
            "result": int(self.passed),
        }


@dataclass(frozen=True, slots=True)
class QualityVerdict:
    """The outcome of the checks of one face; those in `unmeasured` could not be made."""

    results: tuple[CheckResult, ...]
    unmeasured: tuple[str, ...] = ()

    @property
    def status(self) -> CheckStatus:
        """Passed when every check that was made is; when none of the wanted was, nobody vouches."""
        vouched = bool(self.results) or not self.unmeasured
        return CheckStatus(vouched and all(result.passed for result in self.results))

    def as_dict(self) -> dict[str, Any]:
        """The contract's `ChecksResult`."""
        return {
            "status": int(self.status),
            "checks": [result.as_dict() for result in self.results],
        }


def judge(checks: Checks, measured: Mapping[str, Measured]) -> QualityVerdict:
    """The outcome of the wanted checks."""
    results, unmeasured = [], []
    for name, check in checks.wanted().items():
        if (value := measured.get(name)) is None:
            unmeasured.append(name)
        else:
            results.append(CheckResult(name, value, check.shown, check.accepts(value)))
    return QualityVerdict(tuple(results), tuple(unmeasured))
