"""Streams, and the workers that have them, for tests over HTTP."""

import asyncio
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from uuid import UUID, uuid4

import httpx

from api.agent.agent import Agent
from api.settings_groups import AgentSettings
from api.url_guard import UrlGuard, UrlRules
from tests.support.running_api import RunningApi

Ask = httpx.Client


@contextmanager
def working(api: RunningApi, private: Sequence[str] = (), **settings: Any) -> Iterator[None]:
    """An agent that works on the streams of a running API, in a thread of its own.

    The API listens with all its services on one port, below paths, so the agent is told where;
    `private` are the hosts that streams may name although they are not public.
    """
    of_agent = {"api": api.url, "service": f"{api.url}/streams", "poll_s": 0.1, "feedback_s": 0.3}
    changed = api.services.settings.model_copy(
        update={"agent": AgentSettings.model_validate({**of_agent, **settings})}
    )
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="agent")
    thread.start()

    async def begin() -> Agent:
        guard = UrlGuard(UrlRules(private=tuple(private)))
        agent = Agent(changed, guard)
        agent.start()
        return agent

    agent = asyncio.run_coroutine_threadsafe(begin(), loop).result(60)
    try:
        yield
    finally:
        asyncio.run_coroutine_threadsafe(agent.stop(), loop).result(60)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


def wait_for_end(client: Ask, stream_id: str, *, patience_s: float = 180.0) -> dict[str, Any]:
    """The stream once it is done or has failed."""
    ends = time.monotonic() + patience_s
    while True:
        shown: dict[str, Any] = client.get(f"/2/streams/{stream_id}").json()
        if shown["status"] in ("done", "failure"):
            return shown
        assert time.monotonic() < ends, shown
        time.sleep(0.1)


def body_v2(account_id: UUID, **fields: Any) -> dict[str, Any]:
    """A stream to make, in the second generation's words."""
    handler = {
        "handler_id": str(uuid4()),
        "authorization": {"account_id": str(account_id)},
        "frame_store": None,
    }
    data = {"type": "tcp", "reference": "rtsp://cam", "analytics": [{"event_handler": handler}]}
    data |= fields.pop("data", {})
    return {"account_id": str(account_id), "data": data, **fields}


def body_v1(account_id: UUID, **fields: Any) -> dict[str, Any]:
    """A stream to make, in the first generation's words."""
    handler = {
        "origin": "http://127.0.0.1:5000",
        "api_version": 6,
        "bestshot_handler": {"handler_id": str(uuid4())},
    }
    data = {"type": "tcp", "reference": "rtsp://cam", **fields.pop("data", {})}
    return {"account_id": str(account_id), "data": data, "event_handler": handler, **fields}


def make(client: Ask, account_id: UUID, **fields: Any) -> str:
    """The id of a new stream."""
    made = client.post("/2/streams", json=body_v2(account_id, **fields))
    assert made.status_code == 201, made.text
    assert made.json()["version"] == 1
    return str(made.json()["stream_id"])


def claimed(client: Ask, stream_ids: list[str], limit: int = 10) -> list[dict[str, Any]]:
    """A worker takes some of the streams."""
    body = {"filters": {"stream_ids": stream_ids}, "limit": limit}
    answer = client.post("/2/streams/processing/queue", json=body)
    assert answer.status_code == 200, answer.text
    return list(answer.json()["streams"])


def report(client: Ask, stream_id: str, status: str, **fields: Any) -> dict[str, Any]:
    """A worker reports; what it is answered."""
    told = {"version": 1, "error": None, "video_info": None, **fields}
    one = {"stream_id": stream_id, "status": status, **told}
    answer = client.post("/1/streams/processing/feedback", json={"streams": [one]})
    assert answer.status_code == 200, answer.text
    return dict(answer.json()["streams"])


def error(answer: httpx.Response) -> tuple[int, int, str]:
    """Status, code and detail of a refusal."""
    return answer.status_code, answer.json()["error_code"], answer.json()["detail"]
