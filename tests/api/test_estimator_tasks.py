"""Estimator tasks make events of every image of an archive, a bucket or a directory."""

import io
import socket
import threading
import zipfile
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from api.workers.tasks import estimator
from tests.api.album import PEOPLE
from tests.api.handling import handler, photo
from tests.api.people import new_list
from tests.api.task_results import errors_of, failed, refused_content
from tests.api.tasks import CANCELLED, done, ended, give
from tests.support.postgres import Databases
from tests.support.running_api import RunningApi, running_api
from tests.support.s3_server import s3_server
from tests.support.shared import MEDIA

NAMES = (*PEOPLE["dad"], PEOPLE["man"][0])
KEPT = {"event_policy": {"store_event": 1}}


@pytest.fixture(scope="module")
def disk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A released directory with photos, and an archive that a server gives."""
    if not MEDIA.is_dir():
        pytest.skip("shared media are not here")
    root = tmp_path_factory.mktemp("disk")
    for name in NAMES:
        path = root / "photos" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(photo(name))
    (root / "photos" / "notes.txt").write_text("no image")
    (root / "photos.zip").write_bytes(archive())
    return root


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def server(disk: Path) -> Iterator[str]:
    """Gives the files of the directory over HTTP."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(disk))) as made:
        thread = threading.Thread(target=made.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{made.server_address[1]}"
        made.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def batches(
    databases: Databases, tmp_path_factory: pytest.TempPathFactory, disk: Path
) -> Iterator[RunningApi]:
    """A running API that may read the directory and reach servers of this machine."""
    rights = {"network_disks": (disk,), "allowed_private_urls": ("127.0.0.1",)}
    folder = tmp_path_factory.mktemp("batches")
    with databases.fresh() as dsn, running_api(dsn, folder, **rights) as api:
        yield api


@pytest.fixture
def owner(batches: RunningApi, account_id: UUID) -> Iterator[httpx.Client]:
    with batches.client(account_id) as made:
        yield made


def archive(**more: bytes) -> bytes:
    """The photos in an archive, with files beside them."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        for name in NAMES:
            file.writestr(name, photo(name))
        for name, data in more.items():
            file.writestr(name, data)
    return buffer.getvalue()


def stored(client: httpx.Client, data: bytes) -> str:
    """The address of an object with the bytes."""
    answer = client.post("/6/objects", content=data, headers={"content-type": "application/zip"})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["url"])


def answers_of(client: httpx.Client, task_id: int) -> list[dict[str, Any]]:
    """What the handler answered, image by image."""
    answer = client.get(f"/6/tasks/{task_id}/result")
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["result"]
    for one in found:
        assert one.keys() == {"images", "events", "filtered_detections"}
    return found


def by_name(found: list[dict[str, Any]]) -> dict[str, int]:
    """How many events each image gave."""
    return {one["images"][0]["filename"]: len(one["events"]) for one in found}


def events_of(client: httpx.Client) -> list[dict[str, Any]]:
    page: list[dict[str, Any]] = client.get("/6/events", params={"page_size": 100}).json()["events"]
    return page


def test_each_image_of_an_archive_becomes_events(owner: httpx.Client) -> None:
    list_id = new_list(owner)
    faces = {"store_face": 1, "link_to_lists_policy": [{"list_id": list_id}]}
    handler_id = handler(owner, storage_policy={"face_policy": faces, **KEPT})
    reference = stored(owner, archive(**{"notes.txt": b"no image", "empty.jpg": b""}))
    source = {"source_type": "zip", "reference": reference}
    content = {"handler": {"handler_id": handler_id}, "source": source}
    task_id = done(owner, "estimator", content)

    found = answers_of(owner, task_id)
    assert by_name(found) == {**dict.fromkeys(NAMES, 1), "notes.txt": 0, "empty.jpg": 0}
    assert [one["images"][0]["filename"] for one in found] == sorted(by_name(found))
    errors = {one["additional_info"]: one["error_code"] for one in errors_of(owner, task_id)}
    assert errors == {"notes.txt": 90118, "empty.jpg": 90118}
    made = {event["event_id"] for one in found for event in one["events"]}
    events = events_of(owner)
    assert {event["event_id"] for event in events} == made
    assert {event["handler_id"] for event in events} == {handler_id}
    members = owner.get("/6/faces", params={"list_id": list_id}).json()["faces"]
    assert {face["event_id"] for face in members} == made
    task = owner.get(f"/6/tasks/{task_id}").json()
    assert (task["task_type"], task["content"]["source"]["reference"]) == (9, reference)


def test_policies_may_be_given_with_the_task(owner: httpx.Client, server: str) -> None:
    policies = {"storage_policy": {"event_policy": {"store_event": 0}}}
    content = {
        "handler": {"policies": policies, "description": "once"},
        "source": {"source_type": "zip", "reference": f"{server}/photos.zip"},
    }
    found = answers_of(owner, done(owner, "estimator", content))
    assert by_name(found) == dict.fromkeys(NAMES, 1)
    assert events_of(owner) == []


def test_files_of_a_released_directory(owner: httpx.Client, disk: Path) -> None:
    source = {"source_type": "network_disk", "path": str(disk / "photos"), "prefix": "azure/"}
    content = {"handler": {"policies": {}}, "source": source}
    found = answers_of(owner, done(owner, "estimator", content))
    assert by_name(found) == dict.fromkeys(NAMES, 1)
    for path in (str(disk.parent), "/etc", f"{disk}/photos.zip"):
        content["source"] = {**source, "path": path}
        assert [code for code, _ in failed(owner, "estimator", content)] == [90116]


@pytest.fixture(scope="module")
def bucket() -> Iterator[str]:
    """The address of a store with the photos in the bucket `pictures`."""
    with s3_server() as url:
        with httpx.Client(base_url=url, timeout=60) as store:
            store.put("/pictures").raise_for_status()
            for name in NAMES:
                store.put(f"/pictures/day one/{name}", content=photo(name)).raise_for_status()
            store.put("/pictures/other.jpg", content=b"x").raise_for_status()
        yield url


def test_objects_of_a_bucket(owner: httpx.Client, bucket: str) -> None:
    keys = {"public_key": "tester", "secret_key": "not-a-secret", "signature_version": "s3v4"}
    source = {
        "source_type": "s3",
        "endpoint": bucket,
        "bucket": "pictures",
        "prefix": "day one/",
        "save_origin": 1,
        "authorization": keys,
    }
    content = {"handler": {"policies": {"storage_policy": KEPT}}, "source": source}
    task_id = done(owner, "estimator", content)
    found = answers_of(owner, task_id)
    assert by_name(found) == {f"day one/{name}": 1 for name in NAMES}
    origins = {
        one["image_origin"] for event in events_of(owner) for one in event["face_detections"]
    }
    assert origins == {f"{bucket}/pictures/day%20one/{name}" for name in NAMES}
    shown = owner.get(f"/6/tasks/{task_id}").json()["content"]["source"]["authorization"]
    assert shown["public_key"] == "tester"
    assert "not-a-secret" not in owner.get("/6/tasks").text
    assert "not-a-secret" not in owner.get(f"/6/tasks/{task_id}/subtasks").text

    content["source"] = {**source, "bucket": "nothing"}
    ((code, detail),) = failed(owner, "estimator", content)
    assert (code, "status 404" in detail) == (90116, True)
    content["source"] = {**source, "prefix": "nobody/"}
    assert [code for code, _ in failed(owner, "estimator", content)] == [90117]


def test_places_inside_are_not_reached(client: httpx.Client, server: str, bucket: str) -> None:
    zipped = {"source_type": "zip", "reference": f"{server}/photos.zip"}
    stores = {"source_type": "s3", "endpoint": bucket, "bucket": "pictures"}
    disks = {"source_type": "network_disk", "path": "/"}
    for source in (zipped, stores, disks, {**zipped, "reference": "file:///etc/passwd"}):
        content = {"handler": {"policies": {}}, "source": source}
        assert [code for code, _ in failed(client, "estimator", content)] == [90116], source


def test_a_part_that_is_done_again_makes_no_event_twice(
    owner: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(estimator, "_OF_A_PART", 2)
    broken: list[int] = []
    original = estimator.Estimator.run

    def run(self: Any, work: Any, content: Any, part: Any) -> Any:
        whole = original(self, work, content, part)
        if len(broken) < 2:  # as if the process ended before the part was noted
            broken.append(1)
            raise estimator.TRANSIENT[0]
        return whole

    monkeypatch.setattr(estimator.Estimator, "run", run)
    source = {"source_type": "zip", "reference": stored(owner, archive())}
    content = {"handler": {"policies": {"storage_policy": KEPT}}, "source": source}
    task_id = done(owner, "estimator", content)
    assert len(broken) == 2
    found = answers_of(owner, task_id)
    assert by_name(found) == dict.fromkeys(NAMES, 1)
    made = {event["event_id"] for one in found for event in one["events"]}
    assert {event["event_id"] for event in events_of(owner)} == made
    task = owner.get(f"/6/tasks/{task_id}").json()
    assert task["count_task_parts_all"] == 2


def test_handlers_and_archives_of_others_are_not_found(
    owner: httpx.Client, batches: RunningApi
) -> None:
    own = {"handler_id": handler(owner, storage_policy=KEPT)}
    source = {"source_type": "zip", "reference": stored(owner, archive())}
    with batches.client(uuid4()) as stranger:
        for given, code in ((own, 90060), ({"policies": {}}, 13007)):
            content = {"handler": given, "source": source}
            assert [c for c, _ in failed(stranger, "estimator", content)] == [code]


def test_a_task_can_be_cancelled_while_its_archive_does_not_come(owner: httpx.Client) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        reference = f"http://127.0.0.1:{silent.getsockname()[1]}/a.zip"
        source = {"source_type": "zip", "reference": reference}
        task_id = give(owner, "estimator", {"handler": {"policies": {}}, "source": source})
        connection, _ = silent.accept()
        with connection:
            assert owner.patch(f"/6/tasks/{task_id}").status_code == 204
            connection.settimeout(60)
            while connection.recv(4096):  # until the other side lets go
                pass
    assert ended(owner, task_id)["task_status"] == CANCELLED


@pytest.mark.parametrize(
    ("source", "path"),
    [
        (None, "content.source"),
        ({}, "content.source.source_type"),
        ({"source_type": "ftp"}, "ftp is not served"),
        ({"source_type": "zip"}, "content.source.reference"),
        ({"source_type": "zip", "reference": "a", "image_type": 3}, "content.source.image_type"),
        ({"source_type": "zip", "reference": "a", "path": "b"}, "path"),
        ({"source_type": "s3", "bucket": "a"}, "content.source.bucket"),
        ({"source_type": "network_disk", "path": ""}, "content.source.path"),
    ],
)
def test_a_bad_source_is_refused_by_its_place(
    client: httpx.Client, source: object, path: str
) -> None:
    content = {"handler": {"policies": {}}, "source": source}
    code, detail = refused_content(client, "estimator", content)
    assert code == 12022
    assert path in detail


def test_a_bad_handler_is_refused(client: httpx.Client) -> None:
    source = {"source_type": "zip", "reference": "/6/objects/" + str(uuid4())}
    for given in (None, {}, {"handler_id": "x"}, {"policies": {"colour": 1}}):
        code, detail = refused_content(client, "estimator", {"handler": given, "source": source})
        assert code == 12022
        assert "content.handler" in detail
    assert give(client, "estimator", {"handler": {"policies": {}}, "source": source})
