"""Handlers with callbacks: who is told of which events, also after a restart."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from domain.shared.biometrics import encode_container
from tests.api.handling import DAD, MOM, dev_api, handler, run
from tests.api.test_given_descriptors import CONTAINER, descriptor
from tests.support.ports import free_ports
from tests.support.postgres import Databases
from tests.support.receiver import Receiver, receiver
from tests.support.running_api import RunningApi, headers_of, running_api
from tests.support.shared import needs_media, needs_models

PRIVATE = {"allowed_private_urls": ("127.0.0.1",)}


@pytest.fixture(scope="module")
def telling(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningApi]:
    """An API that may call addresses of this machine."""
    directory = tmp_path_factory.mktemp("telling")
    with databases.fresh() as dsn, running_api(dsn, directory, **PRIVATE) as api:
        yield api


@pytest.fixture
def teller(telling: RunningApi) -> Iterator[httpx.Client]:
    """Asks it as an account of its own."""
    with telling.client(uuid4()) as client:
        yield client


def called(*callbacks: dict[str, Any], **storage: Any) -> dict[str, Any]:
    """Policies that tell these addresses."""
    return {"storage_policy": {"callbacks": list(callbacks), **storage}}


def to(there: Receiver, **more: Any) -> dict[str, Any]:
    """A callback to the receiver."""
    return {"type": "http", "url": there.url, **more}


def event(client: httpx.Client, running: RunningApi, handler_id: str, **query: Any) -> Any:
    """The event that a handler makes of a descriptor."""
    (feature,) = running.services.models.descriptors()[:1]
    sent = encode_container(descriptor(feature, 1))
    answer = client.post(
        f"/6/handlers/{handler_id}/events",
        content=sent,
        headers={"Content-Type": CONTAINER},
        params=query,
    )
    assert answer.status_code == 201, answer.text
    return answer.json()["events"][0]


def test_an_event_is_sent_as_it_was_answered(teller: httpx.Client, telling: RunningApi) -> None:
    with receiver() as there:
        callback = to(
            there,
            authorization={"login": "ann", "password": "s3cret"},
            params={"headers": {"X-Door": "7"}, "timeout": 5},
        )
        handler_id = handler(teller, **called(callback))

        made = event(teller, telling, handler_id, source="door")

        (taken,) = there.wait(1)
    assert taken.body["event"] == made
    assert taken.body["handler_id"] == handler_id
    assert taken.body["event_create_time"] == taken.body["event_end_time"]
    assert taken.headers["authorization"] == "Basic YW5uOnMzY3JldA=="
    assert taken.headers["x-door"] == "7"
    assert taken.headers["content-type"] == "application/json"


def test_events_that_are_not_stored_are_sent_too(teller: httpx.Client, telling: RunningApi) -> None:
    with receiver() as there:
        wanted = called(to(there), event_policy={"store_event": 0})

        made = event(teller, telling, handler(teller, **wanted))

        (taken,) = there.wait(1)
    assert taken.body["event"]["event_id"] == made["event_id"]
    assert made["url"] is None


def test_filters_and_enable_choose_who_is_told(teller: httpx.Client, telling: RunningApi) -> None:
    with receiver() as told, receiver() as untold:
        only_matched = {"filters": {"match": [{"label": "all"}]}}
        policies = called(to(untold, **only_matched), to(untold, enable=0), to(told))
        policies["match_policy"] = [{"label": "all", "candidates": {"origin": "faces"}}]

        event(teller, telling, handler(teller, **policies))

        told.wait(1)
        assert untold.taken == []


def test_what_nobody_took_is_sent_after_a_restart(databases: Databases, tmp_path: Path) -> None:
    account = headers_of(uuid4())
    (port,) = free_ports(1)
    callback = {"type": "http", "url": f"http://127.0.0.1:{port}/hook"}
    with databases.fresh() as dsn:
        with (
            running_api(dsn, tmp_path, **PRIVATE) as api,
            httpx.Client(base_url=api.url, headers=account, timeout=60) as client,
        ):
            made = event(client, api, handler(client, **called(callback)))
        with receiver(port) as there, running_api(dsn, tmp_path, **PRIVATE):
            (taken,) = there.wait(1)
    assert taken.body["event"] == made


def test_a_repeated_request_tells_once(teller: httpx.Client, telling: RunningApi) -> None:
    with receiver() as there:
        handler_id = handler(teller, **called(to(there)))
        teller.headers["Idempotency-Key"] = "once"
        first = event(teller, telling, handler_id)
        again = event(teller, telling, handler_id)
        del teller.headers["Idempotency-Key"]
        last = event(teller, telling, handler_id)

        taken = there.wait(2)

    assert first == again
    ids = {one.body["event"]["event_id"] for one in taken}
    assert ids == {first["event_id"], last["event_id"]}


@pytest.mark.parametrize(
    ("callback", "path"),
    [
        ({"type": "ftp"}, ""),
        ({"type": "http"}, "http.url"),
        ({"type": "http", "url": "file:///etc/passwd"}, "http.url"),
        ({"type": "http", "url": "http://a/", "enable": 2}, "http.enable"),
        ({"type": "http", "url": "http://a/", "params": {"timeout": 61}}, "http.params.timeout"),
        (
            {"type": "http", "url": "http://a/", "params": {"headers": {"Host": "b"}}},
            "http.params.headers",
        ),
        (
            {"type": "http", "url": "http://a/", "params": {"headers": {"X": "a\r\nY: b"}}},
            "http.params.headers.X",
        ),
        ({"type": "http", "url": "http://a/", "authorization": {"login": "a"}}, "authorization"),
        ({"type": "luna-ws-notification", "url": "http://a/"}, "url"),
    ],
)
def test_a_bad_callback_is_refused_by_its_field(
    client: httpx.Client, callback: dict[str, Any], path: str
) -> None:
    body = {"policies": called(callback)}

    for url in ("/6/handlers", "/6/handlers/validator"):
        answer = client.post(url, json=body)
        assert answer.json()["error_code"] == 12022, answer.text
        assert "policies.storage_policy.callbacks.0" in answer.json()["detail"]
        assert path.removeprefix("http.") in answer.json()["detail"]


def test_no_more_than_ten_callbacks_are_taken(client: httpx.Client) -> None:
    ten = [{"type": "luna-ws-notification"}] * 10

    assert client.post("/6/handlers", json={"policies": called(*ten)}).status_code == 201
    eleven = client.post("/6/handlers", json={"policies": called(*ten, *ten[:1])})
    assert eleven.json()["error_code"] == 12022


def test_a_filter_on_a_label_that_is_not_there_is_refused(client: httpx.Client) -> None:
    callback = {"type": "luna-ws-notification", "filters": {"match": [{"label": "nobody"}]}}

    answer = client.post("/6/handlers", json={"policies": called(callback)})

    assert "no match policy has the label 'nobody'" in answer.json()["detail"]


@needs_media
@needs_models
def test_filters_judge_the_people_in_photos(databases: Databases, tmp_path: Path) -> None:
    with (
        dev_api(databases, tmp_path, **PRIVATE) as api,
        receiver() as there,
        httpx.Client(base_url=api.url, headers=headers_of(uuid4()), timeout=60) as client,
    ):
        policies = called(to(there, filters={"gender": 0}))
        policies["extract_policy"] = {"extract_basic_attributes": 1}
        handler_id = handler(client, **policies)

        run(client, handler_id, DAD)
        (mom,) = run(client, handler_id, MOM)["events"]

        (taken,) = there.wait(1)
    assert taken.body["event"] == mom
