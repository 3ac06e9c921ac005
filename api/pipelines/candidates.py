"""Candidates of a comparison: filters to ids where SQL must decide, then the match index."""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any
from uuid import UUID

from api.http.refusals import BadBody
from domain.policies.match import (
    CandidateFilters,
    EventCandidateFilters,
    FaceCandidateFilters,
    GeneralEventCandidateFilters,
)
from domain.shared.biometrics import Descriptor
from projections.candidates import event_ids_where, face_ids_where, general_event_ids_where
from projections.database import Reader
from projections.event_filters import EventConditions
from projections.events import EventFilter, list_events
from projections.faces import FaceConditions, get_faces
from projections.general_events import GeneralEventConditions, get_general_events
from ray_cluster.matching import MatchAnswer, MatchFilters, Matching, MatchOrder, MatchQuery, Origin

Found = list[dict[str, Any]]
"""Candidates of one reference: `{"similarity": s, "face" | "event" | "general_event": fields}`."""

_OF_INDEX = frozenset({"origin", "account_id", "create_time__gte", "create_time__lt"})
_FACES_BY_INDEX = _OF_INDEX | {"face_ids", "face_id__gte", "face_id__lt", "list_id"}
_EVENTS_BY_INDEX = _OF_INDEX | {"event_ids", "event_id__gte", "event_id__lt"}
_PAGE = 1000


@dataclass(frozen=True, slots=True)
class CandidateSet:
    """Whom to compare with, how many to name, and which of their fields to show."""

    filters: CandidateFilters
    limit: int
    threshold: float
    shown: tuple[str, ...]
    order: MatchOrder = MatchOrder.SIMILARITY


class CandidateSearch:
    """Compares references with faces and events of both kinds, exactly, at the request's moment.

    `position` is the earliest place in the log that a search was answered at, None before the
    first; `exact` says that no search can have missed a better candidate, and where one can,
    `recall` is the least part of the best that was found when that was measured.
    """

    def __init__(self, reader: Reader, matching: Matching) -> None:
        self._reader = reader
        self._matching = matching
        self.position: int | None = None
        self.exact = True
        self.recall = 1.0

    async def search(
        self,
        references: Sequence[Descriptor],
        candidates: CandidateSet,
        account_id: UUID | None,
    ) -> list[Found]:
        """The candidates of each reference, in the set's order, with the fields to show."""
        filters = candidates.filters.resolved(datetime.now(UTC))
        if account_id is not None and filters.account_id not in (None, account_id):
            raise BadBody("candidates.filters.account_id", "it is not the account of the request")
        origin, wanted = await self.planned(filters, account_id or filters.account_id)
        answers = await self._matching.search(
            [
                MatchQuery(
                    references=tuple(references),
                    origin=origin,
                    filters=wanted,
                    limit=candidates.limit,
                    threshold=candidates.threshold,
                    order=candidates.order,
                )
            ]
        )
        for answer in answers[0]:
            at = answer.position
            self.position = at if self.position is None else min(self.position, at)
            self.exact = self.exact and answer.exact
            self.recall = min(self.recall, answer.recall)
        return await self._shown(answers[0], origin, candidates.shown)

    async def planned(
        self, filters: CandidateFilters, account_id: UUID | None
    ) -> tuple[Origin, MatchFilters]:
        """What the index is asked for, times being absolute: ids where only SQL can decide."""
        if isinstance(filters, FaceCandidateFilters):
            return Origin.FACES, await self._faces(filters, account_id)
        return Origin(filters.origin), await self._events(filters, account_id)

    async def _faces(self, filters: FaceCandidateFilters, account_id: UUID | None) -> MatchFilters:
        given = filters.model_dump(exclude_none=True)
        ids = given.get("face_ids")
        if not given.keys() <= _FACES_BY_INDEX:
            wanted = FaceConditions.model_validate(_plain(given))
            ids = await asyncio.to_thread(face_ids_where, self._reader, account_id, wanted)
        return MatchFilters(
            account_id=account_id,
            list_id=given.get("list_id"),
            ids=ids,
            id__gte=given.get("face_id__gte"),
            id__lt=given.get("face_id__lt"),
            create_time__gte=given.get("create_time__gte"),
            create_time__lt=given.get("create_time__lt"),
        )

    async def _events(
        self, filters: EventCandidateFilters | GeneralEventCandidateFilters, account_id: UUID | None
    ) -> MatchFilters:
        given = filters.model_dump(exclude_none=True)
        ids = given.get("event_ids")
        if not given.keys() <= _EVENTS_BY_INDEX:
            place = given.pop("geo_position", None) or {}
            if "gender" in given:
                given["gender"] = [given["gender"]]
            conditions = {**_plain(given), **place}
            if isinstance(filters, GeneralEventCandidateFilters):
                general = GeneralEventConditions.model_validate(conditions)
                find = partial(general_event_ids_where, self._reader, account_id, general)
            else:
                wanted = EventConditions.model_validate(conditions)
                find = partial(event_ids_where, self._reader, account_id, wanted)
            ids = await asyncio.to_thread(find)
        return MatchFilters(
            account_id=account_id,
            ids=ids,
            id__gte=given.get("event_id__gte"),
            id__lt=given.get("event_id__lt"),
            create_time__gte=given.get("create_time__gte"),
            create_time__lt=given.get("create_time__lt"),
        )

    async def _shown(
        self, answers: Iterable[MatchAnswer], origin: Origin, shown: tuple[str, ...]
    ) -> list[Found]:
        answers = list(answers)
        ids = {c.candidate_id for answer in answers for c in answer.candidates}
        rows = await asyncio.to_thread(self._rows, origin, list(ids), shown) if ids else {}
        key = origin.removesuffix("s")
        return [
            [
                _hit(key, rows[c.candidate_id], c.similarity, shown)
                for c in answer.candidates
                if c.candidate_id in rows  # deleted since the index was asked
            ]
            for answer in answers
        ]

    def _rows(
        self, origin: Origin, ids: list[UUID], shown: tuple[str, ...]
    ) -> dict[UUID, dict[str, Any]]:
        fields = [name for name in shown if name != "similarity"]
        if origin is Origin.FACES:
            found = get_faces(self._reader, ids)
            return {i: {name: row[name] for name in fields} for i, row in found.items()}
        if origin is Origin.GENERAL_EVENTS:
            told = get_general_events(self._reader, ids)
            return {i: {name: row[name] for name in fields} for i, row in told.items()}
        rows: dict[UUID, dict[str, Any]] = {}
        for start in range(0, len(ids), _PAGE):
            page = ids[start : start + _PAGE]
            target = list(dict.fromkeys(["event_id", *fields]))
            wanted = EventFilter(event_ids=page, target=target, page_size=_PAGE)
            for row in list_events(self._reader, None, wanted):
                event_id = row["event_id"]
                rows[event_id] = {name: row[name] for name in fields}
        return rows


def _hit(
    key: str, row: dict[str, Any], similarity: float, shown: tuple[str, ...]
) -> dict[str, Any]:
    hit: dict[str, Any] = {key: row}
    if "similarity" in shown:
        hit["similarity"] = round(similarity, 6)
    return hit


def _plain(given: dict[str, Any]) -> dict[str, Any]:
    """The filters without what is not a column's condition; tuples as lists."""
    skip = {"origin", "account_id"}
    return {
        name: list(value) if isinstance(value, tuple) else value
        for name, value in given.items()
        if name not in skip
    }
