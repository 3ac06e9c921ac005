"""Frames of best shots are kept where the stream says, and events tell where."""

import asyncio
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
import simplejpeg

from api.agent.frame_stores import FrameNotKept, FrameStores
from api.agent.outbound import Outbound
from api.url_guard import UrlGuard, UrlRules
from ray_cluster.stream_jobs import BestShot
from tests.api.streaming import make, wait_for_end, working
from tests.api.test_agent import film, handler, running
from tests.api.test_agent_processes import folders
from tests.support.running_api import RunningApi

__all__ = ["running"]


def events(client: httpx.Client, stream_id: str) -> list[dict[str, Any]]:
    """The events of a stream."""
    found = client.get("/6/events", params={"stream_ids": stream_id}).json()
    return list(found["events"])


def test_events_tell_where_the_frames_of_their_best_shots_are_kept(
    running: RunningApi, client: httpx.Client, streams: httpx.Client, account_id: UUID,
    tmp_path: Path,
) -> None:  # fmt: skip
    (name,) = folders(tmp_path, 1)
    data = {**film(Path(name), handler(client), account_id), "type": "images", "mask": "*.jpg"}
    made = []
    with working(running, roots=[tmp_path]):
        for store in (f"{running.url}/6/images", None):
            data["analytics"][0]["event_handler"]["frame_store"] = store
            stream_id = make(streams, account_id, data=data)
            shown = wait_for_end(streams, stream_id)
            assert (shown["status"], shown["last_error"]) == ("done", None)
            (event,) = events(client, stream_id)
            made.append(event["face_detections"][0]["image_origin"])
    kept, none = made
    assert none is None
    frame = client.get(kept)
    assert frame.headers["content-type"] == "image/jpeg"
    assert simplejpeg.decode_jpeg(frame.content).shape == (160, 160, 3)


def test_a_frame_is_kept_once_for_a_face_and_its_body_unless_they_are_to_be_apart(
    running: RunningApi, client: httpx.Client, account_id: UUID, tmp_path: Path
) -> None:
    folders(tmp_path, 1)
    shot = BestShot(b"", 1.5, 0.9, (tmp_path / "f00" / "1.jpg").read_bytes())

    async def kept(setting: int, *keys: str) -> list[str | None]:
        outbound = Outbound(running.url, UrlGuard(UrlRules()))
        stores = FrameStores(outbound)
        one = {
            "event_handler": {
                "frame_store": f"{running.url}/6/images",
                "authorization": {"account_id": str(account_id)},
            },
            "sending": {"full_frame_settings": setting},
        }
        try:
            return [await stores.kept(one, shot, "run", key) for key in keys]
        finally:
            await outbound.close()

    face, body = str(uuid4()), str(uuid4())
    together = asyncio.run(kept(3, face, body))
    apart = asyncio.run(kept(4, face, body))
    assert len(set(together)) == 1
    assert len(set(apart)) == 2
    assert apart[0] == together[0]  # another agent, under the same key
    assert all(client.get(str(one)).status_code == 200 for one in apart)


@pytest.mark.parametrize("port", [1, 9])
def test_a_frame_store_in_a_private_network_is_closed_unless_it_is_opened(port: int) -> None:
    async def kept() -> None:
        outbound = Outbound("http://127.0.0.1:2", UrlGuard(UrlRules()))
        one = {
            "event_handler": {
                "frame_store": f"http://127.0.0.1:{port}/1/buckets/frames/images",
                "authorization": {"account_id": str(uuid4())},
            },
            "sending": {"full_frame_settings": 3},
        }
        with pytest.raises(FrameNotKept, match="its address is not public"):
            await FrameStores(outbound).kept(one, BestShot(b"", 0.0, 1.0, b"x"), "run", "key")
        await outbound.close()

    asyncio.run(kept())
