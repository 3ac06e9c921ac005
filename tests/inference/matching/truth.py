"""A match index that compares everything with everything in float32: slow, and plainly right."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from domain.shared.biometrics import Descriptor, DescriptorKind
from domain.shared.model_features import DescriptorFeature
from inference.matching.values import (
    AttachCandidate,
    DetachCandidate,
    DropList,
    IndexChange,
    MatchFilters,
    MatchOrder,
    MatchQuery,
    Origin,
    PutCandidate,
    RemoveCandidate,
)

Ranked = list[tuple[UUID, float]]


class Truth:
    """The candidates, as they were put."""

    def __init__(self, features: Iterable[DescriptorFeature]) -> None:
        self.features = {(each.kind, each.version): each for each in features}
        self.candidates: dict[tuple[Origin, UUID, DescriptorKind, int], PutCandidate] = {}

    def apply(self, changes: Sequence[IndexChange]) -> None:
        """Apply changes in order."""
        for change in changes:
            self._apply(change)

    def _apply(self, change: IndexChange) -> None:
        match change:
            case PutCandidate():
                kind, version = change.descriptor.kind, change.descriptor.version
                if (kind, version) in self.features:
                    self.candidates[change.origin, change.candidate_id, kind, version] = change
            case RemoveCandidate():
                for key in list(self.candidates):
                    if (
                        key[:2] == (change.origin, change.candidate_id)
                        and change.kind in (None, key[2])
                        and change.version in (None, key[3])
                    ):
                        del self.candidates[key]
            case AttachCandidate():
                self._relist(change.candidate_id, lambda lists: {*lists, change.list_id})
            case DetachCandidate():
                self._relist(change.candidate_id, lambda lists: {*lists} - {change.list_id})
            case DropList():
                self._relist(None, lambda lists: {*lists} - {change.list_id})

    def _relist(self, candidate_id, change) -> None:  # type: ignore[no-untyped-def]
        for key, put in self.candidates.items():
            if key[0] is Origin.FACES and candidate_id in (None, key[1]):
                self.candidates[key] = replace(put, list_ids=tuple(change(put.list_ids)))

    def search(self, query: MatchQuery) -> list[Ranked]:
        """What each reference finds."""
        return [self._search(query, reference) for reference in query.references]

    def _search(self, query: MatchQuery, reference: Descriptor) -> Ranked:
        wanted = (reference.kind, reference.version)
        filters = query.filters
        if filters.ids is not None:
            filters = replace(filters, ids=frozenset(filters.ids))
        passing = [
            put
            for key, put in self.candidates.items()
            if key[0] is query.origin and key[2:] == wanted and passes(put, filters)
        ]
        if not passing:
            return []
        feature = self.features[wanted]
        scores = score(feature, reference, [put.descriptor for put in passing])
        sign = -1.0 if feature.calibration.metric == "euclidean" else 1.0
        ranked = sorted(
            (-float(value), put.candidate_id.bytes, put.create_time, put.candidate_id)
            for value, put in zip(scores, passing, strict=True)
        )
        best = [
            (candidate_id, feature.calibration.similarity(-value * sign), time)
            for value, _, time, candidate_id in ranked
        ]
        best = [each for each in best if each[1] >= query.threshold][: query.limit]
        if query.order is MatchOrder.CREATE_TIME_ASC:
            best.sort(key=lambda each: each[2])
        if query.order is MatchOrder.CREATE_TIME_DESC:
            best.sort(key=lambda each: each[2].timestamp(), reverse=True)
        return [(candidate_id, similarity) for candidate_id, similarity, _ in best]


def passes(put: PutCandidate, filters: MatchFilters) -> bool:
    """Whether a candidate takes part."""
    return (
        filters.account_id in (None, put.account_id)
        and (filters.list_id is None or filters.list_id in put.list_ids)
        and (filters.ids is None or put.candidate_id in filters.ids)
        and (filters.id__gte is None or put.candidate_id.bytes >= filters.id__gte.bytes)
        and (filters.id__lt is None or put.candidate_id.bytes < filters.id__lt.bytes)
        and (filters.create_time__gte is None or put.create_time >= filters.create_time__gte)
        and (filters.create_time__lt is None or put.create_time < filters.create_time__lt)
        and filters.gender in (None, put.gender)
        and (filters.age__gte is None or (put.age is not None and put.age >= filters.age__gte))
        and (filters.age__lt is None or (put.age is not None and put.age < filters.age__lt))
    )


def score(
    feature: DescriptorFeature, reference: Descriptor, candidates: Sequence[Descriptor]
) -> NDArray[np.float32]:
    """Cosines or negated distances: float32 rows, sums in double precision, rounded once."""
    rows = np.frombuffer(b"".join(each.data for each in candidates), "<f4")
    rows = rows.reshape(len(candidates), -1)
    row = np.frombuffer(reference.data, "<f4")
    if feature.calibration.metric == "euclidean":
        distances = np.linalg.norm(rows.astype(np.float64) - row.astype(np.float64), axis=1)
        return -distances.astype(np.float32)
    cosines = _unit(rows).astype(np.float64) @ _unit(row[None])[0].astype(np.float64)
    return np.clip(cosines, -1.0, 1.0).astype(np.float32)


def _unit(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    lengths = np.linalg.norm(rows.astype(np.float64), axis=1, keepdims=True)
    return np.asarray(rows / np.maximum(lengths, 1e-12), np.float32)
