"""The three steps of a task: it is set out in parts, each part is done, the results are merged."""

from collections.abc import Sequence
from typing import Any, Final

import psycopg
import structlog

from api.blobs import BlobStoreFailed
from api.errors import entry_of, error_body
from api.http.refusals import ComponentDown
from api.workers.tasks.kind import PartError, TaskKind, TaskStopped, Work
from api.workers.tasks.results import drop_parts, keep_part, keep_result, parts_kept
from commands.refusals import ChangedMeanwhile, Overloaded, Stopping
from commands.tasks import (
    CompleteTask,
    FailSubtask,
    FailTask,
    FinishSubtask,
    SplitTask,
    StartSubtask,
    StartTask,
)
from domain.log.port import DatabaseUnavailable, OutcomeUnknown
from domain.shared.enums import SubtaskStatus, TaskStatus
from domain.shared.image_refusals import ModelsBusy
from domain.shared.numbered import Numbered
from domain.shared.refusal import Refusal
from domain.task_errors import TaskBroke, TaskInterrupted, TaskNotFound, Trouble
from projections.database import Reader
from projections.task_numbers import new_numbers
from projections.task_parts import finished_parts, get_subtask
from projections.tasks import get_task

log = structlog.stdlib.get_logger("selene.tasks")

TRANSIENT: Final = (
    ChangedMeanwhile,
    Overloaded,
    Stopping,
    DatabaseUnavailable,
    OutcomeUnknown,
    ModelsBusy,
    ComponentDown,
    BlobStoreFailed,
    psycopg.OperationalError,
)
"""What passes by itself: the step is made again a little later."""

MOST_ATTEMPTS: Final = 20
"""How often a part is begun: one that takes the process with it must come to an end."""


def set_out(work: Work, kind: TaskKind) -> None:
    """Begin the task and set out its parts."""
    row = get_task(work.reader, work.account_id, work.task_id)
    if row["count_task_parts_all"] or not work.send(_named(StartTask, work)):
        return
    try:
        content = kind.content.model_validate(row["content"])
        parts = [dict(part) for part in kind.split(work, content)]
    except Exception as failure:  # whatever it is, it ends the task and not the runner
        _fail(work, _reason(work, failure))
        return
    numbers = new_numbers(work.reader, Numbered.SUBTASK, len(parts))
    work.send(_named(SplitTask, work, parts=tuple(zip(numbers, parts, strict=True))))


def do_part(work: Work, kind: TaskKind, subtask_id: int) -> None:
    """Do one part, unless it is over."""
    row = get_subtask(work.reader, subtask_id)
    undone = (SubtaskStatus.PENDING, SubtaskStatus.IN_PROGRESS)
    if row is None or row["subtask_status"] not in undone:
        return
    if row["attempts"] >= MOST_ATTEMPTS:
        _fail_part(work, subtask_id, [PartError(TaskInterrupted(row["attempts"]))])
        return
    if not work.send(_named(StartSubtask, work, subtask_id=subtask_id)):
        return
    try:
        task = get_task(work.reader, work.account_id, work.task_id)
        done = kind.run(work, kind.content.model_validate(task["content"]), row["content"])
        result_id = keep_part(work, subtask_id, done.result)
    except Exception as failure:  # whatever it is, it ends the part and not the runner
        _fail_part(work, subtask_id, _reason(work, failure))
        return
    troubles = _troubles(work.reader, done.errors)
    finish = _named(
        FinishSubtask, work, subtask_id=subtask_id, result_id=result_id, troubles=troubles
    )
    work.send(finish)


def collect(work: Work, kind: TaskKind) -> None:
    """Merge what the parts came to, and be done."""
    task = get_task(work.reader, work.account_id, work.task_id)
    if task["task_status"] != TaskStatus.COLLECTING_RESULTS:
        return
    rows = finished_parts(work.reader, work.task_id)
    done = [row for row in rows if row["subtask_status"] == SubtaskStatus.DONE]
    if not done or (len(done) < len(rows) and not kind.partial):
        _fail(work, ())
    else:
        try:
            content = kind.content.model_validate(task["content"])
            parts = parts_kept(work, (row["result_id"] for row in done))
            result = keep_result(work, kind.merge(work, content, parts))
        except Exception as failure:  # whatever it is, it ends the task and not the runner
            _fail(work, _reason(work, failure))
            return
        work.send(_named(CompleteTask, work, result=result))
    drop_parts(work, rows)


def _reason(work: Work, failure: Exception) -> Sequence[PartError]:
    """What is kept of a failure; raises what is none: the task stops, or the step is repeated."""
    if isinstance(failure, (TaskStopped, *TRANSIENT)):
        raise failure
    if isinstance(failure, TaskNotFound) and failure.args == (work.task_id,):
        raise TaskStopped from failure
    if isinstance(failure, Refusal):
        return [PartError(failure)]
    log.error("a task broke", task_id=work.task_id, exc_info=failure)
    return [PartError(TaskBroke())]


def _fail(work: Work, errors: Sequence[PartError]) -> None:
    work.send(_named(FailTask, work, troubles=_troubles(work.reader, errors)))


def _fail_part(work: Work, subtask_id: int, errors: Sequence[PartError]) -> None:
    troubles = _troubles(work.reader, errors)
    work.send(_named(FailSubtask, work, subtask_id=subtask_id, troubles=troubles))


def _troubles(db: Reader, errors: Sequence[PartError]) -> tuple[Trouble, ...]:
    """The errors as a task keeps them, with numbers and with what the catalogue says."""
    if not errors:
        return ()
    numbers = new_numbers(db, Numbered.TASK_ERROR, len(errors))
    return tuple(_trouble(n, error) for n, error in zip(numbers, errors, strict=True))


def _trouble(error_id: int, error: PartError) -> Trouble:
    body = error_body(error.refusal)
    return Trouble(
        error_id=error_id,
        error_code=body.error_code,
        status_code=entry_of(error.refusal).status,
        description=body.desc,
        detail=body.detail,
        additional_info=error.additional_info,
    )


def _named(command: Any, work: Work, **fields: Any) -> Any:
    return command(
        account_id=work.account_id, task_id=work.task_id, request_id=work.request_id, **fields
    )
