"""`selene serve --ray` and `selene cluster status`: the models work on a cluster."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import httpx
import pytest

from inference.drawn_face import drawn_face
from inference.image import encode_jpeg
from tests.support.packs import PACKS, default_pack
from tests.support.ray_cluster import RayCluster
from tests.support.running_api import headers_of
from tests.support.service import Service
from tests.support.shared import ROOT

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
    }
    with Service(SERVE, tmp_path / "data", "serve", "api", variables=variables) as running:
        running.wait_for("Selene is ready", 200)
        yield running


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

    told = run("cluster", "status", "--json", SELENE_DATA_DIR=str(tmp_path), **cluster.variables)
    assert told.returncode in (0, 3), told.stderr
    found = json.loads(told.stdout)
    assert sum(node["alive"] for node in found["nodes"]) >= 2
    assert sum(worker.get("images", 0) for worker in found["models"]) >= 1

    service.signal(signal.SIGTERM)
    assert service.wait() == 0
    told = run("cluster", "status", SELENE_DATA_DIR=str(tmp_path), **cluster.variables)
    assert "ready" in told.stdout


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
