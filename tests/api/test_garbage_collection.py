"""Garbage collection over HTTP: what passes goes, with what is kept for it; the rest stays."""

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.api.files import KINDS, blobs_there
from tests.api.handling import DAD, MOM, NEEDS, handler, run
from tests.api.people import attach, new_face, new_list
from tests.api.tasks import done, ended, give, result
from tests.api.test_events import saved
from tests.api.test_handlers import make
from tests.support.postgres import Databases
from tests.support.receiver import receiver
from tests.support.running_api import RunningApi, running_api
from tests.support.waiting import until

RECT = {"x": 1, "y": 2, "width": 30, "height": 40}


@pytest.fixture(scope="module")
def calling(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningApi]:
    """An API that may call addresses of this machine."""
    directory = tmp_path_factory.mktemp("gc")
    private = {"allowed_private_urls": ("127.0.0.1",)}
    with databases.fresh() as dsn, running_api(dsn, directory, **private) as api:
        yield api


@pytest.fixture
def caller(calling: RunningApi) -> Iterator[httpx.Client]:
    """Asks that API as an account of its own."""
    with calling.client(uuid4()) as made:
        yield made


def seen(client: httpx.Client, handler_id: str, *origins: str) -> tuple[str, str]:
    """The ids of an event with a stored sample of a face, and of that sample."""
    sample_id = KINDS["face"].make(client)
    detections = [
        {
            "samples": {"face": {"sample_id": sample_id, "detection": {"rect": RECT}}},
            "image_origin": origin,
        }
        for origin in origins or (None,)
    ]
    return saved(client, handler_id, detections=detections), sample_id


def left(client: httpx.Client) -> set[str]:
    """The ids of the account's events."""
    events = client.get("/6/events", params={"page_size": 100}).json()["events"]
    return {event["event_id"] for event in events}


def test_events_that_pass_go_and_others_stay(client: httpx.Client, stranger: httpx.Client) -> None:
    mine, other = make(client, is_dynamic=True), make(client, is_dynamic=True)
    going = {saved(client, mine) for _ in range(3)}
    staying, foreign = saved(client, other), saved(stranger, make(stranger, is_dynamic=True))

    removed = result(
        client, done(client, "gc", {"target": "events", "filters": {"handler_id": mine}})
    )

    assert {one["event_id"] for one in removed} == going
    assert all(one["samples"] == [] for one in removed)
    assert left(client) == {staying}
    assert left(stranger) == {foreign}
    deleted = client.get("/6/events/deleted", params={"page_size": 100}).json()["events"]
    assert {one["event_id"] for one in deleted} == going


def test_times_bound_what_goes(client: httpx.Client) -> None:
    handler_id = make(client, is_dynamic=True)
    old = saved(client, handler_id, create_time="2020-01-01T00:00:00Z")
    new = saved(client, handler_id)

    def collect(**filters: Any) -> set[str]:
        content = {"target": "events", "filters": filters}
        return {one["event_id"] for one in result(client, done(client, "gc", content))}

    assert collect(insert_time__lt="now-1h") == set()
    assert collect(create_time__lt="2019-01-01T00:00:00Z") == set()
    assert collect(create_time__lt="now-1y") == {old}
    assert left(client) == {new}


def test_samples_and_images_stay_unless_they_are_asked_for(client: httpx.Client) -> None:
    handler_id = make(client, is_dynamic=True)
    image = f"/6/images/{KINDS['image'].make(client)}"
    _, first = seen(client, handler_id, image)
    assert len(result(client, done(client, "gc", {"target": "events"}))) == 1
    assert client.get(f"/6/samples/faces/{first}").status_code == 200
    assert client.get(image).status_code == 200

    event_id, second = seen(client, handler_id, image)
    content = {"target": "events", "remove_samples": True, "remove_image_origins": True}
    removed = result(client, done(client, "gc", content))

    assert removed == [{"event_id": event_id, "samples": [second]}]
    assert client.get(f"/6/samples/faces/{second}").status_code == 404
    assert client.get(image).status_code == 404
    assert client.get(f"/6/samples/faces/{first}").status_code == 200


