"""Why detections and descriptors were dropped, as answers say it."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class FilterReason:
    """Why something was dropped: the filter, the value it saw and the limit it had."""

    filter_name: str
    object_value: float | int | str
    threshold_value: float | int | tuple[int, ...]

    def as_dict(self) -> dict[str, Any]:
        """The contract's `FilterReason`."""
        limit = self.threshold_value
        return {
            "filter_name": self.filter_name,
            "object_value": self.object_value,
            "threshold_value": list(limit) if isinstance(limit, tuple) else limit,
        }


@dataclass(frozen=True, slots=True)
class FilteredDetection:
    """A face that the detect policy dropped; `detection` is the contract's `FaceDetection`."""

    filename: str
    detection: dict[str, Any]
    reasons: tuple[FilterReason, ...]

    def as_dict(self) -> dict[str, Any]:
        """The contract's `FilteredEventDetection`."""
        return {
            "filter_reasons": [reason.as_dict() for reason in self.reasons],
            "detection": {"filename": self.filename, "sample": {"detection": self.detection}},
        }
