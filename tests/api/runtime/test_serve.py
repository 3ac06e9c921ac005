"""The process tree as a real process: ready, refused, drained, forced, killed."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path

import httpx
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from tests.support.ports import free_ports
from tests.support.service import PORT_NAMES, Service, descendants
from tests.support.waiting import until

TINY = "tests.support.tiny_service"


def tiny(directory: Path, ports: list[int] | None = None, **variables: str) -> Service:
    return Service(TINY, directory, ports=ports, variables=variables)


def wait_for_end(pids: list[int]) -> None:
    """Come back once none of these processes is there any more."""
    until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in pids), what="their end")


def get(url: str) -> httpx.Response:
    """What is answered, however long it takes."""
    return httpx.get(url, timeout=60)


def test_four_services_on_four_ports_and_on_one(tmp_path: Path) -> None:
    with tiny(tmp_path) as service:
        service.wait_for("Selene is ready")
        for name in PORT_NAMES:
            assert f":{service.ports[name]}" in service.wait_for(f"  {name}")
            own = get(service.url("/name", name)).json()
            assert own == {"app": name, "root": ""}
        for name in PORT_NAMES[1:]:
            mounted = get(service.url(f"/{name}/name")).json()
            assert mounted == {"app": name, "root": f"/{name}"}
        assert get(service.url("/streamsname")).status_code == 404
        for port, path in ((service.ports["sender"], "/ws"), (service.ports["api"], "/sender/ws")):
            with connect(f"ws://127.0.0.1:{port}{path}") as websocket:
                assert websocket.recv() == "hello"
        service.signal(signal.SIGTERM)
        assert service.wait() == 0
    assert "apps stopped\n" in service.output


def test_a_running_request_is_answered_before_the_end(tmp_path: Path) -> None:
    with tiny(tmp_path) as service:
        service.wait_for("Selene is ready")
        answers: list[str] = []
        client = threading.Thread(target=lambda: answers.append(get(service.url("/slow")).text))
        client.start()
        service.wait_for("slow began")
        below = descendants(service.pid)
        with connect(f"ws://127.0.0.1:{service.ports['sender']}/ws") as websocket:
            assert websocket.recv() == "hello"
            service.signal(signal.SIGINT)
            with pytest.raises(ConnectionClosed):
                websocket.recv()
        assert service.wait() == 0
        client.join()
    assert answers == ["done"]
    wait_for_end(below)


def test_the_second_signal_does_not_wait(tmp_path: Path) -> None:
    with tiny(tmp_path, SELENE_DRAIN_SECONDS="300") as service:
        service.wait_for("Selene is ready")

        def ask() -> None:
            with pytest.raises(httpx.HTTPError):
                httpx.get(service.url("/stuck"), timeout=240)

        client = threading.Thread(target=ask)
        client.start()
        service.wait_for("stuck began")
        below = descendants(service.pid)
        service.signal(signal.SIGINT)
        service.wait_for("stopping")
        service.signal(signal.SIGINT)
        assert service.wait() == 1
        client.join()
    wait_for_end(below)


def test_data_survives_a_killed_process_tree(tmp_path: Path) -> None:
    for visit in (1, 2, 3):
        with tiny(tmp_path) as service:
            service.wait_for("Selene is ready")
            assert httpx.post(service.url("/visits"), timeout=60).json() == visit
            if visit == 1:  # everything at once, as an out-of-memory killer may
                for pid in [service.pid, *descendants(service.pid)]:
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(pid, signal.SIGKILL)
            elif visit == 2:  # the parent alone: its Postgres must not stay
                below = descendants(service.pid)
                service.signal(signal.SIGKILL)
                wait_for_end(below)


def test_a_dead_database_ends_the_service(tmp_path: Path) -> None:
    with tiny(tmp_path) as service:
        service.wait_for("Selene is ready")
        pid_file = tmp_path / "postgres" / "cluster" / "postmaster.pid"
        postmaster = int(pid_file.read_text().split()[0])
        os.kill(postmaster, signal.SIGKILL)
        assert service.wait() == 1
    assert "embedded Postgres has ended by itself" in "".join(service.output)


def test_taken_ports_are_named_before_anything_starts(tmp_path: Path) -> None:
    ports = free_ports(len(PORT_NAMES))
    with (
        socket.create_server(("127.0.0.1", ports[0])),
        socket.create_server(("", ports[2])),
        tiny(tmp_path, ports=ports) as service,
    ):
        assert service.wait() == 2
    said = "".join(service.output)
    assert f"port {ports[0]} on 127.0.0.1 (api) is taken" in said
    assert f"port {ports[2]} on 127.0.0.1 (sender) is taken" in said
    assert "SELENE_PORTS__SENDER" in said
    assert not (tmp_path / "postgres").exists()


def test_a_second_service_on_the_same_directory_is_refused(tmp_path: Path) -> None:
    with tiny(tmp_path) as first:
        first.wait_for("Selene is ready")
        with tiny(tmp_path) as second:
            assert second.wait() == 2
        assert "another Selene with the role api is using" in "".join(second.output)
        assert get(first.url("/name")).json()["app"] == "api"


def test_data_of_a_newer_version_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "version").write_text("7\n")
    with tiny(tmp_path) as service:
        assert service.wait() == 2
    assert "written by a newer Selene (data version 7" in "".join(service.output)
    assert (tmp_path / "version").read_text() == "7\n"
    assert not (tmp_path / "postgres").exists()


def test_a_data_directory_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with tiny(tmp_path / "file") as service:
        assert service.wait() == 2
    assert "cannot be used" in "".join(service.output)


def test_roles_with_their_own_database_share_a_directory(tmp_path: Path, database: str) -> None:
    def role(*names: str) -> Service:
        return tiny(tmp_path, SELENE_DATABASE_URL=database, SELENE_ROLES=json.dumps(names))

    with role("sender") as one, role("api", "tasks") as two:
        one.wait_for("Selene is ready")
        two.wait_for("Selene is ready")
        assert get(one.url("/name", "sender")).json()["app"] == "sender"
        assert get(two.url("/name", "tracking")).json()["app"] == "tracking"
        assert get(two.url("/sender/name")).status_code == 404
        assert not (tmp_path / "postgres").exists()


def test_the_data_directory_is_closed_to_others(tmp_path: Path) -> None:
    with tiny(tmp_path / "data") as service:
        service.wait_for("Selene is ready")
    assert (tmp_path / "data").stat().st_mode & 0o777 == 0o700


def test_json_logs_are_json(tmp_path: Path) -> None:
    with tiny(tmp_path, SELENE_LOG_FORMAT="json") as service:
        line = service.wait_for('"event":"ready"')
    assert json.loads(line)["roles"] == ["api", "projector", "sender", "tasks", "agent"]


@pytest.mark.parametrize(
    ("arguments", "variables", "said"),
    [
        (("serve", "cook"), {}, "no role is called cook"),
        (("serve",), {"SELENE_AUTH": "none"}, "SELENE_AUTH"),
        (("settings",), {"SELENE_HOST": "10.0.0.1"}, '"host": "10.0.0.1"'),
        (("version",), {}, "0."),
    ],
)
def test_the_command(
    tmp_path: Path, arguments: tuple[str, ...], variables: dict[str, str], said: str
) -> None:
    with Service("api.cli.main", tmp_path, *arguments, variables=variables) as service:
        status = service.wait()
    assert said in "".join(service.output)
    assert status == (2 if arguments[0] == "serve" else 0)


def test_the_installed_command_is_this_one() -> None:
    script = Path(sys.executable).with_name("selene")
    answer = subprocess.run([script, "--help"], capture_output=True, text=True, check=True)
    assert "serve" in answer.stdout
