"""Giving tasks over HTTP and waiting for their end."""

import time
from typing import Any

import httpx

OVER = (2, 3, 5)
DONE, FAILED, CANCELLED = 5, 3, 2


def give(client: httpx.Client, kind: str, content: dict[str, Any], **more: Any) -> int:
    """The number of a new task."""
    made = client.post(f"/6/tasks/{kind}", json={"content": content, **more})
    assert made.status_code == 202, made.text
    return int(made.json()["task_id"])


def ended(client: httpx.Client, task_id: int, patience_s: float = 120.0) -> dict[str, Any]:
    """The task once it is over."""
    deadline = time.monotonic() + patience_s
    while True:
        task: dict[str, Any] = client.get(f"/6/tasks/{task_id}").json()
        if task["task_status"] in OVER:
            return task
        assert time.monotonic() < deadline, task
        time.sleep(0.02)


def done(client: httpx.Client, kind: str, content: dict[str, Any], **more: Any) -> int:
    """The number of a task that is done."""
    task_id = give(client, kind, content, **more)
    task = ended(client, task_id)
    assert task["task_status"] == DONE, client.get(f"/6/tasks/{task_id}/errors").text
    return task_id


def result(client: httpx.Client, task_id: int) -> Any:
    """What a task came to, without errors on the way."""
    answer = client.get(f"/6/tasks/{task_id}/result")
    assert answer.status_code == 200, answer.text
    said = answer.json()
    assert said["errors"] == []
    return said["result"]
