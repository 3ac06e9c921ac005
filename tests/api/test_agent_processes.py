"""Agents as processes of their own: they need only HTTP, and may be killed at any moment."""

import os
import random
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from uuid import UUID, uuid4

import cv2
import httpx
import psutil
import pytest
import simplejpeg

from inference.drawn_face import drawn_face
from tests.api.streaming import make
from tests.support.packs import PACKS, default_pack
from tests.support.running_api import headers_of
from tests.support.service import Service
from tests.support.waiting import until

STREAMS, KILLS = int(os.environ.get("AGENT_STREAMS", "24")), 3
PLAIN = {
    "detect_policy": {"estimate_head_pose": 0},
    "extract_policy": {"extract_face_descriptor": 0},
}


def folders(root: Path, count: int) -> list[str]:
    """Folders with one image of the same drawn face each."""
    small = cv2.resize(drawn_face(), (160, 160), interpolation=cv2.INTER_AREA)
    image = simplejpeg.encode_jpeg(small)
    names = [f"f{number:02d}" for number in range(count)]
    for name in names:
        (root / name).mkdir(parents=True)
        (root / name / "1.jpg").write_bytes(image)
    return names


@pytest.fixture
def api(tmp_path: Path) -> Iterator[Service]:
    """Everything but an agent, in a process of its own."""
    variables = {"SELENE_STREAM_SILENCE_S": "3", "SELENE_PACK": str(PACKS / default_pack().name)}
    roles = ("api", "projector", "sender")
    with Service("api.cli.main", tmp_path / "api", "serve", *roles, variables=variables) as made:
        made.wait_for("Selene is ready", 180)
        yield made


def agent(api: Service, directory: Path, roots: Path, streams: int) -> Service:
    """An agent on another machine: it has a directory of its own and the services' addresses."""
    variables = {
        "SELENE_PACK": str(PACKS / default_pack().name),
        "SELENE_DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none",
        "SELENE_AGENT__SERVICE": api.url("", "streams"),
        "SELENE_AGENT__API": api.url(""),
        "SELENE_AGENT__ROOTS": f'["{roots}"]',
        "SELENE_AGENT__STREAMS": str(streams),
        "SELENE_AGENT__POLL_S": "0.1",
        "SELENE_AGENT__FEEDBACK_S": "0.5",
        "OMP_NUM_THREADS": "1",
    }
    return Service("api.cli.main", directory, "serve", "agent", variables=variables)


def begin(api: Service, account_id: UUID, names: list[str]) -> list[str]:
    """The ids of new streams over the folders, whose faces go to a new handler."""
    with httpx.Client(base_url=api.url(""), headers=headers_of(account_id), timeout=60) as client:
        made = client.post("/6/handlers", json={"policies": PLAIN})
        assert made.status_code == 201, made.text
        handler = {
            "handler_id": made.json()["handler_id"],
            "authorization": {"account_id": str(account_id)},
            "frame_store": None,
        }
    analytics = [{"mode": 1, "event_handler": handler}]
    with httpx.Client(base_url=api.url("", "streams"), timeout=60) as client:
        return [
            make(client, account_id, data={
                "type": "images", "reference": name, "mask": "*.jpg",
                "analytics": analytics})
            for name in names
        ]  # fmt: skip


def standing(api: Service, account_id: UUID) -> dict[str, str]:
    """The status of each stream of the account."""
    query = {"account_id": str(account_id), "page_size": "100"}
    found = httpx.get(api.url("/2/streams", "streams"), params=query, timeout=60).json()
    return {one["stream_id"]: one["status"] for one in found["streams"]}


def number_of(api: Service, account_id: UUID, *wanted: str) -> int:
    """How many streams have one of the statuses."""
    return sum(status in wanted for status in standing(api, account_id).values())


def events(api: Service, account_id: UUID) -> list[str]:
    """The streams of all events."""
    query = {"target": "stream_id", "page_size": "1000"}
    with httpx.Client(base_url=api.url(""), headers=headers_of(account_id), timeout=60) as client:
        told = client.get("/6/events", params=query).json()
    return [one["stream_id"] for one in told["events"]]


@pytest.mark.slow
def test_an_agent_needs_nothing_but_the_services(api: Service, tmp_path: Path) -> None:
    account_id, films = uuid4(), tmp_path / "films"
    (stream_id,) = begin(api, account_id, folders(films, 1))
    with agent(api, tmp_path / "agent", films, 1) as alone:
        alone.wait_for("Selene is ready", 180)
        until(lambda: number_of(api, account_id, "done") == 1, 120)
        held = {one.laddr.port for one in psutil.Process(alone.pid).net_connections("tcp")
                if one.status == psutil.CONN_LISTEN}  # fmt: skip
        assert held == set()
    assert events(api, account_id) == [stream_id]
    left = {path.name for path in (tmp_path / "agent").iterdir()}
    assert left == {"agent.lock", "version"}


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_each_stream_is_done_once_though_agents_are_killed(api: Service, tmp_path: Path) -> None:
    account_id, films, chance = uuid4(), tmp_path / "films", random.Random(6)
    ids = begin(api, account_id, folders(films, STREAMS))
    orphans: list[psutil.Process] = []
    with ExitStack() as stack:
        agents = [
            stack.enter_context(agent(api, tmp_path / f"agent-{n}", films, 4)) for n in range(2)
        ]
        for one in agents:
            one.wait_for("Selene is ready", 180)
        until(lambda: number_of(api, account_id, "in_progress") > 4)  # more than one agent takes
        for number in range(KILLS):
            killed = agents.pop(chance.randrange(len(agents)))
            if number > 0:
                time.sleep(chance.uniform(0.0, 2.0))
            orphans += psutil.Process(killed.pid).children(recursive=True)
            psutil.Process(killed.pid).kill()
            directory = tmp_path / f"again-{number}"
            agents.append(stack.enter_context(agent(api, directory, films, 4)))
            agents[-1].wait_for("Selene is ready", 180)
        until(lambda: number_of(api, account_id, "done") == STREAMS, 400)
        _, alive = psutil.wait_procs(orphans, timeout=60)
        assert alive == []
    assert set(standing(api, account_id)) == set(ids)
    query = {"account_id": str(account_id), "page_size": "1000"}
    logs = httpx.get(api.url("/1/streams/logs", "streams"), params=query, timeout=60).json()["logs"]
    done = sorted(record["stream_id"] for record in logs if record["status"] == "done")
    assert done == sorted(ids)
    assert any(record["status"] == "handler_lost" for record in logs)
    assert sorted(events(api, account_id)) == sorted(ids)
