"""Cross-matching tasks: every reference compared with every candidate."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, ClassVar, Final
from uuid import UUID

from api.pipelines.candidates import CandidateSearch
from api.workers.tasks.kind import PartDone, TaskResult, Work
from api.workers.tasks.parts import narrowed
from api.workers.tasks.selection import selected_ids
from api.workers.tasks.vectors import descriptors_of, descriptors_of_attributes, feature_of
from domain.policies.match import EventCandidateFilters, FaceCandidateFilters
from domain.shared.biometrics import Descriptor
from domain.shared.fields import Record
from domain.shared.model_features import DescriptorFeature
from domain.task_kinds import CrossMatchContent
from domain.task_refusals import NothingSelected, TooManySelected
from ray_cluster.galleries import best_among
from ray_cluster.matching import MatchCandidate, MatchQuery

MOST_FOUND: Final = 2_000_000
_OF_A_PART: Final = 5000
_AT_ONCE: Final = 128  # more would keep the searches of clients waiting
_CANDIDATES: Final[Mapping[str, Any]] = {
    "faces": FaceCandidateFilters,
    "events": EventCandidateFilters,
}


class CrossMatching:
    """Finds the best candidates of each reference; only objects with descriptors take part."""

    name: ClassVar[str] = "cross_match"
    number: ClassVar[int] = 6
    content: ClassVar[type[Record]] = CrossMatchContent
    partial: ClassVar[bool] = True

    def split(self, work: Work, content: CrossMatchContent) -> Sequence[Mapping[str, Any]]:
        """Parts of some thousand references; the documents call their results one."""
        filters, whole = content.filters, content.as_dict()
        if filters.reference_type == "attributes":
            return [whole]
        kind, chosen = filters.reference_type, _known(filters.reference_filters)
        ids = selected_ids(work.reader, work.account_id, kind, chosen)
        if not ids:
            raise NothingSelected("cross-matching")
        if len(ids) * content.limit > MOST_FOUND:
            raise TooManySelected(len(ids), "cross-matching", MOST_FOUND // content.limit)
        if len(ids) <= _OF_A_PART:
            return [whole]
        return [
            {**whole, "filters": {**whole["filters"], "reference_filters": part}}
            for part in narrowed(kind, chosen, ids, _OF_A_PART)
        ]

    def run(self, work: Work, content: CrossMatchContent, part: Mapping[str, Any]) -> PartDone:
        """The candidates of each reference of the part, best first."""
        content = CrossMatchContent.model_validate(part)
        feature = feature_of(work, content.descriptor.type)
        found: list[dict[str, Any]] = []
        candidates = _Candidates(work, content, feature)
        for page in self._references(work, content, feature):
            for start in range(0, len(page), _AT_ONCE):
                work.check()
                some = page[start : start + _AT_ONCE]
                answers = candidates.best([descriptor for _, descriptor in some])
                found += [
                    {"reference_id": reference_id, "candidates": [_shown(one) for one in best]}
                    for (reference_id, _), best in zip(some, answers, strict=True)
                ]
        return PartDone(found)

    def _references(
        self, work: Work, content: CrossMatchContent, feature: DescriptorFeature
    ) -> Iterable[list[tuple[UUID, Descriptor]]]:
        filters = content.filters
        kind, chosen = filters.reference_type, _known(filters.reference_filters)
        if kind == "attributes":
            attributes = descriptors_of_attributes(work, chosen, feature)
            if not attributes:
                raise NothingSelected("cross-matching")
            return [sorted(attributes.items())]
        ids = selected_ids(work.reader, work.account_id, kind, chosen)
        return descriptors_of(work, ids, feature)

    def merge(self, work: Work, content: CrossMatchContent, results: Iterable[Any]) -> TaskResult:
        """All references, in the order of their ids."""
        return TaskResult([one for found in results for one in found])


class _Candidates:
    """Those whom references are compared with."""

    def __init__(self, work: Work, content: CrossMatchContent, feature: DescriptorFeature) -> None:
        self._work, self._content, self._feature = work, content, feature
        filters = content.filters
        self._attributes: dict[UUID, Descriptor] | None = None
        if filters.candidate_type == "attributes":
            chosen = _known(filters.candidate_filters)
            self._attributes = descriptors_of_attributes(work, chosen, feature)
            return
        given = filters.candidate_filters
        wanted = {} if given is None else given.as_dict()
        model = _CANDIDATES[filters.candidate_type]
        candidates = model.model_validate({**wanted, "origin": filters.candidate_type})
        search = CandidateSearch(work.reader, work.services.matching)
        planned = search.planned(candidates.resolved(datetime.now(UTC)), work.account_id)
        self._origin, self._filters = work.wait(planned)

    def best(self, references: Sequence[Descriptor]) -> list[Sequence[MatchCandidate]]:
        """The best candidates of each reference."""
        limit, threshold = self._content.limit, self._content.threshold
        if self._attributes is not None:
            return best_among(
                self._attributes, references, self._feature, limit=limit, threshold=threshold
            )
        query = MatchQuery(
            references=tuple(references),
            origin=self._origin,
            filters=self._filters,
            limit=limit,
            threshold=threshold,
        )
        (answers,) = self._work.wait(self._work.services.matching.search([query]))
        return [answer.candidates for answer in answers]


def _known(filters: Any) -> Any:
    """The filters, of the type that the kind of objects has: the content made sure of it."""
    return filters


def _shown(candidate: MatchCandidate) -> dict[str, Any]:
    return {"id": candidate.candidate_id, "similarity": round(candidate.similarity, 6)}
