"""Clients of one process see the streams of an agent that speaks to another process."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import av
import cv2
import httpx
import pytest
import simplejpeg
from websockets.sync.client import connect

from inference.drawn_face import drawn_face
from tests.api.streaming import claimed, make, working
from tests.api.test_agent import film, handler, running, shown_by
from tests.support.running_api import RunningApi, headers_of, running_api
from tests.support.waiting import until

__all__ = ["running"]


@pytest.fixture
def other(running: RunningApi, tmp_path: Path) -> Iterator[RunningApi]:
    """Another API over the same database."""
    key = running.services.settings.data_dir / "master.key"
    with running_api(running.services.dsn, tmp_path / "other", master_key_file=key) as api:
        yield api


def long_film(path: Path) -> None:
    """A minute of a drawn face, five frames a second."""
    face = cv2.resize(drawn_face(), (160, 160), interpolation=cv2.INTER_AREA)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=5, options={"preset": "ultrafast"})
        stream.width, stream.height, stream.pix_fmt = 160, 160, "yuv420p"
        for _ in range(300):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(face, format="rgb24")))
        container.mux(stream.encode())


def test_previews_and_tracks_reach_the_clients_of_another_process(
    running: RunningApi, other: RunningApi, client: httpx.Client, account_id: UUID, tmp_path: Path
) -> None:
    long_film(tmp_path / "film.mp4")
    data = {**film(Path("film.mp4"), handler(client), account_id), "real_time_mode_fps": 5}
    streams = httpx.Client(base_url=f"{running.url}/streams", timeout=60)
    elsewhere = httpx.Client(base_url=f"{other.url}/streams", timeout=60)
    messages: list[dict[str, Any]] = []
    with streams, elsewhere:
        stream_id = make(streams, account_id, data=data, status="pause")
        url = other.url.replace("http", "ws") + f"/tracking/1/ws?stream_id={stream_id}"
        path = f"/2/streams/{stream_id}"
        with connect(url) as socket, working(running, roots=[tmp_path]):
            until(lambda: running.services.live.wanted("tracks", [stream_id]))
            streams.patch(path, json={"status": "pending"})
            until(lambda: streams.get(path).json()["preview"])
            frame = f"{path}/preview/handler/frame"
            picture = until(lambda: shown_by(elsewhere.get(frame)))
            with elsewhere.stream("GET", f"{path}/preview/handler/live") as live:
                assert live.headers["content-type"].startswith("multipart/x-mixed-replace")
                parts, ended = b"", False
                for chunk in live.iter_raw():
                    parts += chunk
                    if not ended and parts.count(b"Content-Type: image/jpeg") >= 3:
                        ended = streams.patch(path, json={"status": "cancel"}).is_success
            while len(messages) < 2:
                messages.append(json.loads(socket.recv(timeout=60)))
    assert simplejpeg.decode_jpeg(picture).shape == (160, 160, 3)
    assert parts.endswith(b"--frame--\r\n")
    tracks = [message["analytics_results"]["human_tracking"] for message in messages]
    assert [one["track_status"] for one in tracks] == ["started", "updated"]
    assert tracks[0]["track_id"] == tracks[1]["track_id"]
    assert {one["stream_status"] for one in messages} == {"in_progress"}


def test_only_the_worker_of_a_stream_shows_it(
    running: RunningApi, streams: httpx.Client, account_id: UUID
) -> None:
    stream_id = make(streams, account_id)
    picture = "/9j/4AAQ"
    report = {"stream_id": stream_id, "version": 1, "picture": picture}

    def tell(**changed: Any) -> httpx.Response:
        body = {"streams": [{**report, **changed}]}
        return streams.post("/2/streams/processing/live", json=body)

    nothing = {"wanted": {"pictures": [], "tracks": []}}
    assert tell().json() == nothing  # nobody works on it
    claimed(streams, [stream_id])
    for changed in ({"version": 2}, {"stream_id": str(uuid4())}):
        assert tell(**changed).status_code == 200
    with running.services.live.subscribed(stream_id):
        assert tell().json()["wanted"] == {"pictures": [], "tracks": [stream_id]}
        scope = headers_of(uuid4())
        foreign = streams.post(
            "/2/streams/processing/live", json={"streams": [report]}, headers=scope
        )
        assert foreign.json() == nothing
    assert running.services.live._previews.last(stream_id) == b"\xff\xd8\xff\xe0\x00\x10"
    for wrong in ({"picture": "!"}, {"picture": "AAAA"}, {"tracks": [{}]}, {"more": 1}):
        assert tell(**wrong).json()["error_code"] == 12022
