"""The process tree is killed while tasks are at work; they end after all, with nothing twice."""

import asyncio
import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.api.tasks import DONE, OVER, ended, give
from tests.api.test_crash import HEADERS, _kill_tree
from tests.support.ports import free_ports
from tests.support.service import Service

EVENTS = 1600


async def _fill(service: Service) -> None:
    """Save the events, some at a time."""
    async with httpx.AsyncClient(base_url=service.url(""), headers=HEADERS, timeout=60) as http:
        made = await http.post("/6/handlers", json={"is_dynamic": True})
        path = f"/6/handlers/{made.json()['handler_id']}/events/raw"
        for start in range(0, EVENTS, 100):
            bodies = ({"external_id": str(n)} for n in range(start, start + 100))
            answers = await asyncio.gather(*(http.post(path, json=body) for body in bodies))
            assert {answer.status_code for answer in answers} == {201}


def _client(service: Service) -> httpx.Client:
    return httpx.Client(base_url=service.url(""), headers=HEADERS, timeout=60)


def _all(http: httpx.Client, path: str, key: str, **query: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    page = 1
    while rows := http.get(path, params={**query, "page": page, "page_size": 100}).json()[key]:
        found += rows
        page += 1
    return found


def _killed_at_work(service: Service, task_id: int) -> bool:
    """Let the task be worked on for a moment, and kill everything; whether it was at work."""
    time.sleep(random.uniform(0.0, 0.3))
    with _client(service) as http:
        at_work = http.get(f"/6/tasks/{task_id}").json()["task_status"] not in OVER
    _kill_tree(service.pid)
    return at_work


def _result(service: Service, task_id: int) -> Any:
    with _client(service) as http:
        assert ended(http, task_id)["task_status"] == DONE
        said = http.get(f"/6/tasks/{task_id}/result").json()
    assert said["errors"] == []
    return said["result"]


@contextmanager
def _serving(data: Path, ports: list[int]) -> Iterator[Service]:
    with Service("api.cli.main", data, "serve", ports=ports) as service:
        service.wait_for("Selene is ready")
        yield service


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_tasks_that_were_interrupted_are_finished_and_do_nothing_twice(tmp_path: Path) -> None:
    data, ports = tmp_path / "var", free_ports(4)
    kills_at_work = 0
    with _serving(data, ports) as service:
        asyncio.run(_fill(service))
        with _client(service) as http:
            events = {row["event_id"] for row in _all(http, "/6/events", "events")}
            linking = give(http, "linker", {"objects_type": "events", "create_list": 1})
        assert len(events) == EVENTS
        kills_at_work += _killed_at_work(service, linking)
    with _serving(data, ports) as service:
        kills_at_work += _killed_at_work(service, linking)

    with _serving(data, ports) as service:
        linked = _result(service, linking)
        with _client(service) as http:
            faces = _all(http, "/6/faces", "faces", list_id=linked["list_id"])
            assert http.get("/6/faces/count").json() == {"faces_count": EVENTS}
            collecting = give(http, "gc", {"target": "events"})
        assert sorted(linked["faces"]) == sorted(face["face_id"] for face in faces)
        assert {face["event_id"] for face in faces} == events
        assert len(set(linked["faces"])) == len(linked["faces"]) == EVENTS
        kills_at_work += _killed_at_work(service, collecting)
    with _serving(data, ports) as service:
        removed = _result(service, collecting)
    assert sorted(one["event_id"] for one in removed) == sorted(events)
    assert kills_at_work > 0
