"""Free TCP ports for servers that tests start."""

import os
import random
import socket
import time
from collections.abc import Iterator
from itertools import count, islice

# Below the ports that systems give to clients, which could take one before its server does.
FIRST, PER_WORKER = 18_000, 3_500


def _ports() -> Iterator[int]:
    """Ports of this worker of the test run, each again only after all others."""
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0")[2:]) % 4
    start = random.randrange(PER_WORKER)  # runs beside this one start elsewhere
    for number in count(start):
        yield FIRST + worker * PER_WORKER + number % PER_WORKER


_PORTS = _ports()


def free_ports(number: int) -> list[int]:
    """Ports of the loopback address that nobody listens on, all different."""
    return list(islice(filter(_is_free, _PORTS), number))


def _is_free(port: int) -> bool:
    try:
        socket.create_server(("127.0.0.1", port)).close()
    except OSError:
        return False
    return True


def wait_for_port(port: int, seconds: float = 60.0) -> None:
    """Return when something listens on a port of the loopback address."""
    last = time.monotonic() + seconds
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            if time.monotonic() > last:
                raise
            time.sleep(0.05)
        else:
            return
