"""What belongs to another account is not there: for every id in a path and in a body."""

import csv
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from tests.api.belongings import TEMPLATE, belongings, own_names, state_of
from tests.api.files import FACE
from tests.api.managing import HOUR, stream_body
from tests.api.people import raw_descriptor, refused, some_id
from tests.support.running_api import RunningApi
from tests.support.shared import ROOT

Json = dict[str, Any]
Ids = dict[str, str]

MISSING = {
    "attribute_id": 22011, "event_id": 90070, "face_id": 22002, "handler_id": 90060,
    "image_id": 13003, "list_id": 22003, "object_id": 13007, "sample_id": 13003,
    "token_id": 90084, "verifier_id": 90065, "task_id": 90100, "error_id": 90101,
    "schedule_id": 90104, "group_id": 39008, "general_event_id": 90070, "template_id": 90104,
    "analytic_id": 90090, "stream_id": 39001, "agent_id": 90098,
    "video_task_id": 90120,
}  # fmt: skip
"""The code that says that there is none, by the name of the id in the path."""

with (ROOT / "tests" / "architecture" / "luna_operations.csv").open() as _file:
    SERVED = [
        (row["method"], own_names(row["path"]))
        for row in csv.DictReader(_file)
        if row["service"] == "api" and row["status"] == "done" and row["method"] != "OPTIONS"
        if "_id}" in row["path"]
    ]

BODIES: dict[tuple[str, str], Callable[[RunningApi], Any]] = {
    ("PATCH", "/6/faces/{face_id}"): lambda _: {"user_data": "Eve"},
    ("PUT", "/6/faces/{face_id}/attributes"): lambda running: {
        "face_descriptors": [raw_descriptor(running)]
    },
    ("POST", "/6/agents/{agent_id}/streams/feedback"): lambda _: {"streams": []},
    ("PUT", "/6/streams/{stream_id}/analytics/{analytic_idx}/intervals/{intervals_idx}"): (
        lambda _: {"intervals": [HOUR]}
    ),
    ("PUT", "/6/streams/{stream_id}"): lambda _: stream_body(),
    ("PATCH", "/6/streams/{stream_id}"): lambda _: {"action": "pause"},
    ("PATCH", "/6/groups/{group_id}/streams"): lambda _: {"action": "pause"},
    ("PUT", "/6/analytics/{analytic_id}"): lambda _: {"analytic_name": "Eve"},
    ("PATCH", "/6/groups/{group_id}"): lambda _: {"description": "Eve"},
    ("PUT", "/6/handlers/{handler_id}"): lambda _: {"policies": {}},
    ("POST", "/6/handlers/{handler_id}/events/raw"): lambda _: {"source": "Eve"},
    ("POST", "/6/handlers/{handler_id}/events/stream"): lambda _: {
        "sources": [{"source_type": "raw_image", "source": {"body": ""}}]
    },
    ("PATCH", "/6/lists/{list_id}"): lambda _: {"user_data": "Eve"},
    ("PUT", "/6/tokens/{token_id}"): lambda _: {},
    ("PUT", "/6/verifiers/{verifier_id}"): lambda _: {},
    ("PUT", "/6/tasks/{task_id}/notification_policy"): lambda _: {"enable": 0},
    ("PUT", "/6/schedules/{template_id}"): lambda _: TEMPLATE,
    ("PATCH", "/6/tasks/schedules/{schedule_id}"): lambda _: {"action": "stop"},
    ("PUT", "/6/tasks/schedules/{schedule_id}"): lambda _: {
        "task": {"task_type": 4, "content": {"target": "events"}}, "trigger": {"cron": "0 0 1 1 *"},
    },
    ("POST", "/6/verifiers/{verifier_id}/raw"): lambda running: {
        name: [{"id": name, "type": "raw_descriptor", "data": raw_descriptor(running)}]
        for name in ("references", "candidates")
    },
    ("PATCH", "/6/lists/{list_id}/faces"): lambda _: {
        "action": "attach", "face_ids": [some_id()]
    },
}  # fmt: skip
"""Good bodies of the operations that need one."""


@pytest.fixture
def mine(client: httpx.Client, running: RunningApi) -> Ids:
    """Things of the account, by the names of their ids."""
    return belongings(client, running)


@pytest.fixture
def theirs(stranger: httpx.Client, running: RunningApi, elsewhere: Ids) -> Ids:
    """Things of other accounts."""
    return {**belongings(stranger, running), **elsewhere}


@pytest.fixture(autouse=True)
def _nothing_changes(mine: Ids, theirs: Ids, running: RunningApi) -> Iterator[None]:
    before = state_of(running)
    yield
    assert state_of(running) == before


