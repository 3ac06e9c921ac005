"""A small Ray cluster for tests: a head and a member on this machine, one processor each."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from ray_cluster.connection import LOCAL, ClusterOptions, Connection
from ray_cluster.ray_node import HEALTH, RayNode, RayNodeFailed

OBJECT_BYTES = 100 << 20
_TRIES = 4

# A node that is gone is noticed as soon; one that is slow, on a machine that does much else, stays.
PATIENT = {**HEALTH, "health_check_timeout_ms": 10_000}


class RayCluster:
    """The cluster that this process has joined; members come and go."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.members: list[RayNode] = []

    @property
    def address(self) -> str:
        """Where others may join."""
        assert self._connection.address is not None
        return self._connection.address

    @property
    def variables(self) -> dict[str, str]:
        """The settings of a process that joins."""
        token = os.environ["RAY_AUTH_TOKEN_PATH"]
        return {"SELENE_RAY_ADDRESS": self.address, "SELENE_RAY__TOKEN_FILE": token}

    def add(self) -> RayNode:
        """One more machine with one processor."""
        for left in reversed(range(_TRIES)):
            try:
                node = RayNode.member(self.address, cpus=1, object_bytes=OBJECT_BYTES)
            except RayNodeFailed:  # Ray waits for half a minute, which is short for a busy machine
                if not left:
                    raise
            else:
                self.members.append(node)
                return node
        raise AssertionError

    def lose(self, node: RayNode) -> None:
        """A machine whose power fails."""
        self.members.remove(node)
        node.kill()


@contextlib.contextmanager
def ray_cluster(directory: Path) -> Iterator[RayCluster]:
    """A cluster of two nodes, until the end of the block."""
    options = ClusterOptions(LOCAL, directory, cpus=1, object_bytes=OBJECT_BYTES, health=PATIENT)
    connection = Connection(options)
    connection.open()
    cluster = RayCluster(connection)
    try:
        cluster.add()
        yield cluster
    finally:
        for node in cluster.members:
            node.kill()
        connection.close()
