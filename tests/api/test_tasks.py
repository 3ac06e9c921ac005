"""Tasks over HTTP: given, followed, cancelled, removed; each sees only the tasks of its account."""

from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.api.tasks import DONE, FAILED, done, ended, give, result

NOTHING: dict[str, Any] = {"target": "events"}


def failing(client: httpx.Client) -> int:
    """A task that fails: it is to fill a list that is not there."""
    content = {"objects_type": "faces", "list_id": str(uuid4())}
    task_id = give(client, "linker", content)
    assert ended(client, task_id)["task_status"] == FAILED
    return task_id


def test_a_task_is_found_with_its_content_and_progress(
    client: httpx.Client, account_id: Any
) -> None:
    task_id = done(client, "gc", NOTHING, description="old events")

    found = client.get(f"/6/tasks/{task_id}").json()

    assert (found["task_id"], found["account_id"]) == (task_id, str(account_id))
    assert (found["task_type"], found["task_status"]) == (4, DONE)
    assert found["description"] == "old events"
    assert found["content"] == {
        "target": "events",
        "store_results": True,
        "remove_samples": False,
        "remove_image_origins": False,
    }
    assert (found["count_task_parts_all"], found["count_task_parts_done"]) == (1, 1)
    nobody = {"enable": 0, "task_callbacks": [], "subtask_callbacks": []}
    assert (found["notification_policy"], found["result_storage_policy"]) == (nobody, {})
    assert found["create_time"] <= found["last_update_time"] == found["end_time"]
    assert found["result_id"] is not None
    assert result(client, task_id) == []


def test_tasks_are_listed_newest_first_and_counted(client: httpx.Client) -> None:
    first, second = done(client, "gc", NOTHING), done(client, "gc", NOTHING)
    third = failing(client)

    def listed(**query: Any) -> list[int]:
        rows = client.get("/6/tasks", params=query).json()["tasks"]
        count = client.get("/6/tasks/count", params=query).json()["count"]
        found = [row["task_id"] for row in rows]
        assert count == len(found)
        return found

    assert listed() == [third, second, first]
    assert listed(task_type=4) == [second, first]
    assert listed(task_status=FAILED) == [third]
    assert listed(task_ids=f"{first},{third}") == [third, first]
    assert listed(task_id=second) == [second]
    times = client.get(f"/6/tasks/{second}").json()
    assert listed(create_time__gte=times["create_time"]) == [third, second]
    assert listed(create_time__lt=times["create_time"]) == [first]
    assert listed(end_time__gte=times["end_time"]) == [third, second]
    assert listed(end_time__lt=times["end_time"]) == [first]
    assert listed(schedule_id=2**40) == []
    page = client.get("/6/tasks", params={"page": 2, "page_size": 2}).json()["tasks"]
    assert [row["task_id"] for row in page] == [first]


@pytest.mark.parametrize(
    "query",
    [
        {"task_type": 11}, {"task_status": 6}, {"task_ids": "0"}, {"task_ids": "a"},
        {"task_ids": ""}, {"create_time__lt": "now"}, {"page": 0}, {"page_size": 101},
        {"schedule_id": "a"}, {"account_id": str(uuid4())},
    ],
)  # fmt: skip
def test_bad_filters_are_named(client: httpx.Client, query: dict[str, Any]) -> None:
    said = client.get("/6/tasks", params=query).json()

    assert (said["error_code"], said["detail"]) == (
        12012,
        f"Bad query parameters '{next(iter(query))}'",
    )


