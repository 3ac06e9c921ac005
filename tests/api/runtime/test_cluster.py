"""`selene serve --ray` and `selene cluster status`: the models work on a cluster."""

import contextlib
import http.client
import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from inference.drawn_face import drawn_face
from inference.image import encode_jpeg
from tests.api.enrolled import enrol, found
from tests.support.packs import PACKS, default_pack
from tests.support.ray_cluster import RayCluster
from tests.support.running_api import headers_of
from tests.support.service import Service
from tests.support.shared import ROOT
from tests.support.waiting import until

SERVE = "api.cli.main"


def run(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """A `selene` command, to its end."""
    return subprocess.run(
        [sys.executable, "-m", SERVE, *arguments],
        cwd=ROOT, capture_output=True, text=True, timeout=150, check=False,
        env={"PATH": "/usr/bin:/bin", **variables},
    )  # fmt: skip


@pytest.fixture
def service(cluster: RayCluster, database: str, tmp_path: Path) -> Iterator[Service]:
    default_pack()
    variables = {
        **cluster.variables,
        "SELENE_DATABASE_URL": database,
        "SELENE_PACK": str(PACKS / default_pack().name),
        "SELENE_INDEX__SHARDS": "2",
        "SELENE_INDEX__REPLICAS": "2",
        "SELENE_DRAIN_SECONDS": "100",
    }
    with Service(SERVE, tmp_path / "data", "serve", "api", variables=variables) as running:
        running.wait_for("Selene is ready", 200)
        yield running


def matched(service: Service) -> None:
    """A face is found by the descriptor that it was given."""
    with httpx.Client(base_url=service.url(""), headers=headers_of(uuid4()), timeout=60) as http:
        face_id, position = enrol(http, 1)
        assert found(http, 1, position) == [face_id]
        assert found(http, 2, position) == []


def status(cluster: RayCluster, directory: Path) -> dict[str, list[dict[str, Any]]]:
    """What the cluster consists of."""
    given = {"SELENE_DATA_DIR": str(directory), **cluster.variables}
    told = run("cluster", "status", "--json", **given)
    assert told.returncode in (0, 3), told.stderr
    read: dict[str, list[dict[str, Any]]] = json.loads(told.stdout)
    return read


def drained(service: Service) -> None:
    """SIGTERM lets a request end whose body has only half come."""
    body = encode_jpeg(drawn_face())
    head = {**headers_of(uuid4()), "Content-Type": "image/jpeg", "Content-Length": str(len(body))}
    connection = http.client.HTTPConnection("127.0.0.1", service.ports["api"], timeout=100)
    with contextlib.closing(connection):
        connection.request("GET", "/version")
        assert connection.getresponse().read()
        connection.putrequest("POST", "/6/detector")
        for name, value in head.items():
            connection.putheader(name, value)
        connection.endheaders(body[:1000])
        assert httpx.get(service.url("/version"), timeout=60).status_code == 200  # it has seen it
        service.signal(signal.SIGTERM)
        service.wait_for("stopping")
        connection.send(body[1000:])
        answer = connection.getresponse()
        assert (answer.status, len(json.loads(answer.read())["images"])) == (201, 1)
    assert service.wait(100) == 0


@pytest.mark.slow
def test_a_service_on_a_cluster_finds_faces_and_leaves_its_workers_there(
    service: Service, cluster: RayCluster, tmp_path: Path
) -> None:
    answer = httpx.post(
        service.url("/6/detector"),
        headers={**headers_of(uuid4()), "Content-Type": "image/jpeg"},
        content=encode_jpeg(drawn_face()),
        timeout=60,
    )
    assert answer.status_code == 201, answer.text
    assert len(answer.json()["images"][0]["detections"]["samples"]) == 1

    matched(service)

    def caught_up() -> dict[str, list[dict[str, Any]]] | None:
        told = status(cluster, tmp_path)
        filled = [one for one in told["shards"] if one.get("rows")]
        return told if all(one["behind"] == 0 for one in filled) else None

    told = until(caught_up, 150)
    assert told is not None
    assert sum(node["alive"] for node in told["nodes"]) >= 2
    assert sum(worker.get("images", 0) for worker in told["models"]) >= 1
    shards = [one for one in told["shards"] if one.get("rows")]
    assert all(one["resident"] > 1 << 20 and one["behind"] == 0 for one in shards)
    metrics = httpx.get(service.url("/metrics"), timeout=60).text
    for shard in shards:
        assert f'selene_actor_rows{{actor="{shard["name"]}"}} {shard["rows"]:.1f}' in metrics
    assert "selene_actor_queue_length{" in metrics
    assert "selene_actor_images_total{" in metrics

    drained(service)
    shown = run("cluster", "status", SELENE_DATA_DIR=str(tmp_path), **cluster.variables)
    assert "images  0 calls" in shown.stdout
    assert "searches  0 running  0 waiting" in shown.stdout


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("127.0.0.1:9", "no Ray cluster answers at 127.0.0.1:9"),
        ("somewhere", "somewhere is no address of a Ray cluster"),
        ("local", "no process with a cluster of its own"),
    ],
)
def test_a_cluster_that_is_not_there_is_named(address: str, reason: str, tmp_path: Path) -> None:
    told = run("cluster", "status", "--ray", address, SELENE_DATA_DIR=str(tmp_path))
    assert (told.returncode, told.stdout) == (2, "")
    assert reason in told.stderr


def test_a_start_without_the_cluster_is_refused(database: str, tmp_path: Path) -> None:
    given = {"SELENE_DATA_DIR": str(tmp_path), "SELENE_DATABASE_URL": database}
    told = run("serve", "projector", "--ray", "127.0.0.1:9", **given)
    assert told.returncode == 2
    assert "no Ray cluster answers at 127.0.0.1:9" in told.stderr


def test_who_works_in_process_never_loads_ray() -> None:
    code = "import sys, api.bootstrap, api.cli.main; sys.exit('ray' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0
