"""One thing of every kind in an account, and all that a request could have changed."""

from typing import Any
from uuid import UUID

import httpx

from tests.api.files import KINDS, blobs_there
from tests.api.people import attach, new_attribute, new_face, new_list, raw_descriptor, some_id
from tests.api.streaming import body_v2
from tests.api.tasks import ended, give
from tests.support.running_api import RunningApi

TABLES = (
    "history", "recognitions", "descriptors", "subject_keys", "answers", "temporary_attributes",
    "faces", "lists", "handlers", "verifiers", "events", "samples", "images", "objects",
    "accounts", "tokens", "tasks", "subtasks", "task_errors", "schedules",
    "schedule_templates", "streams", "analytics", "agents", "video_tasks",
    "stream_groups",
)  # fmt: skip


TEMPLATE = {
    "start_time": "2025-05-01T00:00:00Z", "end_time": "2025-05-16T00:00:00Z",
    "cron": "5 4 * * 4", "duration": 11, "duration_type": "minute",
}  # fmt: skip


def belongings(client: httpx.Client, running: RunningApi) -> dict[str, str]:
    """The ids of the things, each under the name that it has in paths."""
    handler_id = _made(client, "/6/handlers", {"is_dynamic": True})["handler_id"]
    event = _made(client, f"/6/handlers/{handler_id}/events/raw", {"source": "door"})
    face_id, list_id = new_face(client, user_data="Ann"), new_list(client, user_data="staff")
    attach(client, list_id, face_id)
    account_id = client.headers["Luna-Account-Id"]
    stream = body_v2(UUID(account_id), status="pause")
    group = {"account_id": account_id, "group_name": some_id()}
    agent = {"name": "gates", "analytic_names": ["human_tracking"]}
    return {
        "agent_id": _made(client, "/6/agents", agent)["agent_id"],
        "analytic_idx": "0",
        "analytic_id": _made(client, "/6/analytics", {"analytic_name": some_id()})["analytic_id"],
        "attribute_id": new_attribute(client, face_descriptors=[raw_descriptor(running)]),
        "event_id": event["event_id"],
        "face_id": face_id,
        "general_event_id": _general_event(client),
        "group_id": _made(client, "/streams/1/groups", group)["group_id"],
        "handler_id": handler_id,
        "intervals_idx": "0",
        "image_id": KINDS["image"].make(client),
        "list_id": list_id,
        "object_id": KINDS["object"].make(client),
        "sample_id": KINDS["face"].make(client),
        "template_id": _made(client, "/6/schedules", TEMPLATE)["schedule_id"],
        "stream_id": _made(client, "/streams/2/streams", stream)["stream_id"],
        "token_id": _made(client, "/6/tokens", {"permissions": {}})["token_id"],
        "video_task_id": some_id(),  # one that is there would go on in the background
        "verifier_id": _made(client, "/6/verifiers", {})["verifier_id"],
    }


def own_names(path: str) -> str:
    """The path with a name of its own for each id: kinds of events, schedules and tasks share."""
    path = path.replace("/general_events/{event_id}", "/general_events/{general_event_id}")
    path = path.replace("/6/video/tasks/{task_id}", "/6/video/tasks/{video_task_id}")
    return path.replace("/6/schedules/{schedule_id}", "/6/schedules/{template_id}")


def _general_event(client: httpx.Client) -> str:
    told = {"events": [{"event_type": "crowd", "event": {"people": 5}}]}
    return str(_made(client, "/6/general_events", told)["events"][0]["event_id"])


def numbered_belongings(client: httpx.Client) -> dict[str, str]:
    """The numbers of things that take longer to make: a task that failed, its error, a schedule."""
    task_id = give(client, "linker", {"objects_type": "faces", "list_id": some_id()})
    task = {"task_type": 4, "content": {"target": "events"}}
    wanted = {"task": task, "trigger": {"cron": "0 0 1 1 *"}}
    schedule = _made(client, "/6/tasks/schedules", wanted)
    ended(client, task_id)
    (error,) = client.get(f"/6/tasks/{task_id}/errors").json()["errors"]
    numbers = {**schedule, "task_id": task_id, "error_id": error["error_id"]}
    return {name: str(number) for name, number in numbers.items()}


def state_of(running: RunningApi) -> dict[str, Any]:
    """The position of the log, how many rows every table has, and the names of all files."""
    running.rest()
    counts = ", ".join(f"(SELECT count(*) FROM {table}) AS {table}" for table in TABLES)
    query = f"SELECT (SELECT position FROM log_head) AS position, {counts}"
    found = running.services.reader.fetch_one(query)
    assert found is not None
    # What parts of tasks leave there is removed a moment after the end of the task.
    blobs = {name for name in blobs_there(running) if not name.startswith("tasks/")}
    return {**found, "blobs": blobs}


def _made(client: httpx.Client, path: str, body: Any) -> Any:
    answer = client.post(path, json=body)
    assert answer.status_code == 201, answer.text
    return answer.json()
