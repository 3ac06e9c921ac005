"""Tasks: how far they are, what they came to, what went wrong."""

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated, Any, Final
from uuid import UUID

import orjson
from fastapi import APIRouter, Depends, Path, Query
from starlette.responses import Response, StreamingResponse

from api.authentication import (
    AccountIdAsQuery,
    ChosenAccountId,
    MaybeAccountId,
    chosen_of,
    permitted,
)
from api.blobs import BlobNotFound, BlobStoreFailed
from api.dependencies import BlobStore, ReadDb, Send
from api.errors import answers
from api.http.answers import json_answer
from api.http.negotiation import JSON
from api.http.refusals import BadQuery, ComponentDown
from api.http.request_id import current_request_id
from api.pipelines.keep_files import drop_files
from api.schemas.tasks import (
    SubtasksView,
    TaskCount,
    TaskCountQuery,
    TaskErrorCountQuery,
    TaskErrorsPage,
    TaskErrorsQuery,
    TaskErrorView,
    TaskResultView,
    TasksPage,
    TasksQuery,
    TaskView,
)
from api.workers.tasks.results import result_blob
from commands.tasks import CancelTask, DeleteTask, ReplaceTaskNotificationPolicy
from domain.estimator_task import without_secrets
from domain.shared.fields import written
from domain.task_errors import TaskErrorNotFound, TaskNotFound, TaskResultNotFound
from domain.task_policies import TaskNotificationPolicy
from projections import task_parts, tasks
from projections.filtering import Page

router = APIRouter(prefix="/tasks", tags=["tasks"])

_MISSING: Final = answers(TaskNotFound)
_VIEW: Final = Depends(permitted("task", "view"))
_EDIT: Final = Depends(permitted("task", "modification"))
_DELETE: Final = Depends(permitted("task", "deletion"))
_ZIP: Final[dict[int | str, dict[str, Any]]] = {
    200: {"content": {"application/zip": {"schema": {"type": "string", "format": "binary"}}}}
}
_LARGE: Final = 1 << 20  # a result of more bytes is not held in memory as a whole
TaskId = Annotated[int, Path(ge=1, le=2**63 - 1)]


@router.get("", response_model=TasksPage, dependencies=[_VIEW])
def get_tasks(
    db: ReadDb, account_id: MaybeAccountId, wanted: Annotated[TasksQuery, Query()]
) -> Response:
    """Find tasks, newest first."""
    rows = tasks.list_tasks(db, chosen_of(account_id, wanted.account_id), wanted)
    return json_answer({"tasks": [_shown(row) for row in rows]})


@router.get("/count", response_model=TaskCount, dependencies=[_VIEW])
def get_tasks_count(
    db: ReadDb, account_id: MaybeAccountId, wanted: Annotated[TaskCountQuery, Query()]
) -> Any:
    """Count tasks."""
    return {"count": tasks.count_tasks(db, chosen_of(account_id, wanted.account_id), wanted)}


@router.get("/errors", response_model=TaskErrorsPage, dependencies=[_VIEW])
def get_tasks_errors(
    db: ReadDb, account_id: MaybeAccountId, wanted: Annotated[TaskErrorsQuery, Query()]
) -> Response:
    """Find what went wrong in any task, newest first."""
    rows = task_parts.list_errors(db, chosen_of(account_id, wanted.account_id), wanted)
    return json_answer({"errors": [_error(row) for row in rows]})


@router.get("/errors/count", response_model=TaskCount, dependencies=[_VIEW])
def get_tasks_errors_count(
    db: ReadDb, account_id: MaybeAccountId, wanted: Annotated[TaskErrorCountQuery, Query()]
) -> Any:
    """Count what went wrong in any task."""
    return {"count": task_parts.count_errors(db, chosen_of(account_id, wanted.account_id), wanted)}


@router.get(
    "/errors/{error_id}",
    response_model=TaskErrorView,
    responses=answers(TaskErrorNotFound),
    dependencies=[_VIEW],
)
def get_task_error(
    error_id: TaskId,
    db: ReadDb,
    account_id: ChosenAccountId,
    also: Annotated[int | None, Query(alias="error_id", description="The same again.")] = None,
) -> Response:
    """Get one thing that went wrong."""
    if also not in (None, error_id):
        raise BadQuery("error_id")
    return json_answer(_error(task_parts.get_error(db, account_id, error_id)))


@router.get("/{task_id}", response_model=TaskView, responses=_MISSING, dependencies=[_VIEW])
def get_task(task_id: TaskId, db: ReadDb, account_id: ChosenAccountId) -> Response:
    """Get a task: what it is about, and how far it is."""
    return json_answer(_shown(tasks.get_task(db, account_id, task_id)))


@router.patch("/{task_id}", status_code=204, responses=_MISSING, dependencies=[_EDIT])
async def cancel_task(task_id: TaskId, send: Send, account_id: AccountIdAsQuery) -> None:
    """Cancel a task; one that is over stays as it is."""
    request_id = current_request_id()
    await send(CancelTask(account_id=account_id, task_id=task_id, request_id=request_id))


