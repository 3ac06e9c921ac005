"""How tasks are worked on: in parts, stoppable, again after failures, and told to who asked."""

import asyncio
import time
from collections.abc import Iterator
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from api.workers.tasks import kinds
from api.workers.tasks.kind import ZIP
from api.workers.tasks.result_sweeper import sweep_results
from api.workers.tasks.results import result_blob
from commands.tasks import CreateTask
from domain.shared.numbered import Numbered
from projections.task_numbers import new_numbers
from tests.api.tasks import CANCELLED, DONE, FAILED, ended
from tests.api.toy_task import Toy
from tests.support.postgres import Databases
from tests.support.receiver import receiver
from tests.support.running_api import RunningApi, running_api

PRIVATE = {"allowed_private_urls": ("127.0.0.1",)}


@pytest.fixture(scope="module")
def running(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningApi]:
    """An API that may call addresses of this machine."""
    directory = tmp_path_factory.mktemp("tasks")
    with databases.fresh() as dsn, running_api(dsn, directory, **PRIVATE) as api:
        yield api


@pytest.fixture
def toy(monkeypatch: pytest.MonkeyPatch) -> Toy:
    """The kind, known to the program."""
    made = Toy()
    monkeypatch.setitem(kinds.TASK_KINDS, made.name, made)
    return made


@pytest.fixture
def client(running: RunningApi) -> Iterator[httpx.Client]:
    """Asks that API as an account of its own."""
    with running.client(uuid4()) as made:
        yield made


def play(client: httpx.Client, running: RunningApi, *parts: str, **more: Any) -> int:
    """The number of a new toy task."""
    services = running.services
    (task_id,) = new_numbers(services.reader, Numbered.TASK)
    account_id = client.headers["luna-account-id"]
    command = CreateTask(
        account_id=UUID(account_id),
        task_id=task_id,
        task_type=Toy.number,
        content={"parts": list(parts)},
        **more,
    )
    return int(sent(running, command))


def sent(running: RunningApi, command: Any) -> Any:
    """The answer to a command."""
    return asyncio.run(running.services.writer.send(command))


def errors_of(client: httpx.Client, task_id: int) -> list[dict[str, Any]]:
    """What went wrong."""
    found: list[dict[str, Any]] = client.get(f"/6/tasks/{task_id}/errors").json()["errors"]
    return found


def statuses(client: httpx.Client, task_id: int) -> list[int]:
    """The statuses of the parts, in order."""
    parts = client.get(f"/6/tasks/{task_id}/subtasks").json()["subtasks"]
    return [part["subtask_status"] for part in parts]


def test_parts_that_are_done_make_the_result(
    client: httpx.Client, running: RunningApi, toy: Toy
) -> None:
    task_id = play(client, running, "one", "missing", "broken", "warned")

    task = ended(client, task_id)

    assert (task["task_status"], task["count_task_parts_done"]) == (DONE, 2)
    assert task["count_task_parts_all"] == 4
    assert statuses(client, task_id) == [4, 3, 3, 4]
    said = client.get(f"/6/tasks/{task_id}/result").json()
    assert said["result"] == ["one", "warned"]
    assert said["errors"] == errors_of(client, task_id)
    codes = {(e["error_code"], e["additional_info"]) for e in said["errors"]}
    assert codes == {(90100, None), (90102, None), (90100, "an object")}
    assert {e["subtask_id"] is None for e in said["errors"]} == {False}


def test_a_task_without_a_part_that_is_done_has_failed(
    client: httpx.Client, running: RunningApi, toy: Toy
) -> None:
    task_id = play(client, running, "missing")

    task = ended(client, task_id)

    assert (task["task_status"], task["result_id"]) == (FAILED, None)
    assert client.get(f"/6/tasks/{task_id}/result").json()["error_code"] == 13007


def test_a_kind_that_needs_all_parts_fails_with_one(
    client: httpx.Client, running: RunningApi, toy: Toy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Toy, "partial", False)

    task_id = play(client, running, "one", "missing")

    assert ended(client, task_id)["task_status"] == FAILED


def test_a_task_that_cannot_be_set_out_has_failed(
    client: httpx.Client, running: RunningApi, toy: Toy
) -> None:
    task_id = play(client, running, "refused")

    assert ended(client, task_id)["task_status"] == FAILED
    (error,) = errors_of(client, task_id)
    assert (error["subtask_id"], error["error_code"]) == (None, 90100)