def test_images_elsewhere_are_deleted_there(caller: httpx.Client) -> None:
    with receiver(statuses=[204, 500]) as there:
        handler_id = make(caller, is_dynamic=True)
        base = there.url.rstrip("/")
        fine, _ = seen(caller, handler_id, f"{base}/fine.jpg")
        broken, _ = seen(caller, handler_id, f"{base}/broken.jpg")
        task_id = give(caller, "gc", {"target": "events", "remove_image_origins": True})
        ended(caller, task_id)

        taken = there.wait(2)

    assert len({one.path for one in taken}) == 2
    said = caller.get(f"/6/tasks/{task_id}/result").json()
    assert {one["event_id"] for one in said["result"]} == {fine, broken}
    (error,) = said["errors"]
    assert (error["error_code"], error["additional_info"] in (fine, broken)) == (90010, True)
    assert left(caller) == set()


def test_a_place_that_may_not_be_reached_is_an_error_of_the_task(client: httpx.Client) -> None:
    event_id, _ = seen(client, make(client, is_dynamic=True), "http://127.0.0.1:8000/x.jpg")

    task_id = done(client, "gc", {"target": "events", "remove_image_origins": True})

    (error,) = client.get(f"/6/tasks/{task_id}/errors").json()["errors"]
    assert (error["error_code"], error["additional_info"]) == (90010, event_id)
    assert left(client) == set()


def test_faces_of_a_list_go(client: httpx.Client) -> None:
    list_id = new_list(client)
    going, staying = new_face(client, user_data="Ann"), new_face(client, user_data="Bob")
    attach(client, list_id, going)

    removed = result(
        client, done(client, "gc", {"target": "faces", "filters": {"list_id": list_id}})
    )

    assert removed == [{"face_id": going, "samples": []}]
    assert client.get(f"/6/faces/{going}").status_code == 404
    assert client.get(f"/6/faces/{staying}").status_code == 200


def test_many_events_go_in_several_parts(client: httpx.Client, monkeypatch: Any) -> None:
    monkeypatch.setattr("api.workers.tasks.garbage_collection._PART", 2)
    handler_id = make(client, is_dynamic=True)
    going = {saved(client, handler_id) for _ in range(5)}

    task_id = done(client, "gc", {"target": "events"})

    removed = [one["event_id"] for one in result(client, task_id)]
    assert (len(removed), set(removed)) == (5, going)
    task = client.get(f"/6/tasks/{task_id}").json()
    assert (task["count_task_parts_all"], task["count_task_parts_done"]) == (3, 3)
    assert left(client) == set()


class TestWithPhotos:
    """What handlers keep of photos, and what is left of it."""

    pytestmark = NEEDS

    def test_all_that_a_handler_kept_goes(self, seeing: httpx.Client, eyes: RunningApi) -> None:
        before = blobs_there(eyes)
        handler_id = handler(seeing, storage_policy={"image_origin_policy": {"store_image": 1}})
        events = [run(seeing, handler_id, name)["events"][0] for name in (DAD, MOM)]
        samples = {e["detections"][0]["samples"]["face"]["sample_id"] for e in events}

        content = {"target": "events", "remove_samples": True, "remove_image_origins": True}
        task_id = done(seeing, "gc", content)

        removed = result(seeing, task_id)
        assert {one["event_id"] for one in removed} == {event["event_id"] for event in events}
        assert {sample for one in removed for sample in one["samples"]} == samples
        seeing.delete(f"/6/tasks/{task_id}")
        until(lambda: blobs_there(eyes) == before)
        vectors = eyes.services.reader.fetch_value(
            "SELECT count(*) FROM descriptors WHERE owner_id = ANY(%s::uuid[])",
            [[event["event_id"] for event in events]],
        )
        assert vectors == 0
