"""Requests about films, which are stored, so that nothing has to be fetched."""

import tempfile
from pathlib import Path
from typing import Any

from tests.api.contract.asking import World
from tests.api.managing import wait_until
from tests.inference.test_video import make_video


def film(world: World, **fields: Any) -> dict[str, Any]:
    """A film of nobody, in which people are to be counted."""
    if "film" not in world.made:
        with tempfile.TemporaryDirectory() as directory:
            data = make_video(Path(directory) / "film.mp4").read_bytes()
        kind = {"Content-Type": "text/plain"}
        stored = world.client.post("/6/objects", content=data, headers=kind)
        world.made["film"] = stored.json()["url"]
    return {"video": {"url": world.made["film"]}, "analytics": [{"name": "people_count"}], **fields}


def video_task(world: World) -> str:
    """Where a task is that is over, so that nothing goes on behind other tests."""
    if "video_task" not in world.made:
        body = film(world, deferred_task={"enable": 1})
        task_id = world.client.post("/6/videosdk", json=body).json()["task_id"]
        where = world.made["video_task"] = f"/6/video/tasks/{task_id}"
        wait_until(lambda: world.client.get(where).json()["status"] in (2, 4))
    return world.made["video_task"]
