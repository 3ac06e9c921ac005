"""Results of tasks and of their parts in the blob store, each under the name of its id."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final
from uuid import UUID, uuid5

import orjson

from api.blobs import BlobNotFound
from api.http.negotiation import JSON
from api.pipelines.keep_files import drop_files
from api.workers.tasks.kind import TaskResult, Work
from domain.task_errors import task_key
from domain.tasks import KeptResult
from projections.database import Row

_WHOLE: Final = "result"


def result_blob(result_id: UUID) -> str:
    """The name of a result in the blob store."""
    name = result_id.hex
    return f"tasks/{name[:2]}/{name}"


def keep_part(work: Work, subtask_id: int, value: Any) -> UUID | None:
    """Keep what a part came to; a part that is done again writes over what it wrote before."""
    if value is None:
        return None
    result_id = uuid5(task_key(work.task_id), str(subtask_id))
    work.wait(work.services.blobs.put(result_blob(result_id), orjson.dumps(value)))
    return result_id


def once(work: Work, make: Callable[[], Any]) -> Any:
    """A JSON value that is made once for a part: when the part is done again, it is the same."""
    name = result_blob(_plan_id(work.task_id, work.subtask_id))
    try:
        return orjson.loads(work.wait(work.services.blobs.get(name)))
    except BlobNotFound:
        data = orjson.dumps(make())
        work.wait(work.services.blobs.put(name, data))
        return orjson.loads(data)


def _plan_id(task_id: int, subtask_id: int | None) -> UUID:
    return uuid5(task_key(task_id), f"plan {subtask_id}")


def parts_kept(work: Work, ids: Iterable[UUID | None]) -> Iterator[Any]:
    """What the parts came to, each loaded when it is asked for."""
    for result_id in ids:
        if result_id is None:
            yield None
        else:
            yield orjson.loads(work.wait(work.services.blobs.get(result_blob(result_id))))


def keep_result(work: Work, result: TaskResult | None) -> KeptResult | None:
    """Keep the result of the task: a file as it is, a value as JSON."""
    if result is None:
        return None
    result_id = uuid5(task_key(work.task_id), _WHOLE)
    name, blobs = result_blob(result_id), work.services.blobs
    if result.file is not None:
        size = result.file.stat().st_size
        work.wait(blobs.put_file(name, result.file))
        return KeptResult(result_id=result_id, content_type=result.content_type, size=size)
    data = orjson.dumps(result.value)
    work.wait(blobs.put(name, data))
    return KeptResult(result_id=result_id, content_type=JSON, size=len(data))


def drop_parts(work: Work, rows: Iterable[Row]) -> None:
    """Forget what the parts came to and what was kept for them; failures leave some behind."""
    ids = [one for row in rows for one in part_blobs(work.task_id, row)]
    work.wait(drop_files(work.services.blobs, map(result_blob, ids)))


def part_blobs(task_id: int, row: Row) -> list[UUID]:
    """The ids of what a part may have left in the blob store."""
    kept = [] if row["result_id"] is None else [row["result_id"]]
    return [*kept, _plan_id(task_id, row["subtask_id"])]
