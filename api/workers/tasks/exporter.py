"""Exporter tasks: faces or events as a table, with their samples if wanted."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar, Final

from api.workers.tasks.archives import archived
from api.workers.tasks.kind import PartDone, TaskResult, Work
from api.workers.tasks.parts import narrowed
from api.workers.tasks.selection import selected_ids
from api.workers.tasks.tables import OF_A_PART, Table
from domain.shared.fields import Record
from domain.task_kinds import EVENT_COLUMNS, FACE_COLUMNS, ExporterContent
from domain.task_refusals import NothingSelected, TooManySelected

MOST_EXPORTED: Final = 2_000_000


class Exporter:
    """Writes one row per object, by id, and a folder of images."""

    name: ClassVar[str] = "exporter"
    number: ClassVar[int] = 8
    content: ClassVar[type[Record]] = ExporterContent
    partial: ClassVar[bool] = False

    def split(self, work: Work, content: ExporterContent) -> Sequence[Mapping[str, Any]]:
        """Parts of some thousand objects."""
        kind, whole = content.objects_type, content.as_dict()
        ids = selected_ids(work.reader, work.account_id, kind, content.filters)
        if not ids:
            raise NothingSelected("export")
        if len(ids) > MOST_EXPORTED:
            raise TooManySelected(len(ids), "export", MOST_EXPORTED)
        if len(ids) <= OF_A_PART:
            return [whole]
        parts = narrowed(kind, content.filters, ids, OF_A_PART)
        return [{**whole, "filters": filters} for filters in parts]

    def run(self, work: Work, content: ExporterContent, part: Mapping[str, Any]) -> PartDone:
        """The rows of the part, and which samples show its objects."""
        content, table = ExporterContent.model_validate(part), _table(content)
        kind = content.objects_type
        ids = selected_ids(work.reader, work.account_id, kind, content.filters)
        rows = table.rows(work, ids)
        images, errors = table.images(work, ids)
        shown = [rows[one] for one in ids if one in rows]
        return PartDone({"rows": shown, "images": images}, errors)

    def merge(self, work: Work, content: ExporterContent, results: Iterable[Any]) -> TaskResult:
        """The table of all parts."""
        columns = _table(content).columns
        return archived(work, "export", columns, content.csv_delimiter, results)


def _table(content: ExporterContent) -> Table:
    all_columns = FACE_COLUMNS if content.objects_type == "faces" else EVENT_COLUMNS
    columns = all_columns if content.columns is None else content.columns
    images = bool(content.save_images)
    return Table(content.objects_type, columns, content.descriptor.type, images)
