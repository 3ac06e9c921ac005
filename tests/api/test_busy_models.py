"""When too many images wait for the networks, clients are told when to come back."""

import asyncio
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Final

import httpx

from domain.shared.detections import DetectWanted, ImageDetections, ImageInput
from domain.shared.image_refusals import ImageRefused, ModelsBusy
from inference.drawn_face import drawn_face
from inference.image import encode_jpeg
from ray_cluster.admission import MOST_WAITING
from tests.support.running_api import RunningApi

REQUESTS: Final = 4
LONG_S: Final = 300
_JPEG: Final = {"Content-Type": "image/jpeg"}


class SlowFile(bytes):
    """A file that is no image, and can be read once it is let go."""

    begun: Final = threading.Event()
    go: Final = threading.Event()

    def __len__(self) -> int:
        """Its size, which is asked for first."""
        self.begun.set()
        assert self.go.wait(LONG_S)
        return super().__len__()


@contextmanager
def occupied(running: RunningApi) -> Iterator[None]:
    """The networks are busy, and as many images wait for them as may."""

    async def occupy() -> list[ImageDetections | ImageRefused]:
        images = [ImageInput(SlowFile(b"no image"))] * MOST_WAITING
        while True:
            try:
                return await running.services.models.detect(images, DetectWanted())
            except ModelsBusy:  # something is still done of an earlier test
                await asyncio.sleep(0.1)

    with ThreadPoolExecutor(1) as pool:
        busy = pool.submit(asyncio.run, occupy())
        try:
            assert SlowFile.begun.wait(LONG_S)
            yield
        finally:
            SlowFile.go.set()
        busy.result(LONG_S)


def test_busy_models_refuse_with_a_time_and_lose_nothing(
    running: RunningApi, client: httpx.Client
) -> None:
    warp = encode_jpeg(drawn_face()[:250, :250])
    client.timeout = httpx.Timeout(LONG_S)
    made = client.post("/6/handlers", json={"description": "busy", "policies": {}})
    address = f"/6/handlers/{made.json()['handler_id']}/events"

    def send(number: int) -> httpx.Response:
        key = {**_JPEG, "Idempotency-Key": f"busy {number}"}
        asked = {"source": str(number), "image_type": 1}
        return client.post(address, params=asked, content=warp, headers=key)

    with ThreadPoolExecutor(REQUESTS) as pool:
        with occupied(running):
            refused = list(pool.map(send, range(REQUESTS)))
            detected = client.post("/6/detector", content=warp, headers=_JPEG)
        again = list(pool.map(send, range(REQUESTS)))

    for answer in [*refused, detected]:
        assert (answer.status_code, answer.json()["error_code"]) == (503, 90022)
        assert 1 <= int(answer.headers["Retry-After"]) <= 60
    assert [answer.status_code for answer in again] == [201] * REQUESTS
    stored = client.get("/6/events").json()["events"]
    assert sorted(event["source"] for event in stored) == [str(n) for n in range(REQUESTS)]
