"""Streams are taken by the agent: videos become events with the right people, live and stored."""

import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
import simplejpeg
from websockets.sync.client import connect

from tests.api.streaming import body_v2, make, wait_for_end, working
from tests.inference.test_video import make_video
from tests.support.postgres import Databases
from tests.support.running_api import RunningApi, running_api
from tests.support.shared import MEDIA, needs_media, needs_models
from tests.support.waiting import until

VIDEOS = MEDIA / "videos"
POLICIES = {
    "detect_policy": {"estimate_head_pose": 0},
    "extract_policy": {"extract_face_descriptor": 1},
}


@pytest.fixture
def of_eyes(eyes: RunningApi) -> Any:
    """Asks the streams service of the API that sees the most."""
    with eyes.client(path="/streams") as made:
        yield made


@pytest.fixture(scope="module")
def running(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningApi]:
    """An API without the streams of other tests, which an agent would take."""
    with databases.fresh() as dsn, running_api(dsn, tmp_path_factory.mktemp("agent")) as api:
        yield api


def analytics(handler_id: str, account_id: UUID, **fields: Any) -> dict[str, Any]:
    """Faces go to a handler of the account."""
    handler = {
        "handler_id": handler_id,
        "authorization": {"account_id": str(account_id)},
        "frame_store": None,
    }
    return {"mode": 1, "event_handler": handler, **fields}


def film(path: Path, handler_id: str, account_id: UUID, **fields: Any) -> dict[str, Any]:
    """The data of a stream over a file."""
    one = analytics(handler_id, account_id, **fields)
    return {"type": "videofile", "reference": str(path), "analytics": [one]}


def handler(client: httpx.Client, **policies: Any) -> str:
    """A new handler."""
    made = client.post("/6/handlers", json={"policies": {**POLICIES, **policies}})
    assert made.status_code == 201, made.text
    return str(made.json()["handler_id"])


@needs_media
@needs_models
def test_a_person_who_is_known_is_one_event_with_the_right_match(
    eyes: RunningApi, seeing: httpx.Client, of_eyes: httpx.Client, account_id: UUID
) -> None:
    known = seeing.post("/6/lists", json={"user_data": "staff"}).json()["list_id"]
    kept = {"store_face": 1, "link_to_lists_policy": [{"list_id": known}]}
    enrol = handler(seeing, storage_policy={"face_policy": kept})
    label = {"candidates": {"origin": "faces", "list_id": known}, "label": "staff"}
    watch = handler(seeing, match_policy=[{**label, "limit": 1}])
    with working(eyes, roots=[VIDEOS]):
        first = make(of_eyes, account_id, name="gate", data=film(
            Path("asl_p0_again.mkv"), enrol, account_id))  # fmt: skip
        enrolled = wait_for_end(of_eyes, first)
        assert enrolled["status"] == "done", enrolled["last_error"]
        second = make(of_eyes, account_id, name="hall", location={"city": "Riga"}, data=film(
            Path("asl_p0_help.mkv"), watch, account_id))  # fmt: skip
        shown = wait_for_end(of_eyes, second)
    assert shown["status"] == "done", shown
    assert shown["video_info"]["progress"] > 0.9
    events = seeing.get("/6/events", params={"stream_ids": second}).json()["events"]
    assert len(events) == 1
    (event,) = events
    assert event["top_match"]["label"] == "staff"
    assert event["top_match"]["similarity"] > 0.9
    assert (event["source"], event["location"]["city"]) == ("hall", "Riga")
    assert UUID(event["track_id"])
    (detected,) = event["face_detections"]
    assert detected["detect_ts"] >= 0


def shown_by(answer: httpx.Response) -> bytes:
    """The picture in an answer, if there is one already."""
    return answer.content if answer.status_code == 200 else b""


