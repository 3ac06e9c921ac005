"""Telling others that a task or a part of it is over: messages that go with the facts."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

import orjson

from commands.store import Store
from domain.log.port import Delivery
from domain.shared.callbacks import HttpCallback
from domain.shared.enums import SubtaskStatus
from domain.shared.fields import written
from domain.shared.ids import new_id
from domain.shared.numbered import number_of
from domain.task_policies import TaskNotificationPolicy
from domain.tasks import Task


def tell_of_task(task: Task, store: Store, request_id: str) -> None:
    """Have those told who want to know that the task is over."""
    policy = TaskNotificationPolicy.model_validate(task.notification_policy)
    done = [status for status in task.subtasks.values() if status == SubtaskStatus.DONE]
    event = {
        "task_id": task.task_id,
        "task_type": task.task_type,
        "task_status": int(task.status),
        "result_id": task.result_id,
        "schedule_id": task.schedule_id and number_of(task.schedule_id),
        "count_task_parts_all": len(task.subtasks),
        "count_task_parts_done": len(done),
    }
    _tell(task, store, request_id, policy.task_callbacks if policy.enable else (), "task", event)


def tell_of_subtask(task: Task, subtask_id: int, store: Store, request_id: str) -> None:
    """Have those told who want to know that a part is over."""
    policy = TaskNotificationPolicy.model_validate(task.notification_policy)
    event = {
        "subtask_id": subtask_id,
        "task_id": task.task_id,
        "subtask_status": int(task.subtasks[subtask_id]),
        "result_id": task.part_results.get(subtask_id),
    }
    callbacks = policy.subtask_callbacks if policy.enable else ()
    _tell(task, store, request_id, callbacks, "subtask", event)


def _tell(
    task: Task,
    store: Store,
    request_id: str,
    callbacks: Iterable[HttpCallback],
    kind: str,
    event: Mapping[str, Any],
) -> None:
    message = orjson.dumps(
        {
            "account_id": task.account_id,
            "event_type": kind,
            "event_create_time": written(task.create_time),
            "event_end_time": written(datetime.now(UTC)),
            "event": event,
        }
    )
    for callback in callbacks:
        if callback.enable:
            to = callback.as_dict()
            store.deliver(Delivery(new_id(), task.account_id, task.id, request_id, to, message))
