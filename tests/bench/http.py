"""The API over HTTP on one core against an empty FastAPI route: `python -m tests.bench http`."""

import json
import multiprocessing
import os
import socket
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from tests.bench.figures import Figure, medians
from tests.bench.http_load import load, request
from tests.support.log import KEY

ACCOUNT = str(uuid4())
_HEADERS = {"Luna-Account-Id": ACCOUNT, "Content-Type": "application/json"}
_FACE = {"user_data": "Ann", "external_id": "A-1"}


def _serve_ours(port: int, dsn: str, directory: str) -> None:
    import asyncio

    import structlog
    import uvloop

    from api.bootstrap import build
    from api.listeners import Mounted, Server
    from api.settings import Settings

    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(30))
    os.sched_setaffinity(0, {0})

    async def run() -> None:  # as api/serve.py does
        apps = build(Settings(data_dir=Path(directory)), dsn)
        await apps.start()
        others = {"/streams": apps.streams, "/sender": apps.sender, "/tracking": apps.tracking}
        with socket.create_server(("127.0.0.1", port)) as listening:
            await Server(Mounted(apps.api, others), 1).serve([listening])

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(run())


def _serve_empty(port: int) -> None:
    import uvicorn
    from fastapi import FastAPI
    from pydantic import BaseModel

    os.sched_setaffinity(0, {0})
    app = FastAPI()

    class FaceCreate(BaseModel):
        user_data: str = ""
        external_id: str = ""

    class Created(BaseModel):
        face_id: str
        url: str
        external_id: str

    face = {"face_id": ACCOUNT, "account_id": ACCOUNT, "event_id": None, "avatar": "",
            "create_time": "2026-01-01T00:00:00Z", "lists": [], **_FACE}  # fmt: skip

    @app.post("/6/faces", status_code=201)
    async def create(body: FaceCreate) -> Created:
        return Created(face_id=ACCOUNT, url="/6/faces/" + ACCOUNT, external_id=body.external_id)

    @app.get("/6/faces/{face_id}")
    async def get(face_id: str) -> dict[str, object]:
        return face

    uvicorn.run(app, port=port, log_level="error", access_log=False)


@contextmanager
def _server(target: Callable[..., None], *args: str) -> Iterator[int]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = multiprocessing.get_context("spawn").Process(target=target, args=(port, *args))
    process.start()
    try:
        for _ in range(600):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.1)
        yield port
    finally:
        process.terminate()
        process.join()


@contextmanager
def serving(dsn: str, directory: str) -> Iterator[int]:
    """The API over a filled database, on a core of its own; its port."""
    with _server(_serve_ours, dsn, directory) as port:
        yield port


def figures(dsn: str, directory: str) -> Iterator[Figure]:
    """Create and get over HTTP, each against the empty route on the same server."""
    create = request("POST", "/6/faces", _HEADERS, json.dumps(_FACE).encode())
    (Path(directory) / "master.key").write_bytes(KEY)
    with _server(_serve_ours, dsn, directory) as ours, _server(_serve_empty) as empty:
        made = urllib.request.Request(
            f"http://127.0.0.1:{ours}/6/faces", json.dumps(_FACE).encode(), _HEADERS
        )
        with urllib.request.urlopen(made) as answer:
            face_id = json.load(answer)["face_id"]
        get = request("GET", f"/6/faces/{face_id}", _HEADERS)
        creates, gets, empty_creates, empty_gets = medians(
            [
                lambda: load(ours, [create]),
                lambda: load(ours, [get]),
                lambda: load(empty, [create]),
                lambda: load(empty, [get]),
            ]
        )
    yield Figure("POST /6/faces on one core / empty FastAPI route", creates, empty_creates,
                 "1/s", 0.5)  # fmt: skip
    yield Figure("GET /6/faces/{id} on one core / empty FastAPI route", gets, empty_gets,
                 "1/s", 0.5)  # fmt: skip
