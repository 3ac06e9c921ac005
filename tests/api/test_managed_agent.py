"""Our own agent works on streams made under /6, near and far, with handlers and without."""

import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
import pytest

from tests.api.managing import new_stream, shown, wait_until
from tests.api.streaming import working
from tests.api.test_agent import VIDEOS, handler
from tests.support.running_api import RunningApi
from tests.support.shared import needs_media, needs_models

FILM = "asl_p0_again.mkv"


@pytest.fixture(scope="module")
def films() -> Iterator[str]:
    """Where a server shows the videos; they cannot be asked for in part."""
    show = partial(SimpleHTTPRequestHandler, directory=str(VIDEOS))
    with ThreadingHTTPServer(("127.0.0.1", 0), show) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def tracking(handler_id: str | None, **fields: Any) -> list[dict[str, Any]]:
    """The analytics of a stream: faces are followed, and sent where there is a handler."""
    policy = {} if handler_id is None else {"event_policy": {"handler_id": handler_id}}
    targets = ["face_detection", "aggregated_face_samples"]
    parameters = {"targets": targets, "parameters": {**policy, **fields}}
    return [{"analytic_name": "human_tracking", "parameters": parameters}]


@needs_media
@needs_models
def test_films_near_and_far_become_events(
    eyes: RunningApi, seeing: httpx.Client, films: str
) -> None:
    handler_id = handler(seeing)
    near, far = (
        new_stream(seeing, data={"reference": where}, analytics=tracking(handler_id))
        for where in (FILM, f"{films}/{FILM}")
    )
    with working(eyes, roots=[VIDEOS], private=["127.0.0.1"], silence_s=300):
        for stream_id in (near, far):
            wait_until(lambda one=stream_id: shown(seeing, one)["status"] in (2, 4))

    for stream_id in (near, far):
        assert (shown(seeing, stream_id)["status"], shown(seeing, stream_id)["last_error"]) == (
            2, None)  # fmt: skip
        found = seeing.get("/6/events", params={"stream_ids": stream_id}).json()["events"]
        assert [one["handler_id"] for one in found] == [handler_id]


@needs_media
@needs_models
def test_without_a_handler_or_late_in_the_film_nothing_is_sent(
    eyes: RunningApi, seeing: httpx.Client
) -> None:
    handler_id = handler(seeing)
    streams = [
        new_stream(seeing, data={"reference": FILM}, analytics=tracking(None)),
        new_stream(
            seeing,
            data={"reference": FILM, "pts": {"start_time": 3600.0}},
            analytics=tracking(handler_id),
        ),
        new_stream(
            seeing, data={"reference": FILM}, analytics=tracking(handler_id, probe_count=1000)
        ),
    ]
    with working(eyes, roots=[VIDEOS], silence_s=300):
        for stream_id in streams:
            wait_until(lambda one=stream_id: shown(seeing, one)["status"] in (2, 4))

    for stream_id in streams:
        assert shown(seeing, stream_id)["status"] == 2
        assert seeing.get("/6/events", params={"stream_ids": stream_id}).json()["events"] == []
