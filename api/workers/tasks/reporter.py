"""Reporter tasks: the clusters that a clustering task found, as a table."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar
from uuid import UUID

import orjson

from api.workers.tasks.archives import archived
from api.workers.tasks.clustering import Clustering
from api.workers.tasks.kind import PartDone, TaskResult, Work
from api.workers.tasks.results import result_blob
from api.workers.tasks.tables import OF_A_PART, Table
from domain.shared.enums import TaskStatus
from domain.shared.fields import Record
from domain.task_errors import TaskNotFound
from domain.task_kinds import (
    EVENT_COLUMNS,
    FACE_COLUMNS,
    ClusteringContent,
    ReporterContent,
)
from domain.task_refusals import ColumnOfOtherObjects, NoClustersToReport
from projections.tasks import get_task

_HEADER = ("cluster_number", "object_id")


class Reporter:
    """Writes one row per clustered object: its cluster, its id, and what else is wanted."""

    name: ClassVar[str] = "reporter"
    number: ClassVar[int] = 3
    content: ClassVar[type[Record]] = ReporterContent
    partial: ClassVar[bool] = False

    def split(self, work: Work, content: ReporterContent) -> Sequence[Mapping[str, Any]]:
        """Parts of some thousand objects, cluster by cluster."""
        source, placed = _clustered(work, content)
        known = FACE_COLUMNS if source.objects_type == "faces" else EVENT_COLUMNS
        for name in content.columns:
            if name not in known:
                raise ColumnOfOtherObjects(name, source.objects_type)
        whole = content.as_dict()
        if len(placed) <= OF_A_PART:
            return [whole]
        starts = range(0, len(placed), OF_A_PART)
        return [{**whole, "first": first, "stop": first + OF_A_PART} for first in starts]

    def run(self, work: Work, content: ReporterContent, part: Mapping[str, Any]) -> PartDone:
        """The rows of the part, and which samples show its objects."""
        source, placed = _clustered(work, content)
        placed = placed[part.get("first", 0) : part.get("stop")]
        ids = [object_id for _, object_id in placed]
        table = Table(
            source.objects_type,
            content.columns,
            source.descriptor.type,
            bool(content.save_images),
        )
        cells, gone = table.rows(work, ids), [""] * len(content.columns)
        images, errors = table.images(work, ids)
        rows = [[number, one, *cells.get(one, gone)] for number, one in placed]
        return PartDone({"rows": rows, "images": images}, errors)

    def merge(self, work: Work, content: ReporterContent, results: Iterable[Any]) -> TaskResult:
        """The table of all parts."""
        header = (*_HEADER, *content.columns)
        return archived(work, "report", header, content.csv_delimiter, results)


def _clustered(
    work: Work, content: ReporterContent
) -> tuple[ClusteringContent, list[tuple[int, UUID]]]:
    """What was clustered, and each object with the number of its cluster, from 1."""
    task_id = content.filters.task_id
    try:
        task = get_task(work.reader, work.account_id, task_id)
    except TaskNotFound:
        raise NoClustersToReport(task_id) from None
    done = task["task_status"] == TaskStatus.DONE and task["result_id"] is not None
    if task["task_type"] != Clustering.number or not done:
        raise NoClustersToReport(task_id)
    data = work.wait(work.services.blobs.get(result_blob(task["result_id"])))
    clusters = orjson.loads(data)["clusters"]
    placed = [(number, UUID(one)) for number, ids in enumerate(clusters, 1) for one in ids]
    return ClusteringContent.model_validate(task["content"]), placed
