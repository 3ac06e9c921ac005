"""The outcome of face quality checks."""

from typing import TYPE_CHECKING, Literal

from domain.policies.quality import CHOICES, FLAGS, RANGES, RangeThreshold
from domain.shared.fields import Flag, Number, Record, Text

if TYPE_CHECKING:
    CheckName = str
else:
    CheckName = Literal[(*RANGES, *CHOICES, *FLAGS)]


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
