"""Candidates as they come, checked and sorted by what they can be compared with."""

from collections.abc import Sequence

from domain.shared.biometrics import Descriptor, DescriptorKind
from inference.matching.batches import Features
from inference.matching.collection import VectorsOf
from inference.matching.scoring import Scoring
from inference.matching.values import Origin, PutCandidate

CollectionKey = tuple[Origin, DescriptorKind, int]
Incoming = tuple[CollectionKey, list[PutCandidate], VectorsOf]
"""Candidates of one collection, each once, and what makes their vectors."""


def checked(puts: Sequence[PutCandidate], features: Features) -> list[Incoming]:
    """Puts by collection, the last one of each candidate; refused if a descriptor is."""
    chosen: dict[CollectionKey, list[PutCandidate]] = {}
    for put in puts:
        descriptor = put.descriptor
        key = (put.origin, descriptor.kind, descriptor.version)
        if key in chosen:
            chosen[key].append(put)
        elif key[1:] in features:
            chosen[key] = [put]
    made = []
    for key, all_ in chosen.items():
        feature = features[key[1:]]
        size = 4 * feature.dimension
        if any(len(put.descriptor.data) != size for put in all_):
            for put in all_:
                put.descriptor.require_dimension(feature.dimension)
        latest = list({put.candidate_id.int: put for put in all_}.values())
        descriptors = [put.descriptor for put in latest]
        scoring = Scoring(feature.calibration)
        scoring.require_lengths(descriptors)
        made.append((key, latest, _vectors_of(descriptors, scoring)))
    return made


def _vectors_of(descriptors: Sequence[Descriptor], scoring: Scoring) -> VectorsOf:
    return lambda part: scoring.rows(descriptors[part])
