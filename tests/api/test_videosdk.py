"""Films by their URLs over HTTP: analytics at once and as tasks, and what is refused."""

import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.api.managing import wait_until
from tests.api.people import refused, some_id
from tests.api.test_agent import VIDEOS
from tests.inference.test_video import make_video
from tests.support.postgres import Databases
from tests.support.running_api import RunningApi, headers_of, running_api
from tests.support.shared import MODELS, needs_media, needs_models

pytestmark = [needs_media, needs_models]


@pytest.fixture(scope="module")
def films() -> Iterator[str]:
    """Where a server shows the videos."""
    show = partial(SimpleHTTPRequestHandler, directory=str(VIDEOS))
    with ThreadingHTTPServer(("127.0.0.1", 0), show) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def looking(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningApi]:
    """An API that may fetch films from this machine, though no large ones."""
    changed = {
        "pack": f"dev:{MODELS}",
        "allowed_private_urls": ("127.0.0.1",),
        "limits": {"video_bytes": 2_000_000, "video_seconds": 900},
    }
    with databases.fresh() as dsn, running_api(
        dsn, tmp_path_factory.mktemp("films"), **changed
    ) as api:  # fmt: skip
        yield api


@pytest.fixture
def asking(looking: RunningApi, account_id: Any) -> Iterator[httpx.Client]:
    """Asks that API as the account."""
    headers = headers_of(account_id)
    with httpx.Client(base_url=looking.url, headers=headers, timeout=900) as made:
        yield made


COUNT = {
    "name": "people_count",
    "targets": ["coordinates"],
    "parameters": {"rate": {"unit": "second", "period": 1}, "probe_count": 2},
}


def test_people_are_counted_through_a_film(asking: httpx.Client, films: str) -> None:
    body = {"video": {"url": f"{films}/asl_p2_book.mkv"}, "analytics": [COUNT]}

    answer = asking.post("/6/videosdk", json=body)

    assert answer.status_code == 200, answer.text
    (analytic,) = answer.json()["analytics"]
    (event,) = analytic["result"]["crowd"]["events"]
    assert (analytic["name"], event["people_count"]) == ("people_count", 1)
    assert event["video_segment"] == {"start_time_offset": 1.0, "end_time_offset": 3.0}
    assert [one["time_offset"] for one in event["frames_estimations"]] == [1.0, 2.0, 3.0]
    for one in event["frames_estimations"]:
        (where,) = one["people_coordinates"]
        assert 0 < where["x"] < 640
        assert 0 < where["y"] < 480
    film = answer.json()["video_data"]
    (part,) = film.pop("processed_parts")
    assert (part["start_offset"], round(part["end_offset"])) == (0, 4)
    assert film.pop("duration") == pytest.approx(3.67, abs=0.1)
    assert film == {"error_count": 0, "frame_rate": 30.0, "frames_count": 109, "rotation": 0}


def test_people_are_followed_through_a_film(asking: httpx.Client, films: str) -> None:
    rate = {"rate": {"unit": "frame", "period": 2}, "probe_count": 3}
    one = {"name": "human_tracking", "targets": ["face_detection"], "parameters": rate}
    body = {"video": {"url": f"{films}/headpose_two.mp4"}, "analytics": [one]}

    answer = asking.post("/6/videosdk", json=body)

    assert answer.status_code == 200, answer.text
    (analytic,) = answer.json()["analytics"]
    events = analytic["result"]["human_tracking"]["events"]
    assert len(events) == 2
    assert len({event["track_id"] for event in events}) == 2
    for event in events:
        seen = event["frames_estimations"]
        assert len(seen) >= 3
        segment = event["video_segment"]
        times = [one["time_offset"] for one in seen]
        assert (segment["start_time_offset"], segment["end_time_offset"]) == (times[0], times[-1])
        detection = seen[0]["estimated"]["face"]["detections"]
        assert detection["rect"]["width"] > 20
        assert 0 < detection["score"] <= 1


def test_a_deferred_film_is_a_task_whose_result_is_stored(
    asking: httpx.Client, looking: RunningApi, films: str
) -> None:
    body = {
        "video": {"url": f"{films}/headpose_f.mp4"},
        "analytics": [COUNT],
        "deferred_task": {"enable": 1, "storage_policy": {"type": "luna_image_store"}},
    }
    made = asking.post("/6/videosdk", json=body)
    assert made.status_code == 200, made.text
    where = f"/6/video/tasks/{made.json()['task_id']}"
    first = asking.get(where).json()
    assert {"task_id", "status", "progress"} <= first.keys()

    wait_until(lambda: asking.get(where).json()["status"] in (2, 4))

    task = asking.get(where).json()
    assert (task["status"], task["progress"], task["error"]) == (2, 1.0, None)
    result = asking.get(task["result_url"]).json()
    assert [one["name"] for one in result["analytics"]] == ["people_count"]
    assert result["video_data"]["frames_count"] == 23
    with httpx.Client(base_url=looking.url, headers=headers_of(uuid4())) as stranger:
        assert refused(stranger.get(where)) == (404, 90120)


