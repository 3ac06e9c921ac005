"""Tokens over HTTP: they act for their account, within their permissions, until withdrawn."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.api.people import ANY_ID

ALL_NAMES = {"account", "attribute", "body_sample", "emit_events", "event", "face", "face_sample"}
ALL_NAMES |= {"handler", "image", "lambdas", "list", "object", "resources", "task", "token"}
ALL_NAMES |= {"verifier", "verify", "video_agent", "video_analytic", "video_group", "video_stream"}


def make(client: httpx.Client, permissions: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """A new token."""
    made = client.post("/6/tokens", json={"permissions": permissions, **fields})
    assert made.status_code == 201, made.text
    return made.json()


def bearer(token: dict[str, Any]) -> dict[str, str]:
    """The header of a token."""
    return {"Authorization": f"Bearer {token['token']}"}


def test_a_token_does_what_it_is_permitted_to(client: httpx.Client, nobody: httpx.Client) -> None:
    token = make(client, {"face": ["creation", "view"]})
    face = nobody.post("/6/faces", json={}, headers=bearer(token))
    assert face.status_code == 201
    path = f"/6/faces/{face.json()['face_id']}"
    assert client.get(path).status_code == 200
    assert nobody.get(path, headers=bearer(token)).status_code == 200

    denied = nobody.delete(path, headers=bearer(token))
    assert (denied.status_code, denied.json()["error_code"]) == (403, 11059)
    assert "'deletion' permission for 'face'" in denied.json()["detail"]
    assert nobody.get("/6/lists", headers=bearer(token)).status_code == 403
    assert client.get(path).status_code == 200


def test_a_token_is_shown_whole(client: httpx.Client) -> None:
    token = make(client, {"face": ["view"]}, description="Door 3", visibility_area="account")
    shown = client.get(f"/6/tokens/{token['token_id']}").json()
    permissions = shown.pop("permissions")
    assert set(permissions) == ALL_NAMES
    assert permissions["face"] == ["view"]
    assert permissions["list"] == []
    assert permissions["verify"] == {"allowed": 0, "white_list": None, "black_list": None}
    for name in ("create_time", "last_update_time", "account_id"):
        assert shown.pop(name)
    assert shown == {
        "token_id": token["token_id"],
        "token": token["token"],
        "expiration_time": None,
        "visibility_area": "account",
        "description": "Door 3",
    }
    assert token["url"] == f"/6/tokens/{token['token_id']}"


def test_tokens_are_listed_newest_first(client: httpx.Client, stranger: httpx.Client) -> None:
    made = [make(client, {})["token_id"] for _ in range(3)]
    page = client.get("/6/tokens", params={"page_size": 2}).json()["tokens"]
    assert [token["token_id"] for token in page] == made[:0:-1]
    assert stranger.get("/6/tokens").json() == {"tokens": []}
    before = {"create_time__lt": "2020-01-01T00:00:00Z"}
    assert client.get("/6/tokens", params=before).json() == {"tokens": []}


def test_a_replaced_token_has_another_text(client: httpx.Client, nobody: httpx.Client) -> None:
    old = make(client, {"list": ["view"]})
    path = f"/6/tokens/{old['token_id']}"
    replaced = client.put(path, json={"permissions": {"face": ["view"]}})
    assert (replaced.status_code, replaced.json()["token_id"]) == (201, old["token_id"])
    assert nobody.get("/6/lists", headers=bearer(old)).json()["error_code"] == 11062
    assert nobody.get("/6/faces", headers=bearer(replaced.json())).status_code == 200
    assert nobody.get("/6/lists", headers=bearer(replaced.json())).status_code == 403


def test_a_withdrawn_token_is_worth_nothing(
    client: httpx.Client, stranger: httpx.Client, nobody: httpx.Client
) -> None:
    token = make(client, {"face": ["view"]})
    path = f"/6/tokens/{token['token_id']}"
    for foreign in (stranger.get(path), stranger.delete(path), stranger.put(path, json={})):
        assert (foreign.status_code, foreign.json()["error_code"]) == (404, 90084)
    assert client.delete(path).status_code == 204
    assert nobody.get("/6/faces", headers=bearer(token)).status_code == 403
    assert client.delete(path).status_code == 404


def test_a_token_hands_on_no_more_than_it_has(client: httpx.Client, nobody: httpx.Client) -> None:
    strong = make(client, {"face": ["view"], "list": ["view"]})
    token = make(client, {"token": ["creation", "view", "modification"], "face": ["view"]})
    as_token = bearer(token)

    for body in (
        {"permissions": {"list": ["view"]}},
        {"permissions": {"emit_events": {"allowed": 1}}},
    ):
        assert nobody.post("/6/tokens", json=body, headers=as_token).status_code == 403
    every = {"grant_all_permissions": 1}
    assert nobody.post("/6/tokens", json={}, params=every, headers=as_token).status_code == 403
    own = nobody.post("/6/tokens", json={"permissions": {"face": ["view"]}}, headers=as_token)
    assert own.status_code == 201

    shown = nobody.get(f"/6/tokens/{strong['token_id']}", headers=as_token).json()
    assert (shown["token"], shown["permissions"]["list"]) == (None, ["view"])


def test_a_token_may_have_all_permissions(client: httpx.Client, nobody: httpx.Client) -> None:
    made = client.post("/6/tokens", json={}, params={"grant_all_permissions": 1}).json()
    for path in ("/6/faces", "/6/lists", "/6/handlers", "/6/tokens", "/6/events", "/6/account"):
        assert nobody.get(path, headers=bearer(made)).status_code in (200, 404)


def test_a_token_runs_the_handlers_of_its_lists(client: httpx.Client, nobody: httpx.Client) -> None:
    ids = [client.post("/6/handlers", json={"policies": {}}).json()["handler_id"] for _ in range(2)]

    def status(use: dict[str, Any] | None, handler_id: str) -> int:
        token = make(client, {} if use is None else {"emit_events": use})
        path = f"/6/handlers/{handler_id}/events"
        headers = {**bearer(token), "Content-Type": "image/jpeg"}
        return nobody.post(path, content=b"not an image", headers=headers).status_code

    assert status(None, ids[0]) == 403
    assert status({"allowed": 1}, ids[0]) != 403
    assert status({"allowed": 1, "white_list": ids[:1]}, ids[0]) != 403
    assert status({"allowed": 1, "white_list": ids[:1]}, ids[1]) == 403
    assert status({"allowed": 1, "black_list": ids[:1]}, ids[0]) == 403
    assert status({"allowed": 1, "black_list": ids[:1]}, ids[1]) != 403


@pytest.mark.parametrize("reference", ["face", "face_external_id", "event", "attribute"])
def test_a_token_compares_what_it_may_match(
    client: httpx.Client, nobody: httpx.Client, reference: str
) -> None:
    def code(origin: str, *permitted: str) -> int:
        token = make(client, {name: ["matching"] for name in permitted})
        filters = {"origin": origin}
        if origin == "attributes":
            filters["attribute_ids"] = [str(uuid4())]
        body = {
            "references": [{"type": reference, "id": str(uuid4())}],
            "candidates": [{"filters": filters}],
        }
        answer = nobody.post("/6/matcher/faces", json=body, headers=bearer(token))
        return answer.json()["error_code"]

    kind = reference.partition("_")[0]
    for origin in ("faces", "events", "attributes"):
        assert code(origin) == code(origin, *{"face", "event", "attribute"} - {kind}) == 11059
        assert code(origin, kind, origin.removesuffix("s")) != 11059
    assert code("faces", "event", "attribute") == 11059


@pytest.mark.parametrize("path", ["/6/sdk", "/6/iso", "/6/liveness"])
@pytest.mark.parametrize(("named", "resource"), [
    ("image_id", "image"), ("sample_id", "face_sample"), ("sample_id", "body_sample"),
])  # fmt: skip
def test_a_token_names_the_stored_images_it_may_see(
    client: httpx.Client, nobody: httpx.Client, path: str, named: str, resource: str
) -> None:
    def status(permissions: dict[str, Any]) -> int:
        body = {"images": [{named: str(uuid4())}]}
        headers = bearer(make(client, permissions))
        return nobody.post(path, json=body, headers=headers).status_code

    assert status({"face": ["view"]}) == 403
    assert status({resource: ["view"]}) == 403
    assert status({resource: ["view"], "resources": ["view"]}) != 403


def test_descriptors_of_the_body_are_compared_by_whoever_may_match_resources(
    client: httpx.Client, nobody: httpx.Client
) -> None:
    def status(permissions: dict[str, Any]) -> int:
        headers = bearer(make(client, permissions))
        return nobody.post("/6/matcher/raw", json={}, headers=headers).status_code

    assert status({"resources": ["view"], "face": ["matching"]}) == 403
    assert status({"resources": ["matching"]}) == 400


SOME = ANY_ID
EXPORT = {"objects_type": "events", "save_images": 1}
TASKS: dict[str, tuple[str, dict[str, Any], dict[str, Any]]] = {
    "clustering": ("clustering", {"objects_type": "faces"}, {"face": ["matching"]}),
    "cross_match": (
        "cross_match",
        {"filters": {"reference_type": "events", "candidate_type": "attributes"}},
        {"event": ["matching"], "attribute": ["matching"]},
    ),
    "roc": ("roc", {"markup": [{"face_id": SOME, "label": 1}]}, {"face": ["matching"]}),
    "exporter": (
        "exporter",
        EXPORT,
        {"event": ["view"], "face_sample": ["view"], "body_sample": ["view"]},
    ),
    "linker": (
        "linker",
        {"objects_type": "faces", "list_id": SOME},
        {"face": ["view", "modification"], "list": ["modification"]},
    ),
    "gc": ("gc", {"target": "faces", "store_results": False}, {"face": ["deletion"]}),
    "estimator": (
        "estimator",
        {
            "handler": {"handler_id": SOME},
            "source": {"source_type": "zip", "reference": f"/6/objects/{SOME}"},
        },
        {"emit_events": {"allowed": 1, "white_list": [SOME]}, "object": ["view"]},
    ),
}


@pytest.mark.parametrize("name", TASKS)
def test_a_token_gives_tasks_of_what_it_may_do_itself(
    client: httpx.Client, nobody: httpx.Client, name: str
) -> None:
    kind, content, needed = TASKS[name]

    def status(permissions: dict[str, Any]) -> int:
        headers = bearer(make(client, {"task": ["creation"], **permissions}))
        body = {"content": content}
        return nobody.post(f"/6/tasks/{kind}", json=body, headers=headers).status_code

    for left_out in needed:
        assert status({n: v for n, v in needed.items() if n != left_out}) == 403, left_out
    assert status(needed) == 202


def test_a_token_schedules_what_it_may_do_itself(
    client: httpx.Client, nobody: httpx.Client
) -> None:
    task = {"task_type": 4, "content": {"target": "events"}}
    wanted = {"task": task, "trigger": {"cron": "0 0 1 1 *"}}

    def status(**permissions: Any) -> int:
        headers = bearer(make(client, {"task": ["creation"], **permissions}))
        return nobody.post("/6/tasks/schedules", json=wanted, headers=headers).status_code

    assert status() == status(event=["deletion"]) == 403
    assert status(event=["deletion", "view"]) == 201


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ({"permissions": {"face": ["fly"]}}, "permissions.face.0"),
        ({"permissions": {"teleport": ["view"]}}, "permissions"),
        ({"permissions": {"verify": {"allowed": 2}}}, "permissions.verify.allowed"),
        ({"permissions": None}, "permissions"),
        ({"expiration_time": "2020-01-01T00:00:00Z"}, "expiration_time"),
        ({"visibility_area": "moon"}, "visibility_area"),
        ({"token": "x"}, "token"),
    ],
)
def test_a_bad_field_is_named(client: httpx.Client, body: dict[str, Any], named: str) -> None:
    answer = client.post("/6/tokens", json=body)
    assert (answer.status_code, answer.json()["error_code"]) == (400, 12022)
    assert f"'{named}'" in answer.json()["detail"]
    assert client.get("/6/tokens").json() == {"tokens": []}


def test_a_token_is_made_for_an_account_and_for_a_while(
    client: httpx.Client, nobody: httpx.Client
) -> None:
    assert nobody.post("/6/tokens", json={}).json()["error_code"] == 11036
    later = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    token = make(client, {"face": ["view"]}, expiration_time=later)
    assert nobody.get("/6/faces", headers=bearer(token)).status_code == 200
    assert client.get(f"/6/tokens/{uuid4()}").status_code == 404
