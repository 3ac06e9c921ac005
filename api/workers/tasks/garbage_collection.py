"""The garbage collection: removes events of both kinds or faces, with samples and images."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any, ClassVar, Final
from uuid import UUID

from api.pipelines.keep_files import drop_files
from api.url_guard import UrlRefused
from api.workers.tasks.kind import PartDone, PartError, TaskResult, Work
from api.workers.tasks.results import once
from commands.events import DeleteEvents
from commands.faces import DeleteFaces
from commands.general_events import DeleteGeneralEvents
from commands.images import DeleteImages
from commands.samples import DeleteSamples
from domain.gc_task import GcContent, GcFilters
from domain.shared.enums import TaskType
from domain.shared.fields import Record, resolved
from projections.candidates import event_ids_where, face_ids_where, general_event_ids_where
from projections.event_filters import EventConditions
from projections.faces import FaceConditions
from projections.general_events import GeneralEventConditions
from projections.removal import Removed, events_to_remove, faces_to_remove

_PART: Final = 1000
_OWN_IMAGE: Final = "/6/images/"
_KEY: Final = {"events": "event_id", "general_events": "event_id", "faces": "face_id"}
_CONDITIONS: Final = {"handler_id": "handler_ids"}


class GarbageCollection:
    """Removes what passes the filters and was there when the task began."""

    name: ClassVar[str] = "gc"
    number: ClassVar[int] = TaskType.GARBAGE_COLLECTION
    content: ClassVar[type[Record]] = GcContent
    partial: ClassVar[bool] = True

    def split(self, work: Work, content: GcContent) -> Sequence[Mapping[str, Any]]:
        """Ranges of ids, with what was relative to now made absolute."""
        filters = _absolute(content, datetime.now(UTC))
        if content.target == "events":
            ids = event_ids_where(work.reader, work.account_id, _of_events(filters))
        elif content.target == "general_events":
            wanted = _of_general_events(filters)
            ids = general_event_ids_where(work.reader, work.account_id, wanted)
        else:
            ids = face_ids_where(work.reader, work.account_id, _of_faces(filters))
        key = _KEY[content.target]
        parts = []
        for first, stop in pairwise([None, *sorted(ids)[_PART::_PART], None]):
            bounds = {f"{key}__gte": first, f"{key}__lt": stop}
            given = {n: str(v) for n, v in bounds.items() if v is not None}
            parts.append({"target": content.target, "filters": {**filters, **given}})
        return parts

    def run(self, work: Work, content: GcContent, part: Mapping[str, Any]) -> PartDone:
        """Remove what is in the range: what is kept because of it first, itself at last."""
        found = [_removed(one) for one in once(work, lambda: _plan(work, part))]
        errors: list[PartError] = []
        if content.remove_samples:
            samples = tuple(dict.fromkeys(s for one in found for s in one.samples))
            gone = work.send(DeleteSamples(account_id=work.account_id, sample_ids=samples))
            work.wait(drop_files(work.services.blobs, gone))
        if content.remove_image_origins:
            errors += _remove_images(work, found)
        work.check()
        ids = tuple(one.object_id for one in found)
        said: dict[str, Any] = {"account_id": work.account_id, "ignore_missing": True}
        if part["target"] == "events":
            work.send(DeleteEvents(**said, event_ids=ids))
        elif part["target"] == "general_events":
            work.send(DeleteGeneralEvents(**said, event_ids=ids))
        else:
            work.send(DeleteFaces(**said, face_ids=ids))
        key = _KEY[part["target"]]
        removed = [_shown(key, one, content) for one in found] if content.store_results else None
        return PartDone(removed, errors)

    def merge(self, work: Work, content: GcContent, results: Iterable[Any]) -> TaskResult | None:
        """All that was removed, unless nobody wants to know."""
        if not content.store_results:
            return None
        return TaskResult([one for part in results for one in part or ()])


def _absolute(content: GcContent, now: datetime) -> dict[str, Any]:
    """The filters as JSON, bounded so that nothing that comes later is removed."""
    given = content.filters or GcFilters()
    names = ("create_time__gte", "create_time__lt", "insert_time__lt")
    times = {n: resolved(getattr(given, n), now) for n in names if getattr(given, n) is not None}
    last = "create_time__lt" if content.target == "faces" else "insert_time__lt"
    times[last] = min(now, times.get(last) or now)
    return given.model_copy(update={**times, "account_id": None}).as_dict()


def _of_events(filters: Mapping[str, Any]) -> EventConditions:
    named = {_CONDITIONS.get(name, name): value for name, value in filters.items()}
    return EventConditions.model_validate(named)


def _of_general_events(filters: Mapping[str, Any]) -> GeneralEventConditions:
    return GeneralEventConditions.model_validate(dict(filters))


def _of_faces(filters: Mapping[str, Any]) -> FaceConditions:
    return FaceConditions.model_validate(dict(filters))


def _plan(work: Work, part: Mapping[str, Any]) -> list[list[Any]]:
    """What there is to remove, as JSON: ids, vectors, samples, images."""
    if part["target"] == "events":
        found = events_to_remove(work.reader, work.account_id, _of_events(part["filters"]))
    elif part["target"] == "general_events":
        wanted = _of_general_events(part["filters"])
        ids = sorted(general_event_ids_where(work.reader, work.account_id, wanted))
        found = [Removed(event_id, (), ()) for event_id in ids]
    else:
        found = faces_to_remove(work.reader, work.account_id, _of_faces(part["filters"]))
    return [[o.object_id, o.descriptor_ids, o.samples, o.images] for o in found]


def _removed(planned: Sequence[Any]) -> Removed:
    object_id, vectors, samples, images = planned
    return Removed(
        UUID(object_id), tuple(map(UUID, vectors)), tuple(map(UUID, samples)), tuple(images)
    )


def _remove_images(work: Work, found: Sequence[Removed]) -> Iterator[PartError]:
    """Delete stored images; ask the owners of others to delete theirs, once each."""
    origins: dict[str, UUID] = {}
    for one in found:
        for origin in one.images:
            origins.setdefault(origin, one.object_id)
    own = [_own_image(origin) for origin in origins]
    ids = tuple(image_id for image_id in own if image_id is not None)
    gone = work.send(DeleteImages(account_id=work.account_id, image_ids=ids))
    work.wait(drop_files(work.services.blobs, gone))
    for origin, event_id in origins.items():
        if not origin.startswith(("http://", "https://")):
            continue
        work.check()
        try:
            said = work.wait(work.services.guard.send("DELETE", origin))
            if said.status >= 400 and said.status not in (404, 410):
                refused = UrlRefused(origin, f"the answer has status {said.status}")
                yield PartError(refused, str(event_id))
        except UrlRefused as refused:
            yield PartError(refused, str(event_id))


def _own_image(origin: str) -> UUID | None:
    if not origin.startswith(_OWN_IMAGE):
        return None
    try:
        return UUID(origin.removeprefix(_OWN_IMAGE))
    except ValueError:
        return None


def _shown(key: str, one: Removed, content: GcContent) -> dict[str, Any]:
    samples = one.samples if content.remove_samples else ()
    return {key: str(one.object_id), "samples": [str(sample_id) for sample_id in samples]}