@pytest.mark.parametrize(("method", "path"), SERVED)
def test_in_paths(
    client: httpx.Client, running: RunningApi, theirs: Ids, method: str, path: str
) -> None:
    url = path.format(**theirs, samples_type="faces")
    wanted = next(name for name in MISSING if f"{{{name}}}" in path)
    if path.endswith(("/events", "/verifications")):
        asked = client.post(url, content=FACE, headers={"Content-Type": "image/png"})
    else:
        body = BODIES.get((method, path))
        asked = client.request(method, url, json=body(running) if body else None)
    if method == "HEAD":
        assert asked.status_code == 404
        return
    assert refused(asked) == (404, MISSING[wanted])
    assert theirs[wanted] in asked.json()["detail"]


def _matching(kind: str) -> Callable[[Ids, Ids], Any]:
    return lambda _, it: {
        "references": [{"type": kind, "id": it[f"{kind}_id"]}],
        "candidates": [{"filters": {"origin": "faces"}}],
    }


IN_BODIES: dict[str, tuple[str, str, Callable[[Ids, Ids], Any], int]] = {
    "deleted face": (
        "DELETE", "/6/faces", lambda me, it: {"face_ids": [me["face_id"], it["face_id"]]}, 22004
    ),
    "deleted list": (
        "DELETE", "/6/lists", lambda me, it: {"list_ids": [me["list_id"], it["list_id"]]}, 22005
    ),
    "attached face": (
        "PATCH", "/6/lists/{list_id}/faces",
        lambda me, it: {"action": "attach", "face_ids": [me["face_id"], it["face_id"]]}, 22004,
    ),
    "detached face": (
        "PATCH", "/6/lists/{list_id}/faces",
        lambda me, it: {"action": "detach", "face_ids": [me["face_id"], it["face_id"]]}, 22004,
    ),
    "list of a face": (
        "POST", "/6/faces", lambda me, it: {"lists": [me["list_id"], it["list_id"]]}, 22005
    ),
    "attribute of a new face": (
        "POST", "/6/faces",
        lambda _, it: {"attribute": {"attribute_id": it["attribute_id"]}}, 22011,
    ),
    "attribute of a face": (
        "PUT", "/6/faces/{face_id}/attributes",
        lambda _, it: {"attribute_id": it["attribute_id"]}, 22011,
    ),
    "sample": ("POST", "/6/extractor", lambda _, it: [it["sample_id"]], 13003),
    "face as a reference": ("POST", "/6/matcher/faces", _matching("face"), 22002),
    "event as a reference": ("POST", "/6/matcher/faces", _matching("event"), 90070),
    "attribute as a reference": ("POST", "/6/matcher/faces", _matching("attribute"), 22011),
}  # fmt: skip


@pytest.mark.parametrize(("method", "path", "body", "code"), IN_BODIES.values(), ids=IN_BODIES)
def test_in_bodies(
    client: httpx.Client, mine: Ids, theirs: Ids, method: str, path: str,
    body: Callable[[Ids, Ids], Any], code: int,
) -> None:  # fmt: skip
    answer = client.request(method, path.format(**mine), json=body(mine, theirs))
    assert refused(answer) == (404, code)
    assert any(one in answer.json()["detail"] for one in theirs.values())


@pytest.mark.parametrize("wanted", ["image_id", "sample_id"])
def test_images_named_in_bodies(client: httpx.Client, theirs: Ids, wanted: str) -> None:
    body = {"images": [{wanted: theirs[wanted]}]}
    for path, images in (("/6/sdk?detect_face=1", "images_estimations"), ("/6/detector", "images")):
        (image,) = client.post(path, json=body).json()[images]
        assert (image["status"], image["error"]["error_code"]) == (0, 13003)
        assert theirs[wanted] in image["error"]["detail"]


def test_candidates_that_are_named(
    client: httpx.Client, running: RunningApi, mine: Ids, theirs: Ids
) -> None:
    probe = {"id": "probe", "type": "raw_descriptor", "data": raw_descriptor(running)}

    def found(ids: Ids, **filters: Any) -> int:
        body = {"references": [probe], "candidates": [{"filters": filters}]}
        (answer,) = client.post("/6/matcher/faces", json=body).json()
        return len(answer["matches"][0]["result"])

    for ids, count in ((mine, 1), (theirs, 0)):
        assert found(ids, origin="attributes", attribute_ids=[ids["attribute_id"]]) == count
    assert found(theirs, origin="faces", list_id=theirs["list_id"]) == 0


@pytest.mark.parametrize(("method", "path", "name"), [
    ("PATCH", "/6/lists/{list_id}/faces", "face_ids"), ("DELETE", "/6/faces", "face_ids"),
    ("DELETE", "/6/lists", "list_ids"), ("POST", "/6/faces", "lists"),
])  # fmt: skip
def test_more_than_a_thousand_at_once(
    client: httpx.Client, mine: Ids, method: str, path: str, name: str
) -> None:
    many: Json = {name: [mine.get(f"{name[:4]}_id", some_id())] * 1001}
    if method == "PATCH":
        many["action"] = "attach"
    answer = client.request(method, path.format(**mine), json=many)
    assert refused(answer) == (400, 12022)
    assert f"Path: '{name}'" in answer.json()["detail"]
    assert "1000" in answer.json()["detail"]
