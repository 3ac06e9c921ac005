"""Faces over HTTP."""

import time
from datetime import datetime
from typing import Any
from uuid import UUID

import httpx
import msgpack
import pytest

from tests.api.people import ANY_ID, attach, listed_faces, new_face, new_list, refused, some_id

FIELDS = {
    "face_id", "account_id", "event_id", "user_data",
    "create_time", "external_id", "avatar", "lists",
}  # fmt: skip


def test_a_face_is_shown_as_it_was_made(client: httpx.Client, account_id: UUID) -> None:
    staff, event = new_list(client), some_id()
    body = {
        "user_data": "Ann",
        "external_id": "A-1",
        "avatar": "/6/samples/faces/x%20y",
        "event_id": event,
        "lists": [staff, staff],
    }

    made = client.post("/6/faces", json=body)

    face_id = made.json()["face_id"]
    assert made.json() == {"face_id": face_id, "url": f"/6/faces/{face_id}"}
    assert made.headers["location"] == f"/6/faces/{face_id}"
    shown = client.get(made.json()["url"]).json()
    created = datetime.fromisoformat(shown.pop("create_time"))
    assert abs(created.timestamp() - time.time()) < 60
    assert shown == {**body, "face_id": face_id, "account_id": str(account_id), "lists": [staff]}
    assert client.get("/6/faces").json()["faces"] == [client.get(made.json()["url"]).json()]


@pytest.mark.parametrize("content", [None, {}])
def test_a_body_is_not_needed(client: httpx.Client, content: dict[str, Any] | None) -> None:
    made = client.post("/6/faces") if content is None else client.post("/6/faces", json=content)

    shown = client.get(made.json()["url"]).json()

    assert shown.keys() == FIELDS
    assert (shown["user_data"], shown["external_id"], shown["avatar"]) == ("", "", "")
    assert (shown["lists"], shown["event_id"]) == ([], None)


def test_both_forms_make_and_show_faces(client: httpx.Client) -> None:
    packed = msgpack.packb({"user_data": "Änn"})
    forms = {"Content-Type": "application/msgpack", "Accept": "application/msgpack"}

    made = msgpack.unpackb(client.post("/6/faces", content=packed, headers=forms).content)

    assert client.get(made["url"]).json()["user_data"] == "Änn"
    shown = client.get(made["url"], headers=forms)
    assert msgpack.unpackb(shown.content) == client.get(made["url"]).json()


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"user_data": "x" * 129}, "user_data"),
        ({"user_data": 5}, "user_data"),
        ({"user_data": "a\0b"}, "user_data"),
        ({"external_id": "x" * 37}, "external_id"),
        ({"avatar": "x" * 257}, "avatar"),
        ({"avatar": "no address"}, "avatar"),
        ({"event_id": "5"}, "event_id"),
        ({"event_id": None}, "event_id"),
        ({"lists": []}, "lists"),
        ({"lists": None}, "lists"),
        ({"lists": ["5"]}, "lists.0"),
        ({"lists": [some_id()] * 1001}, "lists"),
        ({"attribute": {}}, "attribute.face_descriptors"),
        ({"extra": 1}, ""),
        ([], ""),
    ],
)
def test_a_bad_body_is_refused_by_its_field(client: httpx.Client, body: Any, path: str) -> None:
    answer = client.post("/6/faces", json=body)

    assert refused(answer) == (400, 12022)
    assert f"Path: '{path}'" in answer.json()["detail"]
    assert listed_faces(client) == []


def test_a_list_that_is_not_there_refuses_the_face(
    client: httpx.Client, stranger: httpx.Client
) -> None:
    for other in (some_id(), new_list(stranger)):
        answer = client.post("/6/faces", json={"lists": [new_list(client), other]})
        assert refused(answer) == (404, 22005)
        assert other in answer.json()["detail"]
    assert listed_faces(client) == []


def test_accounts_do_not_see_each_others_faces(
    client: httpx.Client, stranger: httpx.Client, nobody: httpx.Client
) -> None:
    mine, theirs = new_face(client), new_face(stranger)

    assert listed_faces(client) == [mine]
    assert client.get("/6/faces/count").json() == {"faces_count": 1}
    assert refused(client.get(f"/6/faces/{theirs}")) == (404, 22002)
    assert client.head(f"/6/faces/{theirs}").status_code == 404
    assert listed_faces(client, face_ids=theirs) == []
    assert set(listed_faces(nobody, face_ids=f"{mine},{theirs}")) == {mine, theirs}
    assert nobody.get(f"/6/faces/{mine}").json()["face_id"] == mine
    assert nobody.get("/6/faces/count").json()["faces_count"] >= 2


def test_nobody_changes_anothers_faces(client: httpx.Client, stranger: httpx.Client) -> None:
    theirs = new_face(stranger, user_data="theirs")
    before = stranger.get(f"/6/faces/{theirs}").json()

    assert refused(client.patch(f"/6/faces/{theirs}", json={"user_data": "x"})) == (404, 22002)
    assert refused(client.delete(f"/6/faces/{theirs}")) == (404, 22002)
    body = {"face_ids": [new_face(client), theirs]}
    assert refused(client.request("DELETE", "/6/faces", json=body)) == (404, 22004)

    assert stranger.get(f"/6/faces/{theirs}").json() == before
    assert len(listed_faces(client)) == 1


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/6/faces", {}),
        ("PATCH", f"/6/faces/{ANY_ID}", {}),
        ("DELETE", f"/6/faces/{ANY_ID}", None),
        ("DELETE", "/6/faces", {"face_ids": [ANY_ID]}),
        ("PUT", f"/6/faces/{ANY_ID}/attributes", {"attribute_id": ANY_ID}),
    ],
)
def test_changes_need_an_account(nobody: httpx.Client, method: str, path: str, body: Any) -> None:
    assert refused(nobody.request(method, path, json=body)) == (403, 11036)


