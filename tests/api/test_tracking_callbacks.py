"""What the human-tracking analytic's own targets and callbacks are told."""

import hashlib
import hmac
import json
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import av
import cv2
import httpx
import pytest
from websockets.sync.client import connect

from inference.drawn_face import drawn_face
from tests.api.managing import new_stream, shown, stream_body, wait_until
from tests.api.streaming import claimed, working
from tests.api.test_agent import handler
from tests.api.test_callbacks import telling, to
from tests.support.receiver import receiver
from tests.support.running_api import RunningApi, headers_of

__all__ = ["telling"]

SECRET = "not known to others"
PLAIN = {"extract_policy": {"extract_face_descriptor": 0}}


@pytest.fixture
def teller(telling: RunningApi, account_id: UUID) -> Any:
    """Asks the API that may call addresses of this machine."""
    with httpx.Client(base_url=telling.url, headers=headers_of(account_id), timeout=30) as client:
        yield client


def face_film(path: Path, frames: int = 6) -> None:
    """A second of a drawn face."""
    face = cv2.resize(drawn_face(), (160, 160), interpolation=cv2.INTER_AREA)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=5, options={"preset": "ultrafast"})
        stream.width, stream.height, stream.pix_fmt = 160, 160, "yuv420p"
        for _ in range(frames):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(face, format="rgb24")))
        container.mux(stream.encode())


def tracking(handler_id: str, targets: list[str], *callbacks: dict[str, Any]) -> dict[str, Any]:
    """The analytics of a stream over the film."""
    parameters = {"event_policy": {"handler_id": handler_id}}
    told = {"targets": targets, "callbacks": list(callbacks), "parameters": parameters}
    analytics = [{"analytic_name": "human_tracking", "parameters": told}]
    return {"data": {"reference": "film.mp4"}, "analytics": analytics}


def test_callbacks_get_every_event_signed_and_subscribers_the_targets(
    telling: RunningApi, teller: httpx.Client, account_id: UUID, tmp_path: Path
) -> None:
    face_film(tmp_path / "film.mp4")
    targets = ["head_pose", "ags", "aggregated_face_samples"]
    with receiver(statuses=[503]) as there:
        off = to(there, enable=0)
        body = tracking(handler(teller, **PLAIN), targets, to(there, secret=SECRET), off)
        stream_id = new_stream(teller, **body)
        url = telling.url.replace("http", "ws") + f"/tracking/1/ws?stream_id={stream_id}"
        with connect(url) as socket, working(telling, roots=[tmp_path]):
            first = json.loads(socket.recv(timeout=120))
            wait_until(lambda: shown(teller, stream_id)["status"] in (2, 4))
        again, taken = there.wait(2, 60)
    assert shown(teller, stream_id)["status"] == 2
    (event,) = teller.get("/6/events", params={"stream_ids": stream_id}).json()["events"]
    assert taken.body["event_type"] == "human_tracking"
    assert taken.body["account_id"] == str(account_id)
    assert taken.body["event"]["event_id"] == event["event_id"]
    assert taken.body["event"]["track_id"] == event["track_id"]
    assert {"event_create_time", "event_end_time"} <= taken.body.keys()
    delivery = taken.headers["selene-delivery"]
    proof = hmac.digest(SECRET.encode(), delivery.encode() + b"." + taken.data, hashlib.sha256)
    assert taken.headers["selene-signature"] == f"sha256={proof.hex()}"
    assert (again.headers["selene-delivery"], again.data) == (delivery, taken.data)
    told = first["analytics_results"]["human_tracking"]
    assert {*told["estimated"]["face"]} == {"head_pose", "ags"}
    assert {*told["estimated"]["face"]["head_pose"]} == {"pitch", "roll", "yaw"}
    assert 0 <= told["estimated"]["face"]["ags"] <= 1


def test_a_worker_has_events_told_once_and_of_its_own_streams(
    telling: RunningApi, teller: httpx.Client
) -> None:
    with receiver() as there:
        body = tracking(str(uuid4()), ["face_detection"], to(there))
        stream_id = new_stream(teller, **body)
        event = {"event_id": str(uuid4()), "track_id": "t", "tags": []}
        when = "2026-01-01T00:00:00Z"
        said = {
            "stream_id": stream_id, "version": 1, "analytics": 0, "events": [event],
            "event_create_time": when, "event_end_time": when,
        }  # fmt: skip
        with httpx.Client(base_url=f"{telling.url}/streams", timeout=30) as worker:

            def tell(headers: dict[str, str], **changed: Any) -> httpx.Response:
                path = "/2/streams/processing/events"
                return worker.post(path, json={**said, **changed}, headers=headers)

            assert tell({}).json() == {"messages": 0}  # nobody works on it
            claimed(worker, [stream_id])
            assert tell(headers_of(uuid4())).json()["error_code"] == 39001
            for wrong in ({"version": 2}, {"analytics": 1}):
                assert tell({}, **wrong).json() == {"messages": 0}
            assert tell({}, events=[]).json()["error_code"] == 12022
            for _ in range(2):
                assert tell({"Idempotency-Key": stream_id}).json() == {"messages": 1}
            other = tell({"Idempotency-Key": stream_id + "2"}, events=[{**event, "tags": ["b"]}])
            assert other.json() == {"messages": 1}
        first, second = there.wait(2, 60)
    assert first.body["event"] == event
    assert second.body["event"]["tags"] == ["b"]
    assert "selene-signature" not in first.headers


@pytest.mark.parametrize(
    "callback",
    [
        {"type": "luna-event"},
        {"type": "http"},
        {"type": "http", "url": "ftp://example.org"},
        {"type": "http", "url": "http://example.org", "secret": "short"},
        {
            "type": "http",
            "url": "http://example.org",
            "params": {"headers": {"Selene-Signature": "x"}},
        },
    ],
)
def test_a_callback_that_is_none_is_refused(client: httpx.Client, callback: dict[str, Any]) -> None:
    body = stream_body(**tracking(str(uuid4()), ["face_detection"], callback))
    refused = client.post("/6/streams", json=body)
    assert refused.status_code == 400
    assert "callbacks" in refused.json()["detail"]
