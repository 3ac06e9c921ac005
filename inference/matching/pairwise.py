"""Similarities of given descriptors, in no index."""

from collections.abc import Iterable, Sequence
from typing import Final

from domain.shared.biometrics import BadDescriptor, Descriptor
from domain.shared.model_features import DescriptorFeature
from inference.matching.scoring import Scoring

_AT_ONCE: Final = 1024


def compare(
    reference: Descriptor,
    candidates: Sequence[Descriptor],
    features: Iterable[DescriptorFeature],
) -> list[float]:
    """The similarity of a reference with each candidate: what a search of an index gives."""
    feature = _feature(reference, features)
    for descriptor in (reference, *candidates):
        if (descriptor.kind, descriptor.version) != (feature.kind, feature.version):
            raise BadDescriptor(
                f"{descriptor.kind} version {descriptor.version} cannot be compared with "
                f"{feature.kind} version {feature.version}"
            )
        descriptor.require_dimension(feature.dimension)
    scoring = Scoring(feature.calibration)
    row = scoring.rows([reference])
    found: list[float] = []
    for start in range(0, len(candidates), _AT_ONCE):
        rows = scoring.rows(candidates[start : start + _AT_ONCE])
        found += scoring.similarities(scoring.scores(rows, row)).tolist()
    return found


def _feature(descriptor: Descriptor, features: Iterable[DescriptorFeature]) -> DescriptorFeature:
    for feature in features:
        if (feature.kind, feature.version) == (descriptor.kind, descriptor.version):
            return feature
    raise BadDescriptor(f"{descriptor.kind} version {descriptor.version} is unknown")
