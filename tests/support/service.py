"""A service as a real process: started, spoken to, signalled, and read to its end."""

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from queue import Empty, Queue
from types import TracebackType

from tests.support.ports import free_ports
from tests.support.shared import ROOT

PORT_NAMES = ("api", "streams", "sender", "tracking")


class Service:
    """One process under test, with free ports and a data directory of its own."""

    def __init__(
        self,
        module: str,
        data_dir: Path,
        *arguments: str,
        ports: list[int] | None = None,
        variables: Mapping[str, str] | None = None,
    ) -> None:
        numbers = ports or free_ports(len(PORT_NAMES))
        self.ports = dict(zip(PORT_NAMES, numbers, strict=True))
        own = {f"SELENE_PORTS__{n.upper()}": str(p) for n, p in self.ports.items()}
        kept = {k: v for k, v in os.environ.items() if not k.startswith("SELENE_")}
        given = variables or {}
        self._environment = {**kept, **own, "SELENE_DATA_DIR": str(data_dir), **given}
        self._command = [sys.executable, "-m", module, *arguments]
        self._lines: Queue[str] = Queue()
        self.output: list[str] = []

    def __enter__(self) -> "Service":
        self._process = subprocess.Popen(
            self._command, env=self._environment, cwd=ROOT, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip
        self._reader = threading.Thread(target=self._read)
        self._reader.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        if self._process.poll() is None:
            self._process.kill()
        self.wait()

    @property
    def pid(self) -> int:
        return self._process.pid

    def url(self, path: str, service: str = "api") -> str:
        return f"http://127.0.0.1:{self.ports[service]}{path}"

    def signal(self, number: signal.Signals) -> None:
        self._process.send_signal(number)

    def wait(self, seconds: float = 120.0) -> int:
        """The exit status, once the process has ended and its output is read."""
        status = self._process.wait(seconds)
        self._reader.join(seconds)
        return status

    def wait_for(self, text: str, seconds: float = 120.0) -> str:
        """The first line not yet read that holds this text."""
        last = time.monotonic() + seconds
        while True:
            try:
                line = self._lines.get(timeout=max(0.0, last - time.monotonic()))
            except Empty:
                said = "".join(self.output)
                raise AssertionError(f"{text!r} was not said in {seconds:.0f} s:\n{said}") from None
            if text in line:
                return line
            assert line, f"ended without saying {text!r}:\n{''.join(self.output)}"

    def _read(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as stream:
            for line in stream:
                self.output.append(line)
                self._lines.put(line)
        self._lines.put("")


def descendants(pid: int) -> list[int]:
    """The process ids below a process, at one moment: some may have ended by now."""
    found: list[int] = []
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            for child in (task / "children").read_text().split():
                found += [int(child), *descendants(int(child))]
    return found