def test_head_and_options_tell_what_is_there(client: httpx.Client) -> None:
    face_id = new_face(client)

    assert client.head(f"/6/faces/{face_id}").status_code == 200
    assert client.head(f"/6/faces/{some_id()}").status_code == 404
    assert client.head("/6/faces/not-an-id").status_code == 404
    allowed = {
        "/6/faces": "DELETE, GET, HEAD, OPTIONS, POST",
        "/6/faces/count": "GET, HEAD, OPTIONS",
        "/6/faces/attributes/count": "GET, HEAD, OPTIONS",
        f"/6/faces/{face_id}": "DELETE, GET, HEAD, OPTIONS, PATCH",
        f"/6/faces/{face_id}/attributes": "DELETE, GET, HEAD, OPTIONS, PUT",
        f"/6/faces/{face_id}/attributes/samples": "GET, HEAD, OPTIONS",
    }
    for path, methods in allowed.items():
        answer = client.options(path)
        assert (answer.status_code, answer.headers["allow"]) == (200, methods)


def test_what_is_named_is_patched(client: httpx.Client) -> None:
    event = some_id()
    face_id = new_face(client, user_data="Ann", external_id="A", avatar="/a", event_id=event)
    before = client.get(f"/6/faces/{face_id}").json()

    assert client.patch(f"/6/faces/{face_id}", json={}).status_code == 204
    assert client.get(f"/6/faces/{face_id}").json() == before
    changes = {"user_data": "Anna", "event_id": None}
    answer = client.patch(f"/6/faces/{face_id}", json=changes)

    assert (answer.status_code, answer.content) == (204, b"")
    assert client.get(f"/6/faces/{face_id}").json() == {**before, **changes}


@pytest.mark.parametrize(
    "body", [{"user_data": None}, {"lists": []}, {"external_id": 1}, {"avatar": "a b"}]
)
def test_a_bad_patch_changes_nothing(client: httpx.Client, body: dict[str, Any]) -> None:
    face_id = new_face(client, user_data="Ann")
    before = client.get(f"/6/faces/{face_id}").json()

    assert refused(client.patch(f"/6/faces/{face_id}", json=body)) == (400, 12022)
    assert refused(client.patch(f"/6/faces/{face_id}")) == (400, 12022)
    assert refused(client.patch(f"/6/faces/{some_id()}", json={})) == (404, 22002)
    assert client.get(f"/6/faces/{face_id}").json() == before


def test_deleted_faces_are_gone_from_everywhere(client: httpx.Client) -> None:
    staff = new_list(client)
    one, two, three = (new_face(client, lists=[staff]) for _ in range(3))

    assert client.delete(f"/6/faces/{one}").status_code == 204
    assert refused(client.delete(f"/6/faces/{one}")) == (404, 22002)
    body = {"face_ids": [two, one]}
    assert refused(client.request("DELETE", "/6/faces", json=body)) == (404, 22004)
    assert set(listed_faces(client, list_id=staff)) == {two, three}
    gone = client.request("DELETE", "/6/faces", json=body, params={"ignore": 1})

    assert gone.status_code == 204
    assert listed_faces(client) == listed_faces(client, list_id=staff) == [three]
    assert refused(client.get(f"/6/faces/{two}")) == (404, 22002)


@pytest.mark.parametrize(
    "body", [{}, {"face_ids": []}, {"face_ids": [some_id()] * 1001}, {"ids": [some_id()]}]
)
def test_a_bad_deletion_is_refused(client: httpx.Client, body: dict[str, Any]) -> None:
    assert refused(client.request("DELETE", "/6/faces", json=body)) == (400, 12022)
    ok = {"face_ids": [some_id()]}
    for ignore in ("2", "true", "-1"):
        answer = client.request("DELETE", "/6/faces", json=ok, params={"ignore": ignore})
        assert refused(answer) == (400, 12012)


def test_a_repeated_creation_makes_one_face(client: httpx.Client) -> None:
    key = {"Idempotency-Key": some_id()}

    first, second = (
        client.post("/6/faces", json={"user_data": "Ann"}, headers=key) for _ in range(2)
    )

    assert first.json() == second.json()
    assert listed_faces(client) == [first.json()["face_id"]]
    other = client.post("/6/faces", json={"user_data": "Bob"}, headers=key)
    assert refused(other) == (409, 90040)


def test_lists_of_a_face_follow_its_memberships(client: httpx.Client) -> None:
    face_id, staff, guests = new_face(client), new_list(client), new_list(client)
    attach(client, staff, face_id)
    attach(client, guests, face_id)

    assert client.get(f"/6/faces/{face_id}").json()["lists"] == [staff, guests]
    client.delete(f"/6/lists/{staff}")
    assert client.get(f"/6/faces/{face_id}").json()["lists"] == [guests]
