"""The objects that the filters of a task mean, at the moment that the task is at work."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from domain.task_filters import EventTaskFilters, FaceTaskFilters
from projections.candidates import event_ids_where, face_ids_where
from projections.database import Reader
from projections.event_filters import EventConditions
from projections.faces import FaceConditions


def selected_ids(
    db: Reader, account_id: UUID, kind: str, filters: FaceTaskFilters | EventTaskFilters | None
) -> list[UUID]:
    """The ids of the account's faces or events that pass, in order of their ids."""
    if kind == "faces":
        return sorted(face_ids_where(db, account_id, face_conditions(filters)))
    return sorted(event_ids_where(db, account_id, event_conditions(filters)))


def fixed(filters: Any) -> Any:
    """The filters with times relative to now made absolute, so that all parts mean the same."""
    return None if filters is None else filters.resolved(datetime.now(UTC))


def face_conditions(filters: Any) -> FaceConditions:
    """The filters as conditions of a query; times relative to now are taken now."""
    return FaceConditions.model_validate(_given(filters))


def event_conditions(filters: Any) -> EventConditions:
    """The filters as conditions of a query; times relative to now are taken now."""
    given = _given(filters)
    place = given.pop("geo_position", None) or {}
    if "gender" in given:
        given["gender"] = [given["gender"]]
    return EventConditions.model_validate({**given, **place})


def _given(filters: Any) -> dict[str, Any]:
    if filters is None:
        return {}
    given = fixed(filters).model_dump(exclude_none=True)
    given.pop("account_id", None)  # it is the account of the task, or the task is refused
    return {n: list(v) if isinstance(v, tuple) else v for n, v in given.items()}