@needs_media
@needs_models
def test_tracks_are_told_live_and_shown(
    eyes: RunningApi, seeing: httpx.Client, of_eyes: httpx.Client, account_id: UUID
) -> None:
    data = film(Path("headpose_two.mp4"), handler(seeing), account_id)
    data["real_time_mode_fps"] = 6
    stream_id = make(of_eyes, account_id, data=data, status="pause")
    messages: list[dict[str, Any]] = []
    url = eyes.url.replace("http", "ws") + f"/tracking/1/ws?stream_id={stream_id}"
    with connect(url) as socket:

        def listen() -> None:
            for text in socket:
                messages.append(json.loads(text))

        def told() -> list[dict[str, Any]]:
            return [message["analytics_results"]["human_tracking"] for message in messages]

        listening = threading.Thread(target=listen)
        listening.start()
        with working(eyes, roots=[VIDEOS]):
            of_eyes.patch(f"/2/streams/{stream_id}", json={"status": "pending"})
            frame = f"/1/streams/{stream_id}/preview/handler/frame"
            picture = until(lambda: shown_by(of_eyes.get(frame)))
            path = f"/2/streams/{stream_id}/preview/handler/live"
            with of_eyes.stream("GET", path) as live:
                assert live.headers["content-type"].startswith("multipart/x-mixed-replace")
                parts = b"".join(live.iter_raw())
            assert wait_for_end(of_eyes, stream_id)["status"] == "done"
            until(lambda: [one["track_status"] for one in told()].count("ended") >= 2)
        socket.close()
        listening.join()
    assert simplejpeg.decode_jpeg(picture).shape == (360, 640, 3)
    assert parts.count(b"Content-Type: image/jpeg") > 3
    by_track: dict[str, list[str]] = {}
    for one in told():
        by_track.setdefault(one["track_id"], []).append(one["track_status"])
    assert len(by_track) == 2
    for changes in by_track.values():
        assert (changes[0], changes[-1]) == ("started", "ended")
        assert set(changes[1:-1]) == {"updated"}
    assert {*told()[0]["estimated"]["face"]["detections"]["rect"]} == {"x", "y", "width", "height"}


def test_a_stream_that_cannot_be_opened_fails_and_says_why(
    running: RunningApi, streams: httpx.Client, account_id: UUID, tmp_path: Path
) -> None:
    (tmp_path / "secret.mp4").write_bytes(b"x")
    outside = [str(tmp_path / "secret.mp4"), "../../etc/passwd", "/etc/passwd", "none.mp4"]
    roots = tmp_path / "videos"
    roots.mkdir()
    (roots / "link.mp4").symlink_to(tmp_path / "secret.mp4")
    with working(running, roots=[roots]):
        for reference in [*outside, "link.mp4"]:
            data = film(Path(reference), str(uuid4()), account_id)
            shown = wait_for_end(streams, make(streams, account_id, data=data))
            assert shown["status"] == "failure"
            assert "there is no" in shown["last_error"]
        network = {**data, "type": "tcp", "reference": "rtsp://127.0.0.1:9/x"}
        shown = wait_for_end(streams, make(streams, account_id, data=network))
        assert "its address is not public" in shown["last_error"]


def test_a_film_without_faces_is_done_and_makes_no_events(
    running: RunningApi,
    client: httpx.Client,
    streams: httpx.Client,
    account_id: UUID,
    tmp_path: Path,
) -> None:
    make_video(tmp_path / "film.mp4")
    data = film(Path("film.mp4"), handler(client), account_id)
    with working(running, roots=[tmp_path]):
        shown = wait_for_end(streams, make(streams, account_id, data=data))
    assert (shown["status"], shown["last_error"]) == ("done", None)
    assert (shown["video_info"]["width"], shown["video_info"]["progress"]) == (160, 1.0)
    mine = client.get("/6/events", params={"stream_ids": shown["stream_id"]}).json()
    assert mine == {"events": []}


def test_the_agent_lets_go_of_a_stream_that_is_paused(
    running: RunningApi, client: httpx.Client, streams: httpx.Client, account_id: UUID,
    tmp_path: Path,
) -> None:  # fmt: skip
    make_video(tmp_path / "film.mp4", frames=100)
    data = {**film(Path("film.mp4"), handler(client), account_id), "real_time_mode_fps": 2}
    with working(running, roots=[tmp_path]):
        stream_id = make(streams, account_id, data=data)
        path = f"/2/streams/{stream_id}"
        until(lambda: streams.get(path).json()["video_info"])
        assert streams.patch(path, json={"status": "cancel"}).status_code == 204
        frame = f"/1/streams/{stream_id}/preview/handler/frame"
        until(lambda: streams.get(frame).status_code != 200)
        assert streams.get(path).json()["status"] == "cancel"


def test_what_every_worker_sees_is_http(streams: httpx.Client, account_id: UUID) -> None:
    """A worker of somebody else: it takes a stream, reports and ends it, with plain requests."""
    stream_id = make(streams, account_id, data=body_v2(account_id)["data"])
    asked = {"filters": {"stream_ids": [stream_id]}, "limit": 1}
    taken = streams.post("/1/streams/processing/queue", json=asked).json()["streams"][0]
    report = {"stream_id": stream_id, "version": taken["version"], "error": None}
    for status in ("in_progress", "done"):
        told = {"streams": [{**report, "status": status, "video_info": None}]}
        said = streams.post("/1/streams/processing/feedback", json=told).json()["streams"]
        assert said["unmodified"][0]["status"] == status
    assert streams.get(f"/1/streams/{stream_id}").json()["status"] == "done"
