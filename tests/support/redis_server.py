"""A Redis of the tests' own, when the program is installed."""

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from redis import Redis
from redis.exceptions import ConnectionError as NotReachable

from tests.support.waiting import until

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
    def answers() -> bool:
        try:
            return bool(client.ping())
        except NotReachable:
            return False

    with Redis.from_url(url) as client:
        until(answers, what="Redis")
