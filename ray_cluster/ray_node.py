"""A Ray node as a child process: the head of a cluster of one's own, or a member of another."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final, Self

_STARTED_WITHIN_S: Final = 90.0
_STOPPED_WITHIN_S: Final = 15.0
_POLL_S: Final = 0.1
_STARTED: Final = "Ray runtime started"

# A dead node is noticed after 1.5 s; Ray's own defaults take 17.
HEALTH: Final[Mapping[str, int]] = {
    "health_check_initial_delay_ms": 0,
    "health_check_period_ms": 500,
    "health_check_timeout_ms": 500,
    "health_check_failure_threshold": 3,
}


class RayNodeFailed(Exception):
    """A node did not start; the message has what it said last."""


class RayNode:
    """One node on this machine, until it is stopped or the process that started it ends."""

    def __init__(
        self, address: str, arguments: list[str], in_child: Callable[[], None] | None
    ) -> None:
        self.address = address
        command = [sys.executable, "-m", "ray.scripts.scripts", "start", *arguments]
        spare = ["--min-worker-port=0", "--max-worker-port=0", "--dashboard-agent-listen-port=0"]
        self._process = subprocess.Popen(
            [*command, *spare, "--disable-usage-stats", "--block"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env={**os.environ, "RAY_GRACEFUL_SHUTDOWN_DRAIN_TIMEOUT_S": "0"},
            start_new_session=True,
            preexec_fn=in_child,
        )
        try:
            self._wait()
        except BaseException:
            self.kill()
            raise

    @classmethod
    def head(
        cls,
        directory: Path,
        *,
        cpus: int | None = None,
        object_bytes: int | None = None,
        in_child: Callable[[], None] | None = None,
        health: Mapping[str, int] = HEALTH,
    ) -> Self:
        """The first node of a new cluster, which keeps its session in a directory."""
        port = _free_port()
        arguments = ["--head", f"--port={port}", f"--temp-dir={directory}"]
        arguments += ["--include-dashboard=false", f"--system-config={json.dumps(dict(health))}"]
        return cls(f"127.0.0.1:{port}", arguments + _sizes(cpus, object_bytes), in_child)

    @classmethod
    def member(
        cls,
        address: str,
        *,
        cpus: int | None = None,
        object_bytes: int | None = None,
        in_child: Callable[[], None] | None = None,
    ) -> Self:
        """One more node of the cluster at an address."""
        return cls(address, [f"--address={address}", *_sizes(cpus, object_bytes)], in_child)

    def stop(self) -> None:
        """End it with all it runs."""
        self._process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(_STOPPED_WITHIN_S)
        self.kill()

    def kill(self) -> None:
        """End it as a machine that loses its power."""
        left = [] if self._process.returncode is not None else [self._process.pid]
        for process in [*_session_of(self._process.pid), *left]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        self._process.wait()
        self._reader.join()
        if self._process.stdout is not None:
            self._process.stdout.close()

    def _wait(self) -> None:
        """Until it says that it runs; what it says later is read and dropped by a thread."""
        assert self._process.stdout is not None
        lines: list[str] = []
        started = threading.Event()
        stream = self._process.stdout

        def read() -> None:
            for line in stream:
                text = line.decode(errors="replace").rstrip()
                if not started.is_set():
                    lines.append(text)
                if _STARTED in text:
                    started.set()

        self._reader = threading.Thread(target=read, name="ray-node", daemon=True)
        self._reader.start()
        last = time.monotonic() + _STARTED_WITHIN_S
        while not started.wait(_POLL_S):
            if self._process.poll() is not None or time.monotonic() > last:
                said = "\n".join(lines[-5:])
                raise RayNodeFailed(f"the Ray node did not start:\n{said}")


def _sizes(cpus: int | None, object_bytes: int | None) -> list[str]:
    sizes = {"num-cpus": cpus, "object-store-memory": object_bytes}
    return [f"--{name}={value}" for name, value in sizes.items() if value is not None]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("", 0))
        port: int = probe.getsockname()[1]
        return port


def _session_of(leader: int) -> list[int]:
    """The processes that a session leader began, however deep."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if int(fields[3]) == leader:
            found.append(int(path.parent.name))
    return found
