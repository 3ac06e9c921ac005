"""Schedules over HTTP: made, followed, started and stopped, and what they give."""

import time
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from api.master_key import load_master_key
from domain.log.port import Batch
from domain.schedules import Schedule, ScheduledTask, schedule_key
from domain.shared.numbered import Numbered
from projections.history import PostgresLog
from projections.read_model import ReadModel
from projections.tables import INLINE
from projections.task_numbers import new_numbers
from tests.api.tasks import DONE, ended
from tests.support.running_api import RunningApi
from tests.support.waiting import until

GC: dict[str, Any] = {"task_type": 4, "content": {"target": "events"}}
YEARLY = {"cron": "5 4 1 1 *", "cron_timezone": "utc"}


def make(client: httpx.Client, **more: Any) -> int:
    """The number of a new schedule."""
    made = client.post("/6/tasks/schedules", json={"task": GC, "trigger": YEARLY, **more})
    assert made.status_code == 201, made.text
    return int(made.json()["schedule_id"])


def test_a_schedule_is_found_with_its_task_and_its_times(
    client: httpx.Client, account_id: Any
) -> None:
    schedule_id = make(client)

    found = client.get(f"/6/tasks/schedules/{schedule_id}").json()

    assert (found["schedule_id"], found["account_id"]) == (schedule_id, str(account_id))
    assert (found["status"], found["task_ids"], found["trigger"]) == ("running", [], YEARLY)
    assert found["task"]["task_type"] == 4
    assert found["task"]["content"]["target"] == "events"
    nobody = {"enable": 0, "task_callbacks": [], "subtask_callbacks": []}
    assert found["task"]["notification_policy"] == nobody
    assert found["task"]["result_storage_policy"] == {}
    assert found["next_run_time"].endswith("-01-01T04:05:00Z")
    assert found["create_time"] == found["last_update_time"]


def test_a_schedule_can_give_its_task_at_once(client: httpx.Client) -> None:
    schedule_id = make(client, behaviour={"start_immediately": True, "create_stopped": True})

    found = client.get(f"/6/tasks/schedules/{schedule_id}").json()

    assert (found["status"], found["next_run_time"]) == ("stopped", None)
    (task_id,) = found["task_ids"]
    assert ended(client, task_id)["task_status"] == DONE
    assert client.get(f"/6/tasks/{task_id}").json()["schedule_id"] == schedule_id
    listed = client.get("/6/tasks", params={"schedule_id": schedule_id}).json()["tasks"]
    assert [task["task_id"] for task in listed] == [task_id]


@pytest.mark.parametrize("by_query", [True, False])
def test_a_schedule_is_stopped_and_started(client: httpx.Client, by_query: bool) -> None:
    url = f"/6/tasks/schedules/{make(client)}"

    def switch(action: str) -> Any:
        if by_query:
            answer = client.patch(url, params={"action": action})
        else:
            answer = client.patch(url, json={"action": action})
        assert (answer.status_code, answer.content) == (204, b"")
        found = client.get(url).json()
        return found["status"], found["next_run_time"] is None

    assert switch("pause") == ("stopped", True)
    assert switch("start") == ("running", False)
    assert switch("stop") == ("stopped", True)


def test_a_schedule_is_replaced_whole(client: httpx.Client) -> None:
    schedule_id = make(client)
    url = f"/6/tasks/schedules/{schedule_id}"
    task = {"task_type": 1, "content": {"objects_type": "faces", "create_list": 1}}
    trigger = {"cron": "0 * * * *", "cron_timezone": "Europe/Berlin"}

    put = client.put(url, json={"task": task, "trigger": trigger})

    assert (put.status_code, put.json()) == (200, {"schedule_id": schedule_id})
    found = client.get(url).json()
    assert (found["task"]["task_type"], found["trigger"]) == (1, trigger)
    assert found["last_update_time"] > found["create_time"]


def test_schedules_are_listed_newest_first(client: httpx.Client) -> None:
    first = make(client)
    task = {"task_type": 1, "content": {"objects_type": "faces", "create_list": 1}}
    second = make(client, task=task)

    def listed(**query: Any) -> list[int]:
        rows = client.get("/6/tasks/schedules", params=query).json()
        return [row["schedule_id"] for row in rows]

    assert listed() == [second, first]
    assert listed(task_type=1) == [second]
    made = client.get(f"/6/tasks/schedules/{second}").json()["create_time"]
    assert listed(create_time__gte=made) == [second]
    assert listed(create_time__lt=made) == [first]
    assert listed(page=2, page_size=1) == [first]


