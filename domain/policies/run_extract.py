"""Running the extract policy, and taking what several images show of one person together."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, TypeVar

from domain.policies.extract import ExtractPolicy, FaceExtractPolicy
from domain.policies.reasons import FilterReason
from domain.shared.aggregation import mean_liveness, mean_scores
from domain.shared.detections import ExtractWanted, FaceEstimations

T = TypeVar("T")

_TOGETHER: Final[Mapping[str, Callable[[Sequence[Any]], Any]]] = {
    "liveness": mean_liveness,
    "mask": mean_scores,
    "emotions": mean_scores,
}


def extract_wanted(policy: FaceExtractPolicy, *, aggregate: bool = False) -> ExtractWanted:
    """What the networks make of face warps; `aggregate`: all of them show one person."""
    descriptor = not isinstance(policy, ExtractPolicy) or bool(policy.extract_face_descriptor)
    return ExtractWanted(descriptor, bool(policy.extract_basic_attributes), aggregate)


def score_reason(policy: FaceExtractPolicy, score: float) -> FilterReason | None:
    """Why a face descriptor is neither matched nor stored; None when it is good enough."""
    if score >= policy.fd_score_threshold:
        return None
    return FilterReason("score_threshold", round(score, 6), policy.fd_score_threshold)


def events_of(found: Sequence[T], *, aggregate: bool) -> list[list[T]]:
    """Who makes which event: one each, or all one together; nobody makes none."""
    if aggregate:
        return [list(found)] if found else []
    return [[one] for one in found]


def estimations_together(several: Sequence[FaceEstimations]) -> FaceEstimations:
    """Liveness, mask and emotions of one person over several detections; the rest is left out."""
    merged: dict[str, Any] = {}
    for name, merge in _TOGETHER.items():
        if known := [value for one in several if (value := getattr(one, name)) is not None]:
            merged[name] = merge(known)
    return FaceEstimations(**merged)
