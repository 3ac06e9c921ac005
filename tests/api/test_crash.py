"""The whole process tree is killed again and again under load, and nothing acknowledged is lost."""

import asyncio
import os
import random
import signal
import time
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID, uuid4

import httpx
import psutil
import pytest

from tests.support.ports import free_ports
from tests.support.service import Service
from tests.support.waiting import in_time

ROUNDS = 30
CLIENTS = 8
ACCOUNT = str(uuid4())
HEADERS = {"Luna-Account-Id": ACCOUNT}


@dataclass
class Ledger:
    """What clients were told is done, and what they asked for last and never heard of."""

    faces: set[str] = field(default_factory=set)
    links: set[str] = field(default_factory=set)
    events: set[str] = field(default_factory=set)
    asked: set[str] = field(default_factory=set)

    def forget_nothing_of(self, other: "Ledger") -> None:
        """Add what happened in one round."""
        self.faces |= other.faces
        self.links |= other.links
        self.events |= other.events
        self.asked |= other.asked


async def _work(http: httpx.AsyncClient, list_id: str, handler_id: str, seen: Ledger) -> None:
    while True:
        external_id = uuid4().hex
        seen.asked.add(external_id)
        face = await http.post("/6/faces", json={"external_id": external_id})
        assert face.status_code == 201, face.text
        face_id = face.json()["face_id"]
        seen.faces.add(external_id)
        link = {"action": "attach", "face_ids": [face_id]}
        attached = await http.patch(f"/6/lists/{list_id}/faces", json=link)
        assert attached.status_code == 204, attached.text
        seen.links.add(external_id)
        raw = {"external_id": external_id, "source": "crash"}
        wait_saving = random.randint(0, 1)
        event = await http.post(
            f"/6/handlers/{handler_id}/events/raw", json=raw, params={"wait_saving": wait_saving}
        )
        assert event.status_code in (201, 202), event.text
        seen.events.add(event.json()["event_id"])


async def _until_killed(service: Service, list_id: str, handler_id: str) -> Ledger:
    seen = Ledger()
    async with httpx.AsyncClient(base_url=service.url(""), headers=HEADERS, timeout=60) as http:
        clients = [
            asyncio.create_task(_work(http, list_id, handler_id, seen)) for _ in range(CLIENTS)
        ]
        await in_time(lambda: min(len(seen.faces), len(seen.links), len(seen.events)) > 1)
        await asyncio.sleep(random.uniform(0.0, 0.5))
        _kill_tree(service.pid)
        ended = await asyncio.gather(*clients, return_exceptions=True)
    for error in ended:
        assert isinstance(error, httpx.TransportError), f"{error!r}\n{''.join(service.output)}"
    return seen


def _kill_tree(pid: int) -> None:
    """SIGKILL for the program and everything it started, Postgres included."""
    parent = psutil.Process(pid)
    for process in [parent, *parent.children(recursive=True)]:
        try:
            os.kill(process.pid, signal.SIGKILL)
        except ProcessLookupError:
            continue


def _check(service: Service, list_id: str, seen: Ledger) -> None:
    """Everything acknowledged is there once; nothing is there that was not asked for."""
    with httpx.Client(base_url=service.url(""), headers=HEADERS, timeout=60) as http:
        found: dict[str, int] = {}
        linked: set[str] = set()
        page = 1
        while faces := http.get("/6/faces", params={"page": page, "page_size": 100}).json()[
            "faces"
        ]:
            for face in faces:
                found[face["external_id"]] = found.get(face["external_id"], 0) + 1
                if list_id in face["lists"]:
                    linked.add(face["external_id"])
            page += 1
        assert seen.faces <= found.keys()
        assert found.keys() <= seen.asked
        assert set(found.values()) <= {1}
        assert seen.links <= linked
        events: list[str] = []
        page = 1
        params: dict[str, str | int] = {"sources": "crash", "page_size": 1000}
        while rows := http.get("/6/events", params={**params, "page": page}).json()["events"]:
            events += [row["event_id"] for row in rows]
            page += 1
        assert seen.events <= set(events)
        assert len(set(events)) == len(events)


def _set_up(service: Service) -> tuple[str, str]:
    with httpx.Client(base_url=service.url(""), headers=HEADERS, timeout=60) as http:
        list_id = http.post("/6/lists", json={"user_data": "crash"}).json()["list_id"]
        handler = {"description": "raw", "is_dynamic": True}
        handler_id = http.post("/6/handlers", json=handler).json()["handler_id"]
    return str(UUID(list_id)), str(UUID(handler_id))


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_what_was_acknowledged_survives_thirty_kills(tmp_path: Path) -> None:
    data = tmp_path / "var"
    ports = free_ports(4)
    ledger = Ledger()
    made: tuple[str, str] | None = None
    for _ in range(ROUNDS):
        with Service("api.cli.main", data, "serve", ports=ports) as service:
            service.wait_for("Selene is ready")
            made = made or _set_up(service)
            ledger.forget_nothing_of(asyncio.run(_until_killed(service, *made)))
    assert made is not None
    assert min(len(ledger.faces), len(ledger.links), len(ledger.events)) > ROUNDS
    with Service("api.cli.main", data, "serve", ports=ports) as service:
        service.wait_for("Selene is ready")
        _check(service, made[0], ledger)
        service.signal(signal.SIGTERM)
        assert service.wait() == 0
    with Service("api.cli.main", data, "verify", ports=ports) as verify:
        assert verify.wait(120) == 0, "".join(verify.output)


@pytest.mark.slow
@pytest.mark.parametrize("killed_at", [
    ("cluster.new/PG_VERSION", 0.0), ("cluster.new/postmaster.pid", 0.3),
    ("cluster", 0.0), ("cluster/postmaster.pid", 0.5),
])  # fmt: skip
def test_a_first_start_that_is_killed_is_repeated(
    tmp_path: Path, killed_at: tuple[str, float]
) -> None:
    file, seconds = killed_at
    with Service("api.cli.main", tmp_path, "serve") as service:
        last, place = time.monotonic() + 120, tmp_path / "postgres"
        # Who looks seldom on a busy machine finds that it has become the real one already.
        awaited = {file, "cluster"} if file.startswith("cluster.new") else {file}
        while not any((place / one).exists() for one in awaited):
            assert time.monotonic() < last
            time.sleep(0.005)
        time.sleep(seconds)
        _kill_tree(service.pid)
    with Service("api.cli.main", tmp_path, "serve") as service:
        service.wait_for("Selene is ready")
        assert httpx.post(service.url("/6/faces"), headers=HEADERS, timeout=60).status_code == 201
        service.signal(signal.SIGTERM)
        assert service.wait() == 0
