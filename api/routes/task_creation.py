"""Giving tasks of every kind."""

import asyncio
from typing import Any, Final

from fastapi import APIRouter, Depends
from starlette.responses import Response

from api.authentication import AccountId, Caller, Identity, permitted
from api.dependencies import ReadDb, Send
from api.http.answers import json_answer
from api.http.refusals import BadApiBody
from api.pipelines.task_permissions import demand_task
from api.schemas.tasks import (
    ClusteringTask,
    CrossMatchTask,
    EstimatorTask,
    ExporterTask,
    GcTask,
    LinkerTask,
    ReporterTask,
    RocTask,
    TaskCreate,
    TaskCreated,
)
from commands.tasks import CreateTask
from domain.shared.enums import TaskType
from domain.shared.numbered import Numbered
from domain.task_kinds import accounts_in
from projections.task_numbers import new_numbers

router = APIRouter(prefix="/tasks", tags=["tasks"])

_ROUTE: Final[dict[str, Any]] = {
    "status_code": 202,
    "response_model": TaskCreated,
    "dependencies": [Depends(permitted("task", "creation"))],
}


@router.post("/clustering", **_ROUTE)
async def create_clustering_task(
    body: ClusteringTask, db: ReadDb, send: Send, account_id: AccountId, caller: Caller
) -> Response:
    """Group faces or events by similarity."""
    return await _given(body, TaskType.CLUSTERING, db, send, caller, account_id)


@router.post("/reporter", **_ROUTE)
async def create_reporter_task(
    body: ReporterTask, db: ReadDb, send: Send, account_id: AccountId, caller: Caller
) -> Response:
    """Write a table about the clusters of a task."""
    return await _given(body, TaskType.REPORTER, db, send, caller, account_id)


@router.post("/exporter", **_ROUTE)
async def create_exporter_task(
    body: ExporterTask, db: ReadDb, send: Send, account_id: AccountId, caller: Caller
) -> Response:
    """Write a table of faces or events."""
    return await _given(body, TaskType.EXPORTER, db, send, caller, account_id)


@router.post("/linker", **_ROUTE)
async def create_linker_task(
    body: LinkerTask, db: ReadDb, send: Send, account_id: AccountId, caller: Caller
) -> Response:
    """Put faces, or faces made of events, into a list."""
    return await _given(body, TaskType.LINKER, db, send, caller, account_id)


@router.post("/gc", **_ROUTE)
async def create_gc_task(
    body: GcTask, db: ReadDb, send: Send, account_id: AccountId, caller: Caller
) -> Response:
    """Remove events or faces, with their samples and source images if asked for."""
    return await _given(body, TaskType.GARBAGE_COLLECTION, db, send, caller, account_id)


@router.post("/cross_match", **_ROUTE)
async def create_cross_match_task(
    body: CrossMatchTask, db: ReadDb, send: Send, account_id: AccountId, caller: Caller
) -> Response:
    """Compare every reference with every candidate."""
    return await _given(body, TaskType.CROSS_MATCHING, db, send, caller, account_id)


@router.post("/roc", **_ROUTE)
async def create_roc_task(
    body: RocTask, db: ReadDb, send: Send, account_id: AccountId, caller: Caller
) -> Response:
    """Draw the ROC curve of marked faces or attributes."""
    return await _given(body, TaskType.ROC, db, send, caller, account_id)


@router.post("/estimator", **_ROUTE)
async def create_estimator_task(
    body: EstimatorTask, db: ReadDb, send: Send, account_id: AccountId, caller: Caller
) -> Response:
    """Run a handler over the images of an archive, a bucket or a directory."""
    return await _given(body, TaskType.ESTIMATOR, db, send, caller, account_id)


async def _given(
    body: TaskCreate[Any],
    kind: TaskType,
    db: ReadDb,
    send: Send,
    caller: Identity,
    account_id: AccountId,
) -> Response:
    """Note the task; the answer says its number."""
    await asyncio.to_thread(demand_task, caller, body.content, db, account_id)
    for path, named in accounts_in(body.content):
        if named != account_id:
            raise BadApiBody(f"content.{path}", "it is not the account of the request")
    (task_id,) = await asyncio.to_thread(new_numbers, db, Numbered.TASK)
    given = CreateTask(
        account_id=account_id,
        task_id=task_id,
        task_type=kind,
        content=body.content.as_dict(),
        description=body.description,
        notification_policy=body.notification_policy.as_dict(),
        result_storage_policy=body.result_storage_policy.as_dict(),
    )
    return json_answer({"task_id": await send(given)}, 202)
