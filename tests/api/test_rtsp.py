"""Cameras that are cut off: asked again as their policy says, and nothing is left behind."""

import os
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

import av
import cv2
import httpx
import numpy as np
import psutil
import pytest

from inference.drawn_face import drawn_face
from tests.api.streaming import make, wait_for_end, working
from tests.support.rtsp_server import RtspServer
from tests.support.running_api import RunningApi

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


def wait_for(what: str, true: Callable[[], Any], patience_s: float = 30.0) -> None:
    """Wait until it is so."""
    last = time.monotonic() + patience_s
    while not true():
        assert time.monotonic() < last, what
        time.sleep(0.1)


def open_files() -> int:
    """How many files and sockets this process has open."""
    return len(os.listdir("/proc/self/fd"))


def workers() -> list[int]:
    """The processes that read streams: those below the fork server."""
    return [
        one.pid
        for child in psutil.Process().children()
        for one in child.children()
        if "forkserver" in " ".join(child.cmdline())
    ]


@pytest.mark.slow
@pytest.mark.parametrize("transport", ["tcp", "udp"])
def test_a_camera_that_is_cut_off_is_asked_again_until_its_policy_ends(
    running: RunningApi, client: httpx.Client, streams: httpx.Client, account_id: UUID,
    camera: RtspServer, transport: str,
) -> None:  # fmt: skip
    plain = {"extract_policy": {"extract_face_descriptor": 0}}
    handler_id = client.post("/6/handlers", json={"policies": plain}).json()["handler_id"]
    healthcheck = {"max_error_count": 4, "period": 600, "retry_delay": 1, "timeout": 2000}
    analytics = {
        "mode": 1,
        "healthcheck": healthcheck,
        "event_handler": {
            "handler_id": handler_id,
            "authorization": {"account_id": str(account_id)},
            "frame_store": None,
        },
    }
    data = {"type": transport, "reference": camera.url("camera.mp4"), "analytics": [analytics]}

    def shown() -> dict[str, Any]:
        found: dict[str, Any] = streams.get(f"/2/streams/{stream_id}").json()
        return found

    def picture() -> bool:
        path = f"/1/streams/{stream_id}/preview/handler/frame"
        return streams.get(path).status_code == 200

    def events() -> list[str]:
        query = {"stream_ids": stream_id, "target": "track_id"}
        found = client.get("/6/events", params=query).json()["events"]
        return [one["track_id"] for one in found]

    def told(count: int) -> bool:
        return len(events()) == count

    before = open_files()
    with working(running, private=[camera.address]):
        stream_id = make(streams, account_id, data=data)
        for cut in (1, 2):
            wait_for("the camera is seen", picture, 60)
            time.sleep(2.0)  # two looks, so that the track counts
            assert len(events()) == cut - 1  # the track is open
            camera.cut()
            wait_for("the open track is sent", partial(told, cut))
            wait_for("the error is told", lambda: shown()["last_error"])
            assert shown()["status"] == "in_progress"
            camera.start()
            wait_for("the error is over", lambda: not shown()["last_error"])
        camera.cut()
        ended = wait_for_end(streams, stream_id)
        assert ended["status"] == "failure"
        wait_for("no worker is left", lambda: not workers())
    assert len(set(events())) == len(events()) >= 2
    wait_for("no file is left open", lambda: open_files() <= before + 8, 10)
    logs = streams.get("/1/streams/logs", params={"stream_ids": stream_id}).json()["logs"]
    errors = [one["error"] for one in logs if one["error"]]
    assert len(errors) >= 3
