"""A Redis of the tests' own, when the program is installed."""

import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from redis import Redis
from redis.exceptions import ConnectionError as NotReachable

PROGRAM = shutil.which("redis-server")


@contextmanager
def redis_server(directory: Path) -> Iterator[str]:
    """The address of a running server that keeps nothing on disk; skips where there is none."""
    if PROGRAM is None:
        pytest.skip("redis-server is not installed")
    socket = directory / "redis.sock"
    options = ["--port", "0", "--unixsocket", str(socket), "--save", "", "--appendonly", "no"]
    with subprocess.Popen(
        [PROGRAM, *options], cwd=directory, stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT
    ) as process:
        try:
            url = f"unix://{socket}"
            _wait_for(url)
            yield url
        finally:
            process.terminate()


def _wait_for(url: str) -> None:
    last = time.monotonic() + 10
    with Redis.from_url(url) as client:
        while True:
            try:
                client.ping()
                return
            except NotReachable:
                if time.monotonic() > last:
                    raise
                time.sleep(0.05)