def test_a_task_is_hidden_from_others(
    client: httpx.Client, stranger: httpx.Client, nobody: httpx.Client, account_id: Any
) -> None:
    task_id = failing(client)
    error_id = client.get(f"/6/tasks/{task_id}/errors").json()["errors"][0]["error_id"]
    missing = {"error_code": 90100, "detail": f"Task with id '{task_id}' not found"}

    policy = {"enable": 0}
    for answer in (
        stranger.get(f"/6/tasks/{task_id}"),
        stranger.get(f"/6/tasks/{task_id}/result"),
        stranger.get(f"/6/tasks/{task_id}/subtasks"),
        stranger.get(f"/6/tasks/{task_id}/errors"),
        stranger.get(f"/6/tasks/{task_id}/notification_policy"),
        stranger.put(f"/6/tasks/{task_id}/notification_policy", json=policy),
        stranger.patch(f"/6/tasks/{task_id}"),
        stranger.delete(f"/6/tasks/{task_id}"),
    ):
        said = answer.json()
        assert answer.status_code == 404
        assert {name: said[name] for name in missing} == missing
    assert stranger.get(f"/6/tasks/errors/{error_id}").status_code == 404
    assert stranger.get("/6/tasks/errors").json() == {"errors": []}
    assert stranger.get("/6/tasks/count").json() == {"count": 0}
    assert nobody.get(f"/6/tasks/{task_id}").json()["task_id"] == task_id
    mine = nobody.get("/6/tasks", params={"account_id": str(account_id)}).json()["tasks"]
    assert [row["task_id"] for row in mine] == [task_id]


def test_a_missing_account_is_a_bad_query_where_a_task_is_changed(
    client: httpx.Client, nobody: httpx.Client
) -> None:
    task_id = done(client, "gc", NOTHING)

    for answer in (nobody.patch(f"/6/tasks/{task_id}"), nobody.delete(f"/6/tasks/{task_id}")):
        said = answer.json()
        assert (answer.status_code, said["error_code"]) == (400, 12012)
        assert said["detail"] == "Bad query parameters 'account_id'"
    given = nobody.post("/6/tasks/gc", json={"content": NOTHING})
    assert (given.status_code, given.json()["error_code"]) == (403, 11036)


def test_a_task_that_is_over_stays_so_when_it_is_cancelled(client: httpx.Client) -> None:
    task_id = done(client, "gc", NOTHING)

    cancelled = client.patch(f"/6/tasks/{task_id}")

    assert (cancelled.status_code, cancelled.content) == (204, b"")
    assert client.get(f"/6/tasks/{task_id}").json()["task_status"] == DONE


def test_a_removed_task_is_gone_with_all_that_is_known_of_it(client: httpx.Client) -> None:
    task_id = failing(client)
    error_id = client.get(f"/6/tasks/{task_id}/errors").json()["errors"][0]["error_id"]

    assert client.delete(f"/6/tasks/{task_id}").status_code == 204

    assert client.get(f"/6/tasks/{task_id}").status_code == 404
    assert client.get(f"/6/tasks/errors/{error_id}").status_code == 404
    assert client.delete(f"/6/tasks/{task_id}").status_code == 404


def test_a_result_goes_with_its_task(client: httpx.Client) -> None:
    task_id = done(client, "gc", NOTHING)
    assert client.get(f"/6/tasks/{task_id}/result").status_code == 200

    client.delete(f"/6/tasks/{task_id}")

    assert client.get(f"/6/tasks/{task_id}/result").json()["error_code"] == 90100


def test_a_task_without_a_result_says_so(client: httpx.Client) -> None:
    quiet = done(client, "gc", {**NOTHING, "store_results": False})

    for task_id in (quiet, failing(client)):
        said = client.get(f"/6/tasks/{task_id}/result")
        assert (said.status_code, said.json()["error_code"]) == (404, 13007)
        assert said.json()["detail"] == f"Object with id '{task_id}' not found"


def test_errors_say_what_went_wrong_and_where(client: httpx.Client) -> None:
    task_id = failing(client)
    other = failing(client)

    (error,) = client.get(f"/6/tasks/{task_id}/errors").json()["errors"]

    assert (error["task_id"], error["subtask_id"], error["additional_info"]) == (
        task_id,
        None,
        None,
    )
    assert (error["error_code"], error["description"]) == (22003, "Object not found")
    assert error["detail"].startswith("List with id '")
    assert error["link"] == "/docs/errors/22003"
    error_id = error["error_id"]
    assert client.get(f"/6/tasks/errors/{error_id}").json() == error
    assert client.get(f"/6/tasks/errors/{error_id}?error_id={error_id}").json() == error
    assert client.get(f"/6/tasks/errors/{error_id}?error_id=1").json()["error_code"] == 12012

    def listed(**query: Any) -> list[int]:
        rows = client.get("/6/tasks/errors", params=query).json()["errors"]
        count = client.get("/6/tasks/errors/count", params=query).json()["count"]
        assert count == len(rows)
        return [row["task_id"] for row in rows]

    assert listed() == [other, task_id]
    assert listed(task_ids=task_id) == [task_id]
    assert listed(error_ids=error_id) == [task_id]
    assert listed(error_code=22003, status_code=404, task_type=1) == [other, task_id]
    assert listed(error_code=1) == listed(status_code=500) == listed(task_type=4) == []
    assert listed(error_time__lt=error["error_time"]) == []
    assert listed(error_time__gte=error["error_time"]) == [other, task_id]
    for bad in ({"status_code": 399}, {"error_ids": ""}, {"task_type": 11}):
        assert client.get("/6/tasks/errors", params=bad).json()["error_code"] == 12012


