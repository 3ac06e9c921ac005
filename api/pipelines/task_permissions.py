"""What a token must allow whoever gives a task: what the task then does in their name."""

from collections.abc import Iterator
from typing import Final
from uuid import UUID

from api.authentication import Identity
from domain.estimator_task import EstimatorContent, KnownHandler, ZipSource
from domain.gc_task import GcContent
from domain.shared.fields import Record
from domain.task_errors import TaskNotFound
from domain.task_kinds import (
    ClusteringContent,
    CrossMatchContent,
    ExporterContent,
    LinkerContent,
    ReporterContent,
    RocContent,
)
from projections.database import Reader
from projections.tasks import get_task

Needed = tuple[str, str]
"""A kind of things as tokens call it, and what is done with them."""

_THINGS: Final = {
    "faces": "face",
    "events": "event",
    "general_events": "event",
    "attributes": "attribute",
}
_SAMPLES: Final = ("face_sample", "body_sample")
_OWN_OBJECT: Final = "/6/objects/"


def demand_task(caller: Identity, content: Record, db: Reader, account_id: UUID) -> None:
    """Refuse unless the caller may do what a task of this content does."""
    if caller.permissions is None:
        return
    for resource, action in _needed(content, db, account_id):
        caller.demand(resource, action)
    if isinstance(content, EstimatorContent):
        if isinstance(content.handler, KnownHandler):
            caller.demand_use("emit_events", content.handler.handler_id)
        else:  # no list can name a handler that is in the task alone
            caller.demand_use("emit_events", UUID(int=0))


def _needed(content: Record, db: Reader, account_id: UUID) -> Iterator[Needed]:
    match content:
        case ClusteringContent():
            yield _THINGS[content.objects_type], "matching"
        case CrossMatchContent():
            yield _THINGS[content.filters.reference_type], "matching"
            yield _THINGS[content.filters.candidate_type], "matching"
        case RocContent():
            for marked in content.markup:
                yield ("attribute" if marked.face_id is None else "face"), "matching"
        case ExporterContent():
            yield from _shown(content.objects_type, bool(content.save_images))
        case ReporterContent():
            kind = _clustered(db, account_id, content.filters.task_id)
            yield from () if kind is None else _shown(kind, bool(content.save_images))
        case LinkerContent():
            yield _THINGS[content.objects_type], "view"
            yield "list", "creation" if content.create_list else "modification"
            yield "face", "modification" if content.objects_type == "faces" else "creation"
        case GcContent():
            yield _THINGS[content.target], "deletion"
            if content.remove_samples:
                yield from ((name, "deletion") for name in _SAMPLES)
            if content.remove_image_origins:
                yield "image", "deletion"
            if content.store_results:
                yield _THINGS[content.target], "view"
        case EstimatorContent(source=ZipSource(reference=reference)):
            if reference.startswith(_OWN_OBJECT):
                yield "object", "view"


def _shown(kind: str, images: bool) -> Iterator[Needed]:
    yield _THINGS[kind], "view"
    if images:
        yield "face_sample", "view"
        if kind == "events":
            yield "body_sample", "view"


def _clustered(db: Reader, account_id: UUID, task_id: int) -> str | None:
    """What a clustering task is about, None where there is none: then there is no report."""
    try:
        content = get_task(db, account_id, task_id)["content"] or {}
    except TaskNotFound:
        return None
    return content.get("objects_type") if content.get("objects_type") in _THINGS else None
