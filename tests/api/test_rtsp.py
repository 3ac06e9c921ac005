"""Cameras that are cut off: asked again as their policy says, and nothing is left behind."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import av
import cv2
import httpx
import numpy as np
import psutil
import pytest
from websockets.sync.client import ClientConnection, connect

from inference.drawn_face import drawn_face
from tests.api.streaming import make, wait_for_end, working
from tests.support.postgres import Databases
from tests.support.rtsp_server import RtspServer
from tests.support.running_api import RunningApi, running_api
from tests.support.waiting import until

SIDE, RATE, FRAMES = 160, 10, 600


def film(path: Path) -> None:
    """A minute of the drawn face, which moves a little."""
    small = cv2.resize(drawn_face(), (SIDE, SIDE), interpolation=cv2.INTER_AREA)
    face = np.asarray(small, np.uint8)
    with av.open(str(path), "w") as container:
        options = {"preset": "ultrafast", "profile": "baseline", "g": "10"}
        stream = container.add_stream("libx264", rate=RATE, options=options)
        stream.width, stream.height, stream.pix_fmt = SIDE, SIDE, "yuv420p"
        for number in range(FRAMES):
            pixels = np.roll(face, number % 10, axis=1)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
        container.mux(stream.encode())


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with the film of a camera."""
    directory = tmp_path_factory.mktemp("films")
    film(directory / "camera.mp4")
    return directory


@pytest.fixture
def camera(films: Path) -> Iterator[RtspServer]:
    """Shows the film, as long as nobody cuts it off."""
    with RtspServer(films) as server:
        yield server


@pytest.fixture(scope="module")
def running(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningApi]:
    """An API without the streams of other tests, which the agent would take."""
    with databases.fresh() as dsn, running_api(dsn, tmp_path_factory.mktemp("rtsp")) as api:
        yield api


def open_files(api: RunningApi) -> int:
    """How many files and sockets this process has open, besides connections of the database."""
    pool: Any = api.services.reader._pool
    return len(os.listdir("/proc/self/fd")) - int(pool.get_stats()["pool_size"])


def workers() -> list[int]:
    """The processes that read streams: those below the fork server."""
    return [
        one.pid
        for child in psutil.Process().children()
        for one in child.children()
        if "forkserver" in " ".join(child.cmdline())
    ]


def data_of(camera: RtspServer, handler_id: str, account_id: UUID, errors: int) -> dict[str, Any]:
    """A stream of the camera that is given up after so many errors."""
    analytics = {
        "mode": 1,
        "healthcheck": {
            "max_error_count": errors, "period": 600, "retry_delay": 1, "timeout": 2000,
        },
        "event_handler": {
            "handler_id": handler_id,
            "authorization": {"account_id": str(account_id)},
            "frame_store": None,
        },
    }  # fmt: skip
    return {"reference": camera.url("camera.mp4"), "analytics": [analytics]}


def new_track(socket: ClientConnection, known: set[str]) -> str:
    """The next track that is told of and not ended, besides those that are known."""
    while True:
        message = json.loads(socket.recv(timeout=60))
        track = message["analytics_results"]["human_tracking"]
        if track["track_status"] != "ended" and track["track_id"] not in known:
            return str(track["track_id"])


@pytest.mark.slow
@pytest.mark.parametrize("transport", ["tcp", "udp"])
def test_a_camera_that_is_cut_off_is_asked_again_until_its_policy_ends(
    running: RunningApi, client: httpx.Client, streams: httpx.Client, account_id: UUID,
    camera: RtspServer, transport: str,
) -> None:  # fmt: skip
    plain = {"extract_policy": {"extract_face_descriptor": 0}}
    handler_id = client.post("/6/handlers", json={"policies": plain}).json()["handler_id"]

    def shown(stream_id: str) -> dict[str, Any]:
        found: dict[str, Any] = streams.get(f"/2/streams/{stream_id}").json()
        return found

    def events() -> list[str]:
        query = {"stream_ids": patient, "target": "track_id"}
        found = client.get("/6/events", params=query).json()["events"]
        return [one["track_id"] for one in found]

    def errors(stream_id: str) -> int:
        logs = streams.get("/1/streams/logs", params={"stream_ids": stream_id}).json()["logs"]
        return sum(bool(one["error"]) for one in logs)

    before = open_files(running)
    with working(running, private=[camera.address], min_sightings=1):
        data = {"type": transport, **data_of(camera, handler_id, account_id, 1000)}
        patient = make(streams, account_id, data=data)
        tracks: set[str] = set()
        url = running.url.replace("http", "ws") + f"/tracking/1/ws?stream_id={patient}"
        with connect(url, open_timeout=60, ping_interval=None) as socket:
            for _ in (1, 2):
                tracks.add(track := new_track(socket, tracks))
                camera.cut()
                until(lambda track=track: track in events(), what="the open track is sent")
                until(lambda: shown(patient)["last_error"], what="the error is told")
                assert shown(patient)["status"] == "in_progress"
                camera.start()
                until(lambda: not shown(patient)["last_error"], what="the error is over")
        data = {"type": transport, **data_of(camera, handler_id, account_id, 3)}
        impatient = make(streams, account_id, data=data)
        until(lambda: shown(impatient)["video_info"], what="the camera is seen")
        camera.cut()
        assert wait_for_end(streams, impatient)["status"] == "failure"
        assert shown(patient)["status"] == "in_progress"
        streams.patch(f"/2/streams/{patient}", json={"status": "cancel"})
        until(lambda: not workers(), what="no worker is left")
    assert len(set(events())) == len(events()) >= 2
    until(lambda: open_files(running) <= before + 8, what="no file is left open")
    assert errors(patient) >= 2
    assert errors(impatient) >= 2