@pytest.mark.parametrize("remove", [False, True])
def test_a_part_at_work_stops_with_its_task(
    client: httpx.Client, running: RunningApi, toy: Toy, remove: bool
) -> None:
    task_id = play(client, running, "one", "hang", "never")
    assert toy.hanging.wait(60)
    url = f"/6/tasks/{task_id}"
    assert client.get(url).json()["task_status"] == 1

    assert (client.delete(url) if remove else client.patch(url)).status_code == 204

    assert toy.left.wait(60)
    if remove:
        assert client.get(url).status_code == 404
    else:
        task = client.get(url).json()
        assert (task["task_status"], task["end_time"] is None) == (CANCELLED, False)
        assert statuses(client, task_id)[1] == 2
        assert client.get(f"{url}/result").json()["error_code"] == 13007
    time.sleep(0.1)
    assert toy.begun.count("hang") == 1


def test_a_part_that_fails_for_a_passing_reason_is_done_again(
    client: httpx.Client, running: RunningApi, toy: Toy
) -> None:
    task_id = play(client, running, "lost")

    assert ended(client, task_id)["task_status"] == DONE
    assert toy.begun == ["lost"] * 3
    said = client.get(f"/6/tasks/{task_id}/result").json()
    assert said == {"result": [1], "errors": []}  # what the first attempt made once


def test_a_part_that_never_ends_well_is_given_up(
    client: httpx.Client, running: RunningApi, toy: Toy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.workers.tasks.steps.MOST_ATTEMPTS", 1)

    task_id = play(client, running, "lost")

    assert ended(client, task_id)["task_status"] == FAILED
    (error,) = errors_of(client, task_id)
    assert (error["error_code"], toy.begun) == (90103, ["lost"])


def test_a_file_is_answered_as_it_is(client: httpx.Client, running: RunningApi, toy: Toy) -> None:
    task_id = play(client, running, "file")
    ended(client, task_id)

    answer = client.get(f"/6/tasks/{task_id}/result")

    assert answer.headers["content-type"] == ZIP
    name = f'attachment; filename="task_{task_id}.zip"'
    assert answer.headers["content-disposition"] == name
    assert answer.headers["content-length"] == "6000000"
    assert answer.content == b"PK" * 3_000_000


def test_a_result_goes_when_it_was_kept_long_enough(
    client: httpx.Client, running: RunningApi, toy: Toy
) -> None:
    task_id = play(client, running, "one", result_storage_policy={"ttl": 0})
    result_id = ended(client, task_id)["result_id"]
    services = running.services

    asyncio.run(sweep_results(services.reader, services.writer, services.blobs))

    assert client.get(f"/6/tasks/{task_id}").json()["result_id"] is None
    assert client.get(f"/6/tasks/{task_id}/result").json()["error_code"] == 13007
    assert not asyncio.run(services.blobs.exists(result_blob(UUID(result_id))))


def test_nothing_of_a_task_is_left_in_the_blob_store(
    client: httpx.Client, running: RunningApi, toy: Toy
) -> None:
    task_id = play(client, running, "one", "warned", "missing")
    ended(client, task_id)
    result_id = client.get(f"/6/tasks/{task_id}").json()["result_id"]

    client.delete(f"/6/tasks/{task_id}")

    assert result_id is not None
    assert not asyncio.run(running.services.blobs.exists(result_blob(UUID(result_id))))


def test_those_who_asked_are_told_of_parts_and_of_the_end(
    client: httpx.Client, running: RunningApi, toy: Toy
) -> None:
    with receiver() as there:
        told = [{"type": "http", "url": there.url}]
        off = {"type": "http", "url": there.url, "enable": 0}
        policy = {"enable": 1, "task_callbacks": [*told, off], "subtask_callbacks": told}
        task_id = play(client, running, "one", "missing", notification_policy=policy)
        ended(client, task_id)

        taken = there.wait(3)

    said = [(t.body["event_type"], t.body["event"]) for t in taken]
    said.sort(key=lambda pair: pair[0])
    by_type = [kind for kind, _ in said]
    assert by_type == ["subtask", "subtask", "task"]
    assert {event["subtask_status"] for kind, event in said if kind == "subtask"} == {3, 4}
    task = said[-1][1]
    assert (task["task_id"], task["task_status"], task["task_type"]) == (task_id, DONE, 10)
    assert all(t.body["account_id"] == client.headers["luna-account-id"] for t in taken)


def test_nobody_is_told_by_a_policy_that_is_off(
    client: httpx.Client, running: RunningApi, toy: Toy
) -> None:
    with receiver() as there:
        policy = {"enable": 0, "task_callbacks": [{"type": "http", "url": there.url}]}
        ended(client, play(client, running, "one", notification_policy=policy))
        time.sleep(0.3)

    assert there.taken == []