def test_a_deferred_film_that_is_none_has_failed(asking: httpx.Client, films: str) -> None:
    body = {"video": {"url": f"{films}/none.mp4"}, "analytics": [COUNT], "deferred_task": {}}
    where = f"/6/video/tasks/{asking.post('/6/videosdk', json=body).json()['task_id']}"

    wait_until(lambda: asking.get(where).json()["status"] in (2, 4))

    task = asking.get(where).json()
    assert (task["status"], "404" in task["error"], "result_url" in task) == (4, True, False)


def test_what_cannot_be_had_is_refused(asking: httpx.Client, films: str) -> None:
    def asked(url: str, *analytics: Any, **more: Any) -> httpx.Response:
        body = {"video": {"url": url}, "analytics": analytics or [COUNT], **more}
        return asking.post("/6/videosdk", json=body)

    film = f"{films}/headpose_f.mp4"
    assert refused(asked(film, {"name": "cars"})) == (400, 90121)
    assert refused(asked(film, {**COUNT, "targets": ["overview"]})) == (400, 90121)
    assert refused(asked(film, {"name": "cars"}, deferred_task={})) == (400, 90121)
    for url in ("http://10.0.0.1/film.mp4", "file:///etc/passwd", "rtsp://127.0.0.1/film"):
        assert refused(asked(url)) == (400, 90010)
        assert refused(asked(url, deferred_task={})) == (400, 90010)
    assert refused(asked(f"{films}/none.mp4")) == (400, 90010)
    large = asked(f"{films}/one_by_one.mp4")
    assert (refused(large), "more than 2000000 bytes" in large.json()["detail"]) == (
        (400, 90010), True)  # fmt: skip
    assert refused(asked(f"{films}/../MANIFEST.csv")) in ((400, 90010), (400, 90122))
    for wrong in ({"rate": {"unit": "frame", "period": 1.5}}, {"probe_count": 0}):
        assert refused(asked(film, {**COUNT, "parameters": wrong})) == (400, 12022)
    assert refused(asking.get(f"/6/video/tasks/{some_id()}")) == (404, 90120)


def stored(client: httpx.Client, data: bytes) -> str:
    """The address of a new object."""
    kind = {"Content-Type": "text/plain"}  # objects have few types; their bytes tell
    made = client.post("/6/objects", content=data, headers=kind)
    assert made.status_code == 201, made.text
    return str(made.json()["url"])


def test_a_stored_film_is_looked_at_for_its_owner(
    asking: httpx.Client, looking: RunningApi, tmp_path: Path
) -> None:
    film = make_video(tmp_path / "film.mp4")
    body = {"video": {"url": stored(asking, film.read_bytes())}, "analytics": [COUNT]}

    told = asking.post("/6/videosdk", json=body).json()

    assert told["analytics"] == [{"name": "people_count", "result": {"crowd": {"events": []}}}]
    assert told["video_data"]["frames_count"] == 30
    with httpx.Client(base_url=looking.url, headers=headers_of(uuid4())) as stranger:
        assert refused(stranger.post("/6/videosdk", json=body)) == (404, 13007)


def test_what_is_no_film_is_refused_even_if_it_names_one(
    asking: httpx.Client, tmp_path: Path
) -> None:
    film = make_video(tmp_path / "film.mp4")
    playlist = f"#EXTM3U\n#EXT-X-TARGETDURATION:3\n#EXTINF:3,\nfile://{film}\n#EXT-X-ENDLIST\n"
    concat = f"ffconcat version 1.0\nfile 'file://{film}'\n"
    for text in (playlist, concat, "film"):
        body = {"video": {"url": stored(asking, text.encode())}, "analytics": [COUNT]}
        assert refused(asking.post("/6/videosdk", json=body)) == (400, 90122)


def test_a_token_has_looked_at_what_it_may_see_and_keep(
    asking: httpx.Client, looking: RunningApi, films: str
) -> None:
    def asked(body: dict[str, Any], **permissions: Any) -> int:
        token = asking.post("/6/tokens", json={"permissions": permissions}).json()["token"]
        headers = {"Authorization": f"Bearer {token}"}
        with httpx.Client(base_url=looking.url, headers=headers, timeout=900) as bearer:
            return bearer.post("/6/videosdk", json=body).status_code

    none = {"video": {"url": f"{films}/none.mp4"}, "analytics": [COUNT]}
    kept = {"video": {"url": f"/6/objects/{some_id()}"}, "analytics": [COUNT]}
    may = {"resources": ["view"]}
    assert (asked(none), asked(none, **may)) == (403, 400)
    assert (asked(kept, **may), asked(kept, **may, object=["view"])) == (403, 404)
    later = {**none, "deferred_task": {}}
    assert asked(later, **may, task=["creation"]) == 403
    assert asked(later, **may, task=["creation"], object=["creation"]) == 200
