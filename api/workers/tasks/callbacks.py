"""Telling others that a task or a part of it is over: POST requests to addresses they gave."""

import asyncio
from typing import Any, Final

import orjson
import structlog

from api.url_guard import UrlGuard, UrlRefused
from api.workers.tasks.kind import Work
from domain.shared.callbacks import HttpCallback
from domain.shared.enums import SubtaskStatus, TaskStatus
from domain.shared.fields import written
from domain.task_policies import TaskNotificationPolicy
from projections.database import Row
from projections.task_parts import get_subtask
from projections.tasks import get_task

log = structlog.stdlib.get_logger("selene.tasks")

_TRIES: Final = 3
_TASK_FIELDS: Final = (
    *("task_id", "task_type", "task_status", "result_id", "description"),
    *("count_task_parts_all", "count_task_parts_done", "schedule_id"),
)
_SUBTASK_FIELDS: Final = ("subtask_id", "task_id", "subtask_status", "result_id")


def tell_of_task(work: Work, status: TaskStatus) -> None:
    """Call those who want to know of the task; what cannot be reached is given up."""
    row = get_task(work.reader, work.account_id, work.task_id)
    policy = TaskNotificationPolicy.model_validate(row["notification_policy"] or {})
    event = {name: row[name] for name in _TASK_FIELDS} | {"task_status": int(status)}
    _tell(work, policy, policy.task_callbacks, _message(work, "task", row, event))


def tell_of_subtask(work: Work, subtask_id: int, status: SubtaskStatus) -> None:
    """Call those who want to know of each part."""
    task = get_task(work.reader, work.account_id, work.task_id)
    policy = TaskNotificationPolicy.model_validate(task["notification_policy"] or {})
    if not policy.enable or not policy.subtask_callbacks:
        return
    if (row := get_subtask(work.reader, subtask_id)) is None:
        return
    event = {name: row[name] for name in _SUBTASK_FIELDS} | {"subtask_status": int(status)}
    _tell(work, policy, policy.subtask_callbacks, _message(work, "subtask", row, event))


def _message(work: Work, kind: str, row: Row, event: dict[str, Any]) -> bytes:
    message = {
        "account_id": str(work.account_id),
        "event_type": kind,
        "event_create_time": written(row["create_time"]),
        "event_end_time": written(row["end_time"]) if row["end_time"] else None,
        "event": event,
    }
    return orjson.dumps(message)


def _tell(
    work: Work,
    policy: TaskNotificationPolicy,
    callbacks: tuple[HttpCallback, ...],
    message: bytes,
) -> None:
    wanted = [callback for callback in callbacks if callback.enable] if policy.enable else []
    if wanted:
        work.wait(_send_all(work.services.guard, wanted, message))


async def _send_all(guard: UrlGuard, callbacks: list[HttpCallback], message: bytes) -> None:
    await asyncio.gather(*(_send(guard, callback, message) for callback in callbacks))


async def _send(guard: UrlGuard, callback: HttpCallback, message: bytes) -> None:
    for attempt in range(1, _TRIES + 1):
        try:
            async with asyncio.timeout(callback.params.timeout):
                said = await guard.send(
                    "POST", callback.url, content=message, headers=callback.headers
                )
            if said.status < 500:
                return
            reason = f"the answer has status {said.status}"
        except (UrlRefused, TimeoutError) as failed:
            reason = str(failed) or "no answer in time"
        if attempt < _TRIES:
            await asyncio.sleep(attempt)
    log.warning("a callback of a task was not taken", reason=reason)
