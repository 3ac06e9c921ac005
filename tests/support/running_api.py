"""The whole API over a socket, in this process: what tests of routes speak to."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import httpx
import uvicorn
from fastapi import FastAPI

from api.bootstrap import build
from api.listeners import Mounted
from api.services import Services
from api.settings import Settings
from tests.support.packs import PACKS, default_pack
from tests.support.ports import free_ports
from tests.support.shared import MODELS
from tests.support.waiting import PATIENCE_S, until

_AT_WORK = """SELECT (SELECT count(*) FROM tasks WHERE task_status IN (0, 1, 4))
    + (SELECT count(*) FROM lists WHERE retired)"""


@dataclass(frozen=True, slots=True)
class RunningApi:
    """Where the API answers, with the other services below it, and the parts behind it."""

    url: str
    services: Services
    app: FastAPI

    def client(self, account_id: UUID | None = None, path: str = "") -> httpx.Client:
        """Asks it as the account, or as nobody, however long an answer takes."""
        headers = {} if account_id is None else headers_of(account_id)
        return httpx.Client(base_url=self.url + path, headers=headers, timeout=PATIENCE_S)

    def rest(self) -> None:
        """Come back once no task and no deletion that tests began is at work any more."""
        until(lambda: not self.services.reader.fetch_value(_AT_WORK), what="rest")


@contextmanager
def running_api(dsn: str, directory: Path, **settings: object) -> Iterator[RunningApi]:
    """An installation over this database, with the default pack, until the end of the block."""
    default_pack()  # built once for all tests
    (port,) = free_ports(1)
    url = f"http://127.0.0.1:{port}"
    given = {
        "data_dir": directory,
        "pack": str(PACKS / default_pack().name),
        # Nothing changes by itself: tests count what requests leave there.
        "attribute_sweep_s": 86_400,
        "stream_silence_s": 86_400,
        "agent": {"api": url, "service": f"{url}/streams"},
        **settings,
    }
    installation = build(Settings.model_validate(given), dsn)
    others = {f"/{name}": getattr(installation, name) for name in ("streams", "sender", "tracking")}
    app = Mounted(installation.api, others)
    config = uvicorn.Config(app, port=port, log_config=None, lifespan="off")
    server = uvicorn.Server(config)
    started = threading.Event()
    errors: list[BaseException] = []

    async def serve() -> None:
        try:
            await installation.start()
            task = asyncio.create_task(server.serve())
            while not server.started and not task.done():
                await asyncio.sleep(0.01)
            started.set()
            await task
        except BaseException as error:
            errors.append(error)
            raise
        finally:
            started.set()
            await installation.stop()

    thread = threading.Thread(target=lambda: asyncio.run(serve()), name="api")
    thread.start()
    started.wait()
    try:
        if errors:
            raise errors[0]
        yield RunningApi(url, installation.services, installation.api)
    finally:
        server.should_exit = True
        thread.join()


def best_pack() -> dict[str, str]:
    """The setting that makes an API see as much as it can here."""
    return {"pack": f"dev+ethnicities:{MODELS}"} if MODELS.is_dir() else {}


def headers_of(account_id: UUID) -> dict[str, str]:
    """The headers that name an account."""
    return {"Luna-Account-Id": str(account_id)}
