"""A repeated Idempotency-Key: the first answer again, and nothing written a second time."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from tests.api.belongings import state_of
from tests.api.eyes import DAD, MOM, photo
from tests.api.files import KINDS, picture
from tests.api.people import new_face, new_list, raw_descriptor, refused, some_id
from tests.support.running_api import RunningApi
from tests.support.shared import needs_media, needs_models

AT_ONCE = 8
POLICIES = {
    "detect_policy": {"detect_face": 1, "multiface_policy": 1},
    "extract_policy": {"extract_face_descriptor": 1},
    "storage_policy": {"face_policy": {"store_face": 1}},
}


@dataclass(frozen=True)
class Request:
    """A request that writes, and one under the same key that asks for something else."""

    path: str
    body: Any
    other: Any
    kind: str = "application/json"
    method: str = "POST"

    def ask(self, client: httpx.Client, key: str, *, other: bool = False) -> httpx.Response:
        """The answer to it under the key."""
        body = self.other if other else self.body
        sent = {"content": body} if isinstance(body, bytes) else {"json": body}
        headers = {"Idempotency-Key": key, "Content-Type": self.kind}
        return client.request(self.method, self.path, headers=headers, **sent)


Make = Callable[[httpx.Client, RunningApi], Request]


def _handler(client: httpx.Client, **body: Any) -> str:
    made = client.post("/6/handlers", json=body)
    assert made.status_code == 201, made.text
    return f"/6/handlers/{made.json()['handler_id']}"


def _face(client: httpx.Client, running: RunningApi) -> Request:
    whole: dict[str, Any] = {"user_data": "Ann", "lists": [new_list(client)]}
    whole["attribute"] = {"face_descriptors": [raw_descriptor(running)]}
    return Request("/6/faces", whole, {"user_data": "Bob"})


def _link(client: httpx.Client, _: RunningApi) -> Request:
    first, second = new_face(client), new_face(client)
    return Request(
        f"/6/lists/{new_list(client)}/faces",
        {"action": "attach", "face_ids": [first]},
        {"action": "attach", "face_ids": [second]},
        method="PATCH",
    )


def _raw_event(client: httpx.Client, running: RunningApi) -> Request:
    path = f"{_handler(client, is_dynamic=True)}/events/raw"
    return Request(path, {"source": "door", "tags": ["a"]}, {"source": "gate"})


def _photo(client: httpx.Client, _: RunningApi) -> Request:
    path = f"{_handler(client, policies=POLICIES)}/events"
    return Request(path, photo(DAD), photo(MOM), kind="image/jpeg")


def _stored(name: str) -> Make:
    kind = KINDS[name]
    other = picture(250, 250, "image/bmp") if name == "face" else picture(60, 60)

    def make(client: httpx.Client, _: RunningApi) -> Request:
        return Request(kind.made_at, kind.data, other, kind=kind.content_type)

    return make


def _token(*_: Any) -> Request:
    return Request("/6/tokens", {"permissions": {"face": ["view"]}}, {"permissions": {}})


def _schedule(*_: Any) -> Request:
    task = {"task_type": 4, "content": {"target": "events"}}
    first, other = ({"task": task, "trigger": {"cron": f"0 0 {day} 1 *"}} for day in (1, 2))
    return Request("/6/tasks/schedules", first, other)


def _verifier(*_: Any) -> Request:
    return Request("/6/verifiers", {"description": "door"}, {"description": "gate"})


REQUESTS: dict[str, Make] = {
    "face": _face,
    "list": lambda *_: Request("/6/lists", {"user_data": "staff"}, {"user_data": "guests"}),
    "link": _link,
    "handler": lambda *_: Request("/6/handlers", {"is_dynamic": True}, {"policies": POLICIES}),
    "raw event": _raw_event,
    "schedule": _schedule,
    "token": _token,
    "verifier": _verifier,
    "image": _stored("image"),
    "object": _stored("object"),
    "sample": _stored("face"),
}
each_request = pytest.mark.parametrize("make", REQUESTS.values(), ids=REQUESTS)


def _first_and_others(
    request: Request, client: httpx.Client, key: str
) -> tuple[httpx.Response, list[httpx.Response]]:
    with ThreadPoolExecutor(AT_ONCE) as threads:
        first, *others = threads.map(lambda _: request.ask(client, key), range(AT_ONCE))
    return first, others


def _same(first: httpx.Response, other: httpx.Response) -> bool:
    return (first.status_code, first.content) == (other.status_code, other.content)


def _once_in_turn(request: Request, client: httpx.Client, running: RunningApi) -> None:
    key = some_id()
    first = request.ask(client, key)
    assert first.status_code in (201, 204), first.text
    done = state_of(running)

    again = [request.ask(client, key) for _ in range(3)]
    other = request.ask(client, key, other=True)

    assert all(_same(first, one) for one in again)
    assert again[0].headers.get("location") == first.headers.get("location")
    assert refused(other) == (409, 90040)
    assert key in other.json()["detail"]
    assert state_of(running) == done


def _once_at_once(make: Make, client: httpx.Client, running: RunningApi) -> None:
    alone, together = make(client, running), make(client, running)
    start = state_of(running)
    alone.ask(client, some_id())
    once = state_of(running)

    first, others = _first_and_others(together, client, some_id())

    assert first.status_code in (201, 204), first.text
    assert all(_same(first, one) for one in others)
    written = _written(start, once)
    assert written["position"] > 0
    assert _written(once, state_of(running)) == written


def _written(before: dict[str, Any], after: dict[str, Any]) -> dict[str, int]:
    """How much was written between two states."""
    sizes = [{**state, "blobs": len(state["blobs"])} for state in (before, after)]
    return {name: sizes[1][name] - sizes[0][name] for name in sizes[0]}


@each_request
def test_in_turn(client: httpx.Client, running: RunningApi, make: Make) -> None:
    _once_in_turn(make(client, running), client, running)


@each_request
def test_at_once(client: httpx.Client, running: RunningApi, make: Make) -> None:
    _once_at_once(make, client, running)


@needs_media
@needs_models
def test_photos_in_turn(seeing: httpx.Client, eyes: RunningApi) -> None:
    _once_in_turn(_photo(seeing, eyes), seeing, eyes)


@needs_media
@needs_models
def test_photos_at_once(seeing: httpx.Client, eyes: RunningApi) -> None:
    _once_at_once(_photo, seeing, eyes)


def test_accounts_have_keys_of_their_own(
    client: httpx.Client, stranger: httpx.Client, running: RunningApi
) -> None:
    key = some_id()
    for asking, name in ((client, "Ann"), (stranger, "Bob")):
        made = asking.post(
            "/6/faces", json={"user_data": name}, headers={"Idempotency-Key": key}
        ).json()["face_id"]
        assert asking.get(f"/6/faces/{made}").json()["user_data"] == name
        assert asking.get("/6/faces/count").json() == {"faces_count": 1}


def test_a_refused_request_does_not_use_up_its_key(client: httpx.Client) -> None:
    key, list_id = {"Idempotency-Key": some_id()}, some_id()
    bad = client.post("/6/faces", json={"lists": [list_id]}, headers=key)
    assert refused(bad) == (404, 22005)
    good = client.post("/6/faces", json={"user_data": "Ann"}, headers=key)
    assert good.status_code == 201


@pytest.mark.parametrize("key", ["", "x" * 256, "a\tb", "\u00a0"])
def test_keys_that_are_none(client: httpx.Client, running: RunningApi, key: str) -> None:
    before = state_of(running)
    answer = client.post("/6/lists", headers={b"Idempotency-Key": key.encode("latin-1")})
    assert refused(answer) == (400, 90002)
    assert "Idempotency-Key" in answer.json()["detail"]
    assert state_of(running) == before
