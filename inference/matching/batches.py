"""What a search is made of, and rows that wait for searches to end."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from domain.shared.biometrics import Descriptor, DescriptorKind
from domain.shared.model_features import DescriptorFeature
from inference.matching.collection import Collection
from inference.matching.id_table import Rows
from inference.matching.planner import Plan
from inference.matching.scan import Asked, Wanted
from inference.matching.scoring import Scoring
from inference.matching.values import MatchQuery


class Batch(NamedTuple):
    """References that are looked for in one scan."""

    collection: Collection
    plan: Plan
    asked: list[Asked]


class Search(NamedTuple):
    """A search that has begun: its number, the position, and what is left to be scanned."""

    number: int
    position: int
    batches: list[Batch]


class Dead(NamedTuple):
    """Rows to be wiped once all searches numbered below `before` have ended."""

    before: int
    collection: Collection
    rows: Rows


Features = Mapping[tuple[DescriptorKind, int], DescriptorFeature]


def feature_of(descriptor: Descriptor, features: Features) -> DescriptorFeature | None:
    """How descriptors of this version are compared; None when that is not known."""
    feature = features.get((descriptor.kind, descriptor.version))
    if feature is not None:
        descriptor.require_dimension(feature.dimension)
    return feature


def asked_of(queries: Sequence[MatchQuery], features: Features) -> list[Asked]:
    """The references of queries that can be compared with anything."""
    asked = []
    for number, query in enumerate(queries):
        by_version: dict[DescriptorFeature, list[int]] = defaultdict(list)
        for place, reference in enumerate(query.references):
            if (feature := feature_of(reference, features)) is not None:
                by_version[feature].append(place)
        for feature, places in by_version.items():
            scoring = Scoring(feature.calibration)
            rows = scoring.rows([query.references[place] for place in places])
            least = scoring.least_score(query.threshold)
            for row, place in enumerate(places):
                wanted = Wanted(rows[row : row + 1], query.limit, least)
                asked.append(Asked(number, place, wanted))
    return asked