@router.delete("/{task_id}", status_code=204, responses=_MISSING, dependencies=[_DELETE])
async def delete_task(
    task_id: TaskId, send: Send, blobs: BlobStore, account_id: AccountIdAsQuery
) -> None:
    """Remove a task with its result; one that is at work stops."""
    gone = await send(DeleteTask(account_id=account_id, task_id=task_id))
    await drop_files(blobs, map(result_blob, gone))


@router.get(
    "/{task_id}/result",
    response_model=TaskResultView,
    responses={**_ZIP, **answers(TaskNotFound, TaskResultNotFound)},
    dependencies=[_VIEW],
)
async def get_task_result(
    task_id: TaskId, db: ReadDb, blobs: BlobStore, account_id: ChosenAccountId
) -> Response:
    """Get what a task came to: JSON with the errors on the way, or a file."""
    row = await asyncio.to_thread(tasks.get_task_result, db, account_id, task_id)
    result_id: UUID | None = row["result_id"]
    if result_id is None:
        raise TaskResultNotFound(task_id)
    try:
        pieces = await blobs.open(result_blob(result_id))
    except BlobNotFound:  # it went between the two looks
        raise TaskResultNotFound(task_id) from None
    except BlobStoreFailed as failed:
        raise ComponentDown("the blob store does not answer") from failed
    if row["result_type"] != JSON:
        name = f'attachment; filename="task_{task_id}.zip"'
        size = {"Content-Length": str(row["result_size"]), "Content-Disposition": name}
        return StreamingResponse(pieces, headers=size, media_type=row["result_type"])
    errors = await asyncio.to_thread(task_parts.errors_of_task, db, account_id, task_id)
    whole = _with_errors(pieces, orjson.dumps([_error(error) for error in errors]))
    if row["result_size"] > _LARGE:
        return StreamingResponse(whole, media_type=JSON)
    return Response(b"".join([piece async for piece in whole]), media_type=JSON)


@router.get(
    "/{task_id}/subtasks", response_model=SubtasksView, responses=_MISSING, dependencies=[_VIEW]
)
def get_sub_tasks(task_id: TaskId, db: ReadDb, account_id: ChosenAccountId) -> Response:
    """Get all parts of a task."""
    rows = task_parts.list_subtasks(db, account_id, task_id)
    return json_answer({"subtasks": [_subtask(row) for row in rows]})


@router.get(
    "/{task_id}/errors", response_model=TaskErrorsPage, responses=_MISSING, dependencies=[_VIEW]
)
def get_errors(
    task_id: TaskId,
    db: ReadDb,
    account_id: ChosenAccountId,
    page: Annotated[int, Query(ge=1)] = 1,
    page_size: Annotated[int, Query(ge=1, le=100)] = 10,
) -> Response:
    """Get what went wrong in a task."""
    wanted = Page(page=page, page_size=page_size)
    rows = task_parts.errors_of_task(db, account_id, task_id, wanted)
    return json_answer({"errors": [_error(row) for row in rows]})


@router.get(
    "/{task_id}/notification_policy",
    response_model=TaskNotificationPolicy,
    responses=_MISSING,
    dependencies=[_VIEW],
)
def get_task_notification_policy(
    task_id: TaskId, db: ReadDb, account_id: ChosenAccountId
) -> Response:
    """Get who is told of a task's progress."""
    return json_answer(_policy(tasks.get_task(db, account_id, task_id)))


@router.put(
    "/{task_id}/notification_policy", status_code=204, responses=_MISSING, dependencies=[_EDIT]
)
async def replace_task_notification_policy(
    task_id: TaskId, body: TaskNotificationPolicy, send: Send, account_id: AccountIdAsQuery
) -> None:
    """Choose anew who is told of a task's progress."""
    policy = body.as_dict()
    await send(
        ReplaceTaskNotificationPolicy(
            account_id=account_id, task_id=task_id, notification_policy=policy
        )
    )


async def _with_errors(result: AsyncIterator[bytes], errors: bytes) -> AsyncIterator[bytes]:
    yield b'{"result":'
    async for piece in result:
        yield piece
    yield b',"errors":' + errors + b"}"


_TIMES: Final = ("create_time", "end_time", "last_update_time", "error_time")


def _timed(row: dict[str, Any]) -> dict[str, Any]:
    times = {name: written(row[name]) for name in _TIMES if row.get(name) is not None}
    return {**row, **times}


def _policy(row: dict[str, Any]) -> dict[str, Any]:
    return TaskNotificationPolicy.model_validate(row["notification_policy"] or {}).as_dict()


def _shown(row: dict[str, Any]) -> dict[str, Any]:
    content = without_secrets(row["content"] or {})
    said = {"content": content, "description": row["description"] or ""}
    return {**_timed(row), **said, "notification_policy": _policy(row)}


def _subtask(row: dict[str, Any]) -> dict[str, Any]:
    shown = {name: value for name, value in _timed(row).items() if name != "attempts"}
    return {**shown, "content": row["content"] or {}}


def _error(row: dict[str, Any]) -> dict[str, Any]:
    said = {"detail": row["detail"] or "", "link": f"/docs/errors/{row['error_code']}"}
    return {**_timed(row), **said}
