"""Several processes on one database are one service: what one does, the others know."""

import json
import signal
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import httpx
import psycopg
import pytest
from websockets.sync.client import connect

from projections.runner import _LEADER as LEADER
from projections.tables import CATCH_UP
from tests.api.enrolled import enrol, found
from tests.support.packs import PACKS, default_pack
from tests.support.postgres import Databases
from tests.support.redis_server import redis_server
from tests.support.running_api import headers_of
from tests.support.service import Service
from tests.support.waiting import until

pytestmark = pytest.mark.slow

ACCOUNT = uuid4()
HEADERS = headers_of(ACCOUNT)
SERVE = "api.cli.main"


@dataclass
class Site:
    """Two API processes and two projectors over one database, and clients of the former."""

    dsn: str
    processes: dict[str, Service]
    first: httpx.Client
    second: httpx.Client


@contextmanager
def site(databases: Databases, directory: Path, **variables: str) -> Iterator[Site]:
    """Each has a data directory of its own, and they share a key."""
    roles = {"leader": ["projector"], "first": ["api"], "second": ["api", "projector"]}
    with ExitStack() as stack:
        dsn = stack.enter_context(databases.fresh())
        shared = {
            "SELENE_DATABASE_URL": dsn,
            "SELENE_PACK": str(PACKS / default_pack().name),
            "SELENE_MASTER_KEY_FILE": str(directory / "master.key"),
            "SELENE_BLOBS": str(directory / "blobs"),
            **variables,
        }
        processes: dict[str, Service] = {}
        for together in (["leader"], ["first", "second"]):  # whoever is there first leads
            for name in together:
                made = Service(SERVE, directory / name, "serve", *roles[name], variables=shared)
                processes[name] = stack.enter_context(made)
            for name in together:
                processes[name].wait_for("Selene is ready", 200)
        first, second = (
            stack.enter_context(
                httpx.Client(base_url=processes[name].url(""), headers=HEADERS, timeout=60)
            )
            for name in ("first", "second")
        )
        yield Site(dsn, processes, first, second)


@pytest.fixture(scope="module", params=["postgres", "redis"])
def running(
    request: pytest.FixtureRequest, databases: Databases, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Site]:
    directory = tmp_path_factory.mktemp("several")
    with ExitStack() as stack:
        variables = {}
        if request.param == "redis":
            variables["SELENE_REDIS_URL"] = stack.enter_context(redis_server(directory))
        yield stack.enter_context(site(databases, directory, **variables))


def raw_event(client: httpx.Client, handler_id: str, source: str) -> None:
    answer = client.post(f"/6/handlers/{handler_id}/events/raw", json={"source": source})
    assert answer.status_code == 201, answer.text


def at_position(client: httpx.Client, url: str, demand: dict[str, str]) -> httpx.Response:
    """The answer once the position is reached, however long that takes."""

    def asked() -> httpx.Response | None:
        answer = client.get(url, headers=demand)
        return None if answer.status_code == 503 else answer

    answer = until(asked)
    assert answer is not None
    return answer


def test_what_one_process_was_told_the_other_reads_at_the_position(running: Site) -> None:
    for _ in range(20):
        made = running.first.post("/6/faces", json={"user_data": "Ann"})
        demand = {"Selene-Min-Position": made.headers["Selene-Position"]}
        face_id = made.json()["face_id"]
        read = at_position(running.second, f"/6/faces/{face_id}", demand)
        assert (read.status_code, read.json()["user_data"]) == (200, "Ann")
        running.second.delete(f"/6/faces/{face_id}")
        assert running.first.get(f"/6/faces/{face_id}").status_code == 404


def test_a_face_made_through_one_process_is_matched_by_the_other(running: Site) -> None:
    for seed in range(10):
        face_id, position = enrol(running.first, seed)
        assert found(running.second, seed, position) == [face_id]
        running.second.delete(f"/6/faces/{face_id}")
        until(lambda seed=seed: found(running.first, seed) == [])


def test_without_a_position_it_is_matched_soon(running: Site) -> None:
    for seed in range(100, 105):
        face_id, _ = enrol(running.first, seed)
        until(lambda seed=seed, one=face_id: found(running.second, seed) == [one])


def test_a_subscriber_hears_of_what_other_processes_do(running: Site) -> None:
    made = running.first.post("/6/handlers", json={"is_dynamic": True})
    handler_id = made.json()["handler_id"]
    url = f"ws://127.0.0.1:{running.processes['second'].ports['api']}/6/ws"
    with connect(url, additional_headers=HEADERS) as socket:
        for number in range(20):
            raw_event((running.first, running.second)[number % 2], handler_id, f"door-{number}")
        heard = [json.loads(socket.recv(timeout=60)) for _ in range(20)]
    assert [message["event"]["source"] for message in heard] == [f"door-{n}" for n in range(20)]
    positions = [message["position"] for message in heard]
    assert positions == sorted(set(positions))


def caught_up(running: Site) -> bool:
    """Whether the read models that follow the log are where it is."""
    names = [table.name for table in CATCH_UP]
    with psycopg.connect(running.dsn, autocommit=True) as connection:
        behind = connection.execute(
            "SELECT count(*) FROM read_models, log_head "
            "WHERE name = ANY(%s) AND read_models.position < log_head.position",
            [names],
        ).fetchone()
    return behind == (0,)


def leaders(running: Site) -> int:
    """How many processes lead."""
    query = (
        "SELECT count(*) FROM pg_locks JOIN pg_database d ON d.oid = database "
        "WHERE locktype = 'advisory' AND granted AND datname = current_database() "
        "AND (classid::bigint << 32 | objid::bigint) = %s"
    )
    with psycopg.connect(running.dsn, autocommit=True) as connection:
        row = connection.execute(query, [LEADER]).fetchone()
    assert row is not None
    return int(row[0])


def test_one_process_keeps_the_statistics_and_another_goes_on_when_it_dies(running: Site) -> None:
    made = running.first.post("/6/handlers", json={"is_dynamic": True})
    handler_id = made.json()["handler_id"]
    raw_event(running.first, handler_id, "before")
    until(lambda: caught_up(running))
    until(lambda: leaders(running) == 1)

    running.processes["leader"].signal(signal.SIGKILL)
    raw_event(running.second, handler_id, "after")
    until(lambda: caught_up(running))
    until(lambda: leaders(running) == 1)
