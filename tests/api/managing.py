"""Streams in the video manager's words, for tests over HTTP."""

import time
from collections.abc import Callable
from typing import Any

import httpx

from tests.api.people import some_id

HOUR = {"start_time": "2025-05-01T01:16:00Z", "end_time": "2025-05-01T02:16:00Z"}
"""An hour that is long over."""


def stream_body(analytic: str = "human_tracking", /, **fields: Any) -> dict[str, Any]:
    """A stream to make: a film somewhere else, with one analytic."""
    data = {"type": "videofile", "reference": "http://reference", **fields.pop("data", {})}
    return {"data": data, "analytics": [{"analytic_name": analytic}], **fields}


def new_stream(client: httpx.Client, analytic: str = "human_tracking", /, **fields: Any) -> str:
    """The id of a new stream."""
    made = client.post("/6/streams", json=stream_body(analytic, **fields))
    assert made.status_code == 201, made.text
    assert made.json()["version"] == 1
    return str(made.json()["stream_id"])


def new_analytic(client: httpx.Client, **fields: Any) -> str:
    """The name of a new analytic."""
    name = some_id()
    answer = client.post("/6/analytics", json={"analytic_name": name, **fields})
    assert answer.status_code == 201, answer.text
    return name


def wait_until(true: Callable[[], Any], patience_s: float = 300.0) -> None:
    """Come back once it is true."""
    ends = time.monotonic() + patience_s
    while not true():
        assert time.monotonic() < ends
        time.sleep(0.1)


def shown(client: httpx.Client, stream_id: str) -> Any:
    """The stream as the video manager shows it."""
    answer = client.get(f"/6/streams/{stream_id}")
    assert answer.status_code == 200, answer.text
    return answer.json()