def test_an_error_of_no_task_is_not_found(client: httpx.Client) -> None:
    said = client.get(f"/6/tasks/errors/{2**40}")

    assert (said.status_code, said.json()["error_code"]) == (404, 90101)


def test_who_is_told_can_be_chosen_anew(client: httpx.Client) -> None:
    task_id = done(client, "gc", NOTHING)
    url = f"/6/tasks/{task_id}/notification_policy"
    assert client.get(url).json() == {"enable": 0, "task_callbacks": [], "subtask_callbacks": []}
    callback = {"type": "http", "url": "https://example.org/told"}

    put = client.put(url, json={"enable": 1, "task_callbacks": [callback]})

    assert (put.status_code, put.content) == (204, b"")
    found = client.get(url).json()
    assert (found["enable"], found["task_callbacks"][0]["url"]) == (1, callback["url"])
    assert client.get(f"/6/tasks/{task_id}").json()["notification_policy"] == found
    bad = client.put(url, json={"enable": 2})
    assert (bad.status_code, bad.json()["error_code"]) == (400, 12022)


@pytest.mark.parametrize(
    ("kind", "content", "path"),
    [
        ("gc", {}, "content.target"),
        ("gc", {"target": "lists"}, "content.target"),
        ("gc", {"target": "events", "store_results": 1}, "content.store_results"),
        ("gc", {"target": "events", "filters": {"handler_id": "x"}}, "content.filters.handler_id"),
        ("gc", {"target": "events", "filters": {"list_id": str(uuid4())}}, "content.filters"),
        ("gc", {"target": "events", "filters": {"account_id": str(uuid4())}},
         "content.filters.account_id"),
        ("linker", {"objects_type": "faces"}, "content"),
        ("linker", {"objects_type": "lists", "create_list": 1}, "content.objects_type"),
        ("linker", {"objects_type": "faces", "create_list": True}, "content.create_list"),
        ("linker", {"objects_type": "faces", "create_list": 1, "user_data": "x" * 129},
         "content.user_data"),
        ("linker", {"objects_type": "faces", "create_list": 1, "filters": {"tags": []}},
         "content.filters"),
        ("clustering", {"objects_type": "faces", "threshold": 2}, "content.threshold"),
        ("cross_match", {}, "content.filters"),
        ("roc", {"markup": []}, "content.markup"),
        ("reporter", {"filters": {}}, "content.filters.task_id"),
        ("exporter", {"objects_type": "faces", "csv_delimiter": "::"}, "content.csv_delimiter"),
    ],
)  # fmt: skip
def test_a_bad_content_is_refused_by_name(
    client: httpx.Client, kind: str, content: dict[str, Any], path: str
) -> None:
    answer = client.post(f"/6/tasks/{kind}", json={"content": content})

    said = answer.json()
    assert (answer.status_code, said["error_code"]) == (400, 12022), said
    assert f"Path: '{path}'," in said["detail"]
    assert client.get("/6/tasks/count").json() == {"count": 0}


def test_a_repeated_request_gives_one_task(client: httpx.Client) -> None:
    headers = {"Idempotency-Key": uuid4().hex}
    body = {"content": NOTHING}

    first = client.post("/6/tasks/gc", json=body, headers=headers).json()
    again = client.post("/6/tasks/gc", json=body, headers=headers).json()

    assert first == again
    assert client.get("/6/tasks/count").json() == {"count": 1}
