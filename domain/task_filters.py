"""Filters of tasks: which faces, events or attributes a task works on."""

from typing import Annotated, Any, Final

from pydantic import BeforeValidator

from domain.policies.match import EventFilters, FaceFilters
from domain.shared.fields import Absent, Id, Record, Source

__all__ = [
    "FILTERS_OF",
    "AttributeTaskFilters",
    "EventTaskFilters",
    "FaceTaskFilters",
    "TaskFilters",
    "filters_of",
]


def _split(value: Any) -> Any:
    """Comma separated text as a list: one example of the documents writes sources so."""
    if isinstance(value, str):
        return [part.strip() for part in value.split(",")]
    return value


class FaceTaskFilters(FaceFilters):
    """Which faces a task works on; all conditions hold, a list means any of it."""


class EventTaskFilters(EventFilters):
    """Which events a task works on; all conditions hold, a list means any of it, all of tags."""

    sources: Annotated[Absent[tuple[Source, ...]], BeforeValidator(_split)] = None


class AttributeTaskFilters(Record):
    """Which temporary attributes a task works on."""

    attribute_ids: Absent[tuple[Id, ...]] = None
    account_id: Absent[Id] = None


TaskFilters = FaceTaskFilters | EventTaskFilters | AttributeTaskFilters
FILTERS_OF: Final[dict[str, type[TaskFilters]]] = {
    "faces": FaceTaskFilters,
    "events": EventTaskFilters,
    "attributes": AttributeTaskFilters,
}
"""The filters of each kind of objects."""


def filters_of(kind: Any, given: Any) -> Any:
    """The filters as those of this kind of objects; errors keep their place in the body."""
    model = FILTERS_OF.get(kind)
    if model is None:  # the kind itself was refused already
        return given
    if isinstance(given, TaskFilters):
        given = given.as_dict()
    return model.model_validate(given)
