"""A real RTSP server for tests: node-rtsp-rtmp-server (MIT), from npm, where npm is here."""

import functools
import os
import shutil
import socket
import subprocess
import time
from pathlib import Path
from types import TracebackType
from typing import Final

import pytest

from tests.support.shared import ROOT

_PACKAGE: Final = "node-rtsp-rtmp-server"
_VERSION: Final = "0.4.0"
_PLACE: Final = Path(os.environ.get("SELENE_TEST_NPM", ROOT / "var" / "test-npm"))
_PORTS: Final = 10


@functools.cache
def _library() -> Path | str:
    """Where the package is, installed when first asked for; or why there is none."""
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        return "node and npm are not here"
    found = _PLACE / "node_modules" / _PACKAGE
    if not found.is_dir():
        _PLACE.mkdir(parents=True, exist_ok=True)
        quiet = ["--ignore-scripts", "--no-audit", "--no-fund", "--prefix", str(_PLACE)]
        command = [npm, "install", *quiet, f"{_PACKAGE}@{_VERSION}"]
        try:
            subprocess.run(command, check=True, capture_output=True, timeout=60)
        except (subprocess.SubprocessError, OSError) as error:
            return f"{_PACKAGE} could not be installed: {error}"
    return found if found.is_dir() else f"{_PACKAGE} was not installed"


def _free_range() -> int:
    """The first of some ports that nobody has, one after the other."""
    for start in range(32000, 32760, _PORTS):
        held: list[socket.socket] = []
        try:
            for port in range(start, start + _PORTS):
                for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
                    held.append(socket.socket(socket.AF_INET, kind))
                    held[-1].bind(("127.0.0.1", port))
            return start
        except OSError:
            continue
        finally:
            for one in held:
                one.close()
    raise AssertionError("there are no free ports")


class RtspServer:
    """Shows the MP4 files of a directory; it can be cut off at any moment and come back."""

    def __init__(self, directory: Path) -> None:
        library = _library()
        if isinstance(library, str):
            pytest.skip(library)
        self._port = _free_range()
        script = ROOT / "tests" / "support" / "rtsp_server.js"
        self._command = ["node", str(script), str(library), str(directory), str(self._port)]
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> "RtspServer":
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self.cut()

    @property
    def address(self) -> str:
        """Host and port."""
        return f"127.0.0.1:{self._port}"

    def url(self, name: str) -> str:
        """The address of one of the films."""
        return f"rtsp://{self.address}/file/{name}"

    def start(self) -> None:
        """Listen; it takes a moment."""
        output = subprocess.DEVNULL
        self._process = subprocess.Popen(self._command, stdout=output, stderr=output)
        last = time.monotonic() + 60
        while True:
            try:
                socket.create_connection(("127.0.0.1", self._port), 1).close()
                return
            except OSError:
                assert self._process.poll() is None, "the RTSP server ended by itself"
                assert time.monotonic() < last, "the RTSP server does not listen"
                time.sleep(0.05)

    def cut(self) -> None:
        """End without a word to anybody."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None
