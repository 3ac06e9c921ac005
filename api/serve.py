"""The process tree: data directory, Postgres, apps and listeners, up and down in order."""

import asyncio
import os
import signal
import socket
from collections.abc import Callable
from contextlib import AsyncExitStack
from typing import Protocol

import structlog
import uvloop
from starlette.types import ASGIApp

from api.data_dir import claimed
from api.embedded_postgres import EmbeddedPostgres
from api.listeners import Mounted, Server, bound, services
from api.settings import Settings

log = structlog.stdlib.get_logger(__name__)

_STOP_SECONDS = 30.0
_GOODBYE_SECONDS = 5.0
_WATCH_SECONDS = 0.5


class Apps(Protocol):
    """The four services, and the background work behind them."""

    @property
    def api(self) -> ASGIApp: ...
    @property
    def streams(self) -> ASGIApp: ...
    @property
    def sender(self) -> ASGIApp: ...
    @property
    def tracking(self) -> ASGIApp: ...

    async def start(self) -> None:
        """Begin the work of the settings' roles; the apps are called only afterwards."""
        ...

    def serve_streams(self) -> None:
        """Begin with what asks the services over HTTP; they answer by now."""
        ...

    async def leave(self) -> None:
        """Tell those who stay connected that the service goes; requests are answered on."""
        ...

    async def stop(self) -> None:
        """Finish what was begun; also after a start that failed half-way."""
        ...


Build = Callable[[Settings, str | None], Apps]
"""Wires everything for a database address, None where the roles need no database;
`api.bootstrap.build` is the real one."""


def run(settings: Settings, build: Build) -> int:
    """Serve until told to stop, and give the exit status; CannotStart says why it could not."""
    process = _Process(settings, build)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        status = runner.run(process.main())
        if process.forced:
            # Work that does not end may sit in threads, which Python would wait for.
            os._exit(1)
        return status


class _Process:
    """One run of the program. The first signal drains, the second cuts short, the third ends."""

    def __init__(self, settings: Settings, build: Build) -> None:
        self._settings = settings
        self._build = build
        self._signals = 0
        self._stopping = asyncio.Event()
        self._servers: list[Server] = []
        self._failed = False

    @property
    def forced(self) -> bool:
        """Whether somebody would not wait for the end of the work."""
        return self._signals > 1

    async def main(self) -> int:
        """Everything from claiming the directory to giving it back."""
        loop = asyncio.get_running_loop()
        task = asyncio.current_task()
        assert task is not None
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self._on_signal, task)
        try:
            await self._run()
        except asyncio.CancelledError:
            if not self.forced:
                raise
        return 1 if self._failed else 0

    def _on_signal(self, task: "asyncio.Task[int]") -> None:
        self._signals += 1
        if self._signals == 1:
            log.info("stopping", drain_seconds=self._settings.drain_seconds)
            self._stopping.set()
        elif self._signals == 2:
            log.warning("stopping at once; running requests are cut off")
            for server in self._servers:
                server.force_exit = True
            task.cancel()
        else:
            os._exit(1)  # the kernel tells Postgres, which shuts down by itself

    async def _run(self) -> None:
        settings = self._settings
        async with AsyncExitStack() as stack:
            stack.enter_context(claimed(settings.data_dir, settings.roles))
            sockets = stack.enter_context(bound(settings))
            dsn = await self._database(stack) if settings.roles != ("agent",) else None
            if self._stopping.is_set():
                return
            apps = self._build(settings, dsn)
            stack.push_async_callback(self._stop_apps, apps)
            await apps.start()
            if not self._stopping.is_set():
                await self._serve(apps, sockets)

    async def _database(self, stack: AsyncExitStack) -> str:
        if self._settings.database_url is not None:
            return self._settings.database_url.get_secret_value()
        server = EmbeddedPostgres(self._settings.data_dir / "postgres")
        stack.push_async_callback(asyncio.to_thread, server.stop)
        dsn = await asyncio.to_thread(server.start)
        watch = asyncio.create_task(self._watch(server))
        stack.callback(watch.cancel)
        return dsn

    async def _watch(self, server: EmbeddedPostgres) -> None:
        while server.pid is not None:
            await asyncio.sleep(_WATCH_SECONDS)
        self._fail(f"the embedded Postgres has ended by itself: see {server.log_path}")

    def _fail(self, why: str) -> None:
        log.error(why)
        self._failed = True
        self._stopping.set()

    async def _serve(self, apps: Apps, sockets: dict[str, socket.socket]) -> None:
        by_name: dict[str, ASGIApp] = {name: getattr(apps, name) for name in sockets}
        if "api" in by_name:
            others = {f"/{name}": app for name, app in by_name.items() if name != "api"}
            by_name["api"] = Mounted(by_name["api"], others)
        drain = self._settings.drain_seconds
        running: list[asyncio.Task[None]] = []
        for name, app in by_name.items():
            server = Server(app, drain)
            self._servers.append(server)
            running.append(asyncio.create_task(server.serve([sockets[name]]), name=name))
        for task in running:
            task.add_done_callback(self._on_server_end)
        while not self._stopping.is_set() and not all(s.started for s in self._servers):
            await asyncio.sleep(0.01)
        if not self._stopping.is_set():
            self._announce()
            apps.serve_streams()
            await self._stopping.wait()
        await self._leave(apps)
        for server in self._servers:
            server.should_exit = True
        await asyncio.gather(*running, return_exceptions=True)

    async def _leave(self, apps: Apps) -> None:
        try:
            await asyncio.wait_for(apps.leave(), _GOODBYE_SECONDS)
        except Exception:  # it is polite, no more
            log.exception("subscribers were not told that the service stops")

    def _on_server_end(self, task: "asyncio.Task[None]") -> None:
        if not task.cancelled() and (error := task.exception()) is not None:
            self._fail(f"the {task.get_name()} service ended: {error}")

    def _announce(self) -> None:
        host = self._settings.host
        shown = {"0.0.0.0": "localhost", "::": "localhost"}.get(host, host)
        shown = f"[{shown}]" if ":" in shown else shown
        lines = [f"  {n:<9} http://{shown}:{p}" for n, p in services(self._settings).items()]
        print("\n".join(["Selene is ready", *lines]), flush=True)
        log.info("ready", roles=list(self._settings.roles), data_dir=str(self._settings.data_dir))

    async def _stop_apps(self, apps: Apps) -> None:
        if self.forced:
            return
        try:
            await asyncio.wait_for(apps.stop(), _STOP_SECONDS)
        except TimeoutError:
            self._fail(f"background work did not end within {_STOP_SECONDS:.0f} s")
        except Exception:  # Postgres is still to be stopped; the exit status tells
            log.exception("background work did not end well")
            self._failed = True
