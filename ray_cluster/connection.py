"""This process in a Ray cluster: one that it joins by address, or one that it starts for itself."""

import contextlib
import os
import secrets
import shutil
import signal
import socket
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from ray_cluster.ray_node import HEALTH, RayNode, RayNodeFailed

NAMESPACE: Final = "selene"
LOCAL: Final = "local"
"""The address of a cluster that is started for this process and ends with it."""

AUTO: Final = "auto"
"""The address of whatever cluster has a node on this machine."""

TOKEN: Final = "ray.token"
"""The file with the secret of a cluster of one's own."""

_REACHED_WITHIN_S: Final = 5.0


class CannotJoin(Exception):
    """The cluster cannot be reached or started; the message says why."""


@dataclass(frozen=True, slots=True)
class ClusterOptions:
    """Which cluster, and what this process brings into it.

    `address` is `local`, `auto` or HOST:PORT. With `join` a node without processors of its own
    is started here, which is needed where the machine has none. `token_file` holds the secret
    that the cluster's members share; without one a local cluster gets a secret of its own and
    others none. `directory` is where secrets are kept. `health` says when a node of a local
    cluster is given up.
    """

    address: str
    directory: Path
    token_file: Path | None = None
    join: bool = False
    cpus: int | None = None
    object_bytes: int | None = None
    in_child: Callable[[], None] | None = None
    health: Mapping[str, int] = field(default_factory=lambda: HEALTH)


class Connection:
    """What `connect` opened; `close` leaves the cluster, and ends a local one."""

    def __init__(self, options: ClusterOptions) -> None:
        self._options = options
        self._node: RayNode | None = None
        self._scratch: Path | None = None
        self.address: str | None = None

    def open(self) -> None:
        """Join; `CannotJoin` says why it could not. Takes seconds."""
        try:
            self._open()
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Leave the cluster; what is detached stays there, if the cluster does."""
        import ray

        ray.shutdown()
        if self._node is not None:
            self._node.stop()
            self._node = None
        if self._scratch is not None:
            shutil.rmtree(self._scratch, ignore_errors=True)

    def _open(self) -> None:
        options, address = self._options, self._options.address
        prepare_environment(options)
        if address not in (LOCAL, AUTO):
            _reach(address)
        try:
            if address == LOCAL:
                # The paths of sockets have at most 107 characters, which data directories exceed.
                self._scratch = Path(tempfile.mkdtemp(prefix="selene-"))
                self._node = RayNode.head(
                    self._scratch,
                    cpus=options.cpus,
                    object_bytes=options.object_bytes,
                    in_child=options.in_child,
                    health=options.health,
                )
                address = self._node.address
            elif options.join:
                self._node = RayNode.member(
                    address,
                    cpus=0,
                    object_bytes=options.object_bytes,
                    in_child=options.in_child,
                )
        except RayNodeFailed as failed:
            raise CannotJoin(str(failed)) from None
        _init(address)
        self.address = address


def prepare_environment(options: ClusterOptions) -> None:
    """Say how members know one another; what is unsaid makes Ray write into the home directory.

    A mode that the environment names already, as an operator of clusters does, is kept.
    """
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    token = options.token_file
    if token is None and options.address == LOCAL:
        token = options.directory / TOKEN
        if not token.is_file():
            options.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            with contextlib.suppress(FileExistsError):
                descriptor = os.open(token, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
                with open(descriptor, "w") as file:
                    file.write(secrets.token_hex(32))
    if token is not None:
        os.environ["RAY_AUTH_MODE"] = "token"
        os.environ["RAY_AUTH_TOKEN_PATH"] = str(token)
    else:
        os.environ.setdefault("RAY_AUTH_MODE", "disabled")
    if "ray" in sys.modules:  # which has read the environment when it was imported
        native: Any = sys.modules["ray._raylet"]
        native.Config.initialize("")
        native.AuthenticationTokenLoader.instance().reset_cache()


def _reach(address: str) -> None:
    """Ray itself would try for two minutes."""
    host, _, port = address.rpartition(":")
    if not host or not port.isdigit():
        raise CannotJoin(f"{address} is no address of a Ray cluster: HOST:PORT, auto or local")
    try:
        socket.create_connection((host.strip("[]"), int(port)), _REACHED_WITHIN_S).close()
    except OSError as error:
        raise CannotJoin(f"no Ray cluster answers at {address}: {error}") from None


def _init(address: str) -> None:
    import ray

    quiet: dict[str, Any] = {"log_to_driver": False, "logging_level": "error"}
    before = signal.getsignal(signal.SIGTERM)
    try:
        ray.init(address=address, namespace=NAMESPACE, **quiet)
    except (ConnectionError, RuntimeError, ValueError, SystemExit) as error:
        if isinstance(error, ConnectionError) and address == AUTO:
            raise CannotJoin("no Ray cluster runs on this machine") from None
        raise CannotJoin(f"the Ray cluster at {address} cannot be joined: {error}") from None
    finally:
        with contextlib.suppress(ValueError):  # only the main thread has signals to give back
            signal.signal(signal.SIGTERM, before)
