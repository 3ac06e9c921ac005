"""The outcome of face quality checks."""

from typing import TYPE_CHECKING, Literal

from domain.policies.quality import CHOICES, FLAGS, NEWER, RANGES, RangeThreshold
from domain.shared.fields import Flag, Number, Record, Text

if TYPE_CHECKING:
    CheckName = str
else:
    # Events know fewer of the newer checks than policies.
    _KNOWN = ("background_lightness", "background_uniformity", "shoulders_position")
    _FIRST = [name for name in (*RANGES, *CHOICES, *FLAGS) if name not in NEWER]
    CheckName = Literal[(*_FIRST, *_KNOWN)]


class CheckResult(Record):
    """The outcome of one check."""

    name: CheckName
    object_value: Number | Text
    threshold_value: RangeThreshold | list[Text | None] | Flag
    result: Flag


class ChecksResult(Record):
    """The outcome of all checks of a face."""

    status: Flag
    checks: list[CheckResult]
