"""Parts of a task that each take some of the selected objects, from one id to another."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any, Final, TypeVar
from uuid import UUID

from domain.task_filters import EventTaskFilters, FaceTaskFilters

F = TypeVar("F", FaceTaskFilters, EventTaskFilters)

_NARROWED: Final = {"faces": "face_id", "events": "event_id"}
_MODEL: Final[dict[str, Any]] = {"faces": FaceTaskFilters, "events": EventTaskFilters}


def narrowed(
    kind: str,
    filters: FaceTaskFilters | EventTaskFilters | None,
    ids: Sequence[UUID],
    size: int,
) -> list[dict[str, Any]]:
    """The filters of each part: the same, and from which id on, up to which, it is.

    `ids` are all that pass, in order; one part keeps the filters as they are.
    """
    model, name = _MODEL[kind], _NARROWED[kind]
    whole = model() if filters is None else filters
    firsts: list[UUID | None] = [None, *ids[size::size], None]
    parts = []
    for first, stop in pairwise(firsts):
        bounds = {f"{name}__gte": first, f"{name}__lt": stop}
        update = {bound: value for bound, value in bounds.items() if value is not None}
        parts.append(whole.model_copy(update=update).as_dict())
    return parts
