"""Faces and events as rows of a table, and the samples that show them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import orjson

from api.workers.tasks.kind import PartError, Work
from domain.samples import SampleNotFound
from domain.shared.fields import written
from projections.events import EventFilter, list_events
from projections.faces import get_faces
from projections.object_samples import sample_files, samples_of_events, samples_of_faces

OF_A_PART: Final = 10_000
_PAGE: Final = 1000
_MOST_ERRORS: Final = 1000
_SUFFIXES: Final = {"image/jpeg": "jpg", "image/png": "png", "image/bmp": "bmp"}
# Columns of the documents that are no fields of ours: faces and events do not keep the id of the
# attribute they were made with.
_NOT_KEPT: Final = frozenset({"attribute_id"})
_EXTRACTED: Final = ("gender", "age", "ethnic_group")


@dataclass(frozen=True, slots=True)
class Table:
    """What is written of objects of one kind; `descriptor` says which samples show events."""

    kind: str
    columns: tuple[str, ...]
    descriptor: str
    with_images: bool

    def rows(self, work: Work, ids: Sequence[UUID]) -> dict[UUID, list[str]]:
        """The cells of each of the objects that are still there."""
        found: dict[UUID, list[str]] = {}
        for start in range(0, len(ids), _PAGE):
            work.check()
            page = list(ids[start : start + _PAGE])
            faces = self.kind == "faces"
            rows = _faces(work, page) if faces else _events(work, page, self.columns)
            for object_id, row in rows.items():
                found[object_id] = [cell(row.get(name)) for name in self.columns]
        return found

    def images(
        self, work: Work, ids: Sequence[UUID]
    ) -> tuple[list[tuple[str, str]], list[PartError]]:
        """Name and blob of each image, and which samples are gone."""
        images: list[tuple[str, str]] = []
        errors: list[PartError] = []
        for start in range(0, len(ids) if self.with_images else 0, _PAGE):
            work.check()
            page = ids[start : start + _PAGE]
            samples = self._samples(work, page)
            wanted = [sample_id for each in samples.values() for sample_id in each]
            files = sample_files(work.reader, work.account_id, wanted)
            for object_id in page:
                for place, sample_id in enumerate(samples.get(object_id, ()), 1):
                    if (file := files.get(sample_id)) is None:
                        errors.append(PartError(SampleNotFound(sample_id), str(object_id)))
                        continue
                    suffix = _SUFFIXES.get(file.content_type, "img")
                    number = f"_{place}" if place > 1 else ""
                    images.append((f"{object_id}{number}.{suffix}", file.blob))
        return images, errors[:_MOST_ERRORS]

    def _samples(self, work: Work, ids: Sequence[UUID]) -> dict[UUID, list[UUID]]:
        if self.kind == "faces":
            return samples_of_faces(work.reader, work.account_id, ids)
        return samples_of_events(work.reader, work.account_id, ids, self.descriptor)


def _faces(work: Work, ids: Sequence[UUID]) -> dict[UUID, Mapping[str, Any]]:
    rows = get_faces(work.reader, ids)
    return {one: row for one, row in rows.items() if row["account_id"] == work.account_id}


def _events(work: Work, ids: list[UUID], columns: Sequence[str]) -> dict[UUID, Mapping[str, Any]]:
    fields = {"event_id", *columns} - _NOT_KEPT
    if "extract_result" in fields:
        fields = (fields - {"extract_result"}) | {*_EXTRACTED}
    wanted = EventFilter.model_validate(
        {"event_ids": ids, "target": sorted(fields), "page_size": _PAGE}
    )
    rows = list_events(work.reader, work.account_id, wanted)
    return {row["event_id"]: {**row, "extract_result": _extracted(row)} for row in rows}


def _extracted(row: Mapping[str, Any]) -> dict[str, Any] | None:
    known = {name: row[name] for name in _EXTRACTED if row.get(name) is not None}
    return known or None


def cell(value: Any) -> str:
    """A value as text: times in RFC 3339, lists and structures as JSON, nothing for null."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return written(value)
    if isinstance(value, list | dict):
        return orjson.dumps(value).decode()
    return str(value)