def test_a_schedule_is_hidden_from_others(
    client: httpx.Client, stranger: httpx.Client, nobody: httpx.Client
) -> None:
    schedule_id = make(client)
    url = f"/6/tasks/schedules/{schedule_id}"
    body = {"task": GC, "trigger": YEARLY}

    for answer in (
        stranger.get(url),
        stranger.put(url, json=body),
        stranger.patch(url, json={"action": "stop"}),
        stranger.delete(url),
    ):
        assert (answer.status_code, answer.json()["error_code"]) == (404, 90104)
        assert answer.json()["detail"] == f"Schedule with id '{schedule_id}' not found"
    assert stranger.get("/6/tasks/schedules").json() == []
    for answer in (nobody.post("/6/tasks/schedules", json=body), nobody.delete(url)):
        assert (answer.status_code, answer.json()["error_code"]) == (403, 11036)
    assert client.get(url).json()["status"] == "running"


def test_a_removed_schedule_is_gone_and_its_tasks_stay(client: httpx.Client) -> None:
    schedule_id = make(client, behaviour={"start_immediately": True})
    url = f"/6/tasks/schedules/{schedule_id}"
    (task_id,) = client.get(url).json()["task_ids"]

    assert client.delete(url).status_code == 204

    assert client.get(url).status_code == client.delete(url).status_code == 404
    assert ended(client, task_id)["task_status"] == DONE


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"trigger": {"cron": "x"}}, "trigger.cron"),
        ({"trigger": {}}, "trigger.cron"),
        ({"trigger": {"cron": "0 0 30 2 *"}}, "trigger.cron"),
        ({"trigger": {**YEARLY, "cron_timezone": "Mars"}}, "trigger.cron_timezone"),
        ({"task": {"task_type": 5, "content": {}}}, "task.task_type"),
        ({"task": {"task_type": 4, "content": {"target": "lists"}}}, "task.content.target"),
        ({"task": {"task_type": 4}}, "task.content"),
        ({"task": {"task_type": 4, "content": {"target": "events",
                   "filters": {"account_id": str(uuid4())}}}}, "task.content.filters.account_id"),
        ({"behaviour": {"create_stopped": 1}}, "behaviour.create_stopped"),
    ],
)  # fmt: skip
def test_a_bad_schedule_is_refused_by_name(
    client: httpx.Client, change: dict[str, Any], path: str
) -> None:
    body = {"task": GC, "trigger": YEARLY, **change}

    answer = client.post("/6/tasks/schedules", json=body)

    said = answer.json()
    assert (answer.status_code, said["error_code"]) == (400, 12022), said
    assert f"Path: '{path}'," in said["detail"]
    assert client.get("/6/tasks/schedules").json() == []


def test_an_unknown_action_is_refused(client: httpx.Client) -> None:
    url = f"/6/tasks/schedules/{make(client)}"

    assert client.patch(url, json={"action": "jump"}).json()["error_code"] == 12022
    assert client.patch(url).json()["error_code"] == 12022
    assert client.patch(url, params={"action": "jump"}).json()["error_code"] == 12012


def test_what_was_due_while_nobody_watched_is_given_once(
    client: httpx.Client, running: RunningApi, account_id: UUID
) -> None:
    services = running.services
    (schedule_id,) = new_numbers(services.reader, Numbered.SCHEDULE)
    late = Schedule.with_id(
        schedule_key(schedule_id),
        account_id=account_id,
        schedule_id=schedule_id,
        task=ScheduledTask.model_validate(GC).as_dict(),
        trigger=YEARLY,
        next_run_time=datetime.now(UTC) - timedelta(days=800),
    )
    log = PostgresLog(
        services.dsn, load_master_key(services.settings), [ReadModel(t) for t in INLINE]
    )
    log.commit(Batch(events=[(event, "") for event in late.collect_events()]))
    log.close()

    url = f"/6/tasks/schedules/{schedule_id}"
    until(lambda: client.get(url).json()["task_ids"])
    found = client.get(url).json()
    assert found["next_run_time"] > found["create_time"]
    time.sleep(1.5)  # the scheduler looks every second
    assert client.get(url).json()["task_ids"] == found["task_ids"]
    assert len(found["task_ids"]) == 1


def test_the_secrets_of_a_scheduled_task_are_not_shown(client: httpx.Client) -> None:
    keys = {"public_key": "tester", "secret_key": "not-a-secret"}
    source = {"source_type": "s3", "bucket": "pictures", "authorization": keys}
    content = {"handler": {"policies": {}}, "source": source}
    schedule_id = make(client, task={"task_type": 9, "content": content})

    for path in ("/6/tasks/schedules", f"/6/tasks/schedules/{schedule_id}"):
        shown = client.get(path).text
        assert "tester" in shown
        assert "not-a-secret" not in shown
