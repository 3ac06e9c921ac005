"""The four services on the network: their sockets, and the paths they share on one port."""

import contextlib
import errno
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send

from api.cannot_start import CannotStart
from api.settings import Role, Settings

SERVED_BY: Mapping[str, Role] = {
    "api": "api",
    "streams": "api",
    "sender": "sender",
    "tracking": "api",
}
"""Service to the role that answers it."""

_WEBSOCKET_MESSAGE_BYTES = 1 << 20


def services(settings: Settings) -> dict[str, int]:
    """The services this process answers, with their ports."""
    ports: dict[str, int] = settings.ports.model_dump()
    return {name: ports[name] for name, role in SERVED_BY.items() if role in settings.roles}


@contextmanager
def bound(settings: Settings) -> Iterator[dict[str, socket.socket]]:
    """Sockets that hold every port this process needs; they do not accept connections yet."""
    sockets: dict[str, socket.socket] = {}
    troubles: list[str] = []
    with contextlib.ExitStack() as opened:
        for name, port in services(settings).items():
            try:
                sockets[name] = opened.enter_context(_bind(settings.host, port))
            except OSError as error:
                troubles.append(_trouble(name, settings.host, port, error))
        if troubles:
            raise CannotStart("\n".join(troubles))
        yield sockets


def _bind(host: str, port: int) -> socket.socket:
    family, kind, protocol, _, address = socket.getaddrinfo(
        host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
    made = socket.socket(family, kind, protocol)
    try:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind(address)
    except OSError:
        made.close()
        raise
    return made


def _trouble(name: str, host: str, port: int, error: OSError) -> str:
    variable = f"SELENE_PORTS__{name.upper()}"
    if error.errno == errno.EADDRINUSE:
        return (
            f"port {port} on {host} ({name}) is taken: "
            f"stop what listens there, or choose another with {variable}"
        )
    if error.errno == errno.EACCES:
        return f"port {port} ({name}) needs more rights: choose one above 1023 with {variable}"
    return f"port {port} on {host} ({name}) cannot be used: {error.strerror or error}"


class Mounted:
    """One app at the root and others below path prefixes, for HTTP and WebSocket alike."""

    def __init__(self, root: ASGIApp, below: Mapping[str, ASGIApp]) -> None:
        self._root = root
        self._below = [(prefix, f"{prefix}/", app) for prefix, app in below.items()]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "lifespan":
            path: str = scope["path"]
            for prefix, folder, app in self._below:
                if path.startswith(folder) or path == prefix:
                    inner = {**scope, "root_path": scope.get("root_path", "") + prefix}
                    await app(inner, receive, send)
                    return
        await self._root(scope, receive, send)


class Server(uvicorn.Server):
    """A uvicorn server that leaves the signals to the process it is part of."""

    def __init__(self, app: ASGIApp, drain_seconds: int) -> None:
        config = uvicorn.Config(
            app,
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            ws_per_message_deflate=False,  # it would run on the event loop, per subscriber
            timeout_keep_alive=30,
            timeout_graceful_shutdown=drain_seconds,
            ws_max_size=_WEBSOCKET_MESSAGE_BYTES,
        )
        super().__init__(config)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Nothing to capture."""
        yield
