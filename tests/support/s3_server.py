"""A store that speaks S3, on this machine."""

import importlib.util
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.support.ports import free_ports, wait_for_port


@contextmanager
def s3_server() -> Iterator[str]:
    """The address of an empty store, until the end of the block."""
    if importlib.util.find_spec("moto") is None:
        pytest.skip("moto, a local S3 server, is not installed")
    (port,) = free_ports(1)
    # Python refuses to put the working directory first, where a package could be shadowed.
    command = [sys.executable, "-P", "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_for_port(port)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait()
