"""Lists over HTTP."""

import time
from datetime import datetime
from typing import Any
from uuid import UUID

import httpx
import pytest

from tests.api.people import (
    ANY_ID,
    attach,
    link,
    listed_lists,
    members,
    new_face,
    new_list,
    refused,
    some_id,
    updated,
)


def test_a_list_is_shown_as_it_was_made(client: httpx.Client, account_id: UUID) -> None:
    made = client.post("/6/lists", json={"user_data": "staff"})

    list_id = made.json()["list_id"]
    assert (made.status_code, made.headers["location"]) == (201, f"/6/lists/{list_id}")
    url = f"/6/lists/{list_id}"
    whole = f"{str(client.base_url).rstrip('/')}{url}"
    assert made.json() == {"list_id": list_id, "url": url, "external_url": whole}
    shown = client.get(f"/6/lists/{list_id}").json()
    assert shown["create_time"] == shown.pop("last_update_time")
    assert abs(datetime.fromisoformat(shown.pop("create_time")).timestamp() - time.time()) < 60
    assert shown == {"list_id": list_id, "user_data": "staff", "account_id": str(account_id)}
    assert listed_lists(client) == [list_id]


@pytest.mark.parametrize("body", [{"user_data": "x" * 129}, {"user_data": None}, {"faces": []}, 5])
def test_a_bad_body_makes_no_list(client: httpx.Client, body: Any) -> None:
    assert refused(client.post("/6/lists", json=body)) == (400, 12022)
    assert listed_lists(client) == []
    assert client.post("/6/lists").status_code == 201


def test_every_filter_narrows_the_list_and_the_count(client: httpx.Client) -> None:
    staff = new_list(client, user_data="staff of A")
    guests = new_list(client, user_data="guests")
    empty = new_list(client)
    newest_first = [empty, guests, staff]
    middle = client.get(f"/6/lists/{guests}").json()["create_time"]
    attach(client, staff, new_face(client))
    changed = client.get(f"/6/lists/{staff}").json()["last_update_time"]
    low, high = sorted(newest_first)[:2]
    cases: list[tuple[dict[str, Any], list[str]]] = [
        ({}, newest_first),
        ({"list_ids": f"{staff},{some_id()},{empty}"}, [empty, staff]),
        ({"user_data": "st"}, [guests, staff]),
        ({"user_data__eq": "guests"}, [guests]),
        ({"user_data__eq": "guest"}, []),
        ({"user_data__eq": ""}, [empty]),
        ({"create_time__gte": middle}, [empty, guests]),
        ({"create_time__lt": middle}, [staff]),
        ({"last_update_time__gte": changed}, [staff]),
        ({"last_update_time__lt": changed}, [empty, guests]),
        ({"list_id__lt": low}, []),
        ({"list_id__lt": high}, [low]),
        ({"list_id__gte": high}, [found for found in newest_first if found != low]),
    ]
    for params, expected in cases:
        assert listed_lists(client, **params) == expected, params
        counted = client.get("/6/lists/count", params=params).json()
        assert counted == {"lists_count": len(expected)}, params
    assert [listed_lists(client, page=p, page_size=2) for p in (1, 2)] == [[empty, guests], [staff]]


@pytest.mark.parametrize(
    ("params", "names"),
    [
        ({"page": 0}, "page"),
        ({"list_ids": "5,6"}, "list_ids"),
        ({"last_update_time__lt": "now"}, "last_update_time__lt"),
    ],
)
def test_bad_parameters_are_refused_by_name(
    client: httpx.Client, params: dict[str, Any], names: str
) -> None:
    answer = client.get("/6/lists", params=params)

    assert refused(answer) == (400, 12012)
    assert answer.json()["detail"] == f"Bad query parameters '{names}'"


def test_accounts_do_not_see_or_change_each_others_lists(
    client: httpx.Client, stranger: httpx.Client, nobody: httpx.Client
) -> None:
    mine, theirs = new_list(client), new_list(stranger, user_data="theirs")
    face, their_face = new_face(client), new_face(stranger)
    before = stranger.get(f"/6/lists/{theirs}").json()

    assert listed_lists(client) == [mine]
    assert client.get("/6/lists/count").json() == {"lists_count": 1}
    assert set(listed_lists(nobody, list_ids=f"{mine},{theirs}")) == {mine, theirs}
    path = f"/6/lists/{theirs}"
    assert client.head(path).status_code == 404
    for answer in (
        client.get(path),
        client.patch(path, json={"user_data": "x"}),
        client.delete(path),
        client.delete(path, params={"with_faces": 1}),
        link(client, theirs, "attach", face),
        link(client, theirs, "detach", their_face),
    ):
        assert refused(answer) == (404, 22003)
    for with_faces in (0, 1):
        both = {"list_ids": [mine, theirs]}
        params = {"with_faces": with_faces}
        answer = client.request("DELETE", "/6/lists", json=both, params=params)
        assert refused(answer) == (404, 22005)
    assert refused(link(client, mine, "attach", face, their_face)) == (404, 22004)
    assert members(client, mine) == set()
    assert listed_lists(client) == [mine]
    assert stranger.get(path).json() == before


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/6/lists", {}),
        ("DELETE", "/6/lists", {"list_ids": [ANY_ID]}),
        ("PATCH", f"/6/lists/{ANY_ID}", {}),
        ("DELETE", f"/6/lists/{ANY_ID}", None),
        ("PATCH", f"/6/lists/{ANY_ID}/faces", {"action": "attach", "face_ids": [ANY_ID]}),
    ],
)
def test_changes_need_an_account(nobody: httpx.Client, method: str, path: str, body: Any) -> None:
    assert refused(nobody.request(method, path, json=body)) == (403, 11036)


def test_head_and_options_tell_what_is_there(client: httpx.Client) -> None:
    list_id = new_list(client)

    assert client.head(f"/6/lists/{list_id}").status_code == 200
    assert client.head(f"/6/lists/{some_id()}").status_code == 404
    allowed = {
        "/6/lists": "DELETE, GET, HEAD, OPTIONS, POST",
        "/6/lists/count": "GET, HEAD, OPTIONS",
        f"/6/lists/{list_id}": "DELETE, GET, HEAD, OPTIONS, PATCH",
        f"/6/lists/{list_id}/faces": "OPTIONS, PATCH",
    }
    for path, methods in allowed.items():
        assert client.options(path).headers["allow"] == methods


def test_user_data_is_replaced(client: httpx.Client) -> None:
    list_id = new_list(client, user_data="staff")
    before = updated(client, list_id)

    assert client.patch(f"/6/lists/{list_id}", json={}).status_code == 204
    assert updated(client, list_id) == before
    assert client.patch(f"/6/lists/{list_id}", json={"user_data": ""}).status_code == 204

    assert client.get(f"/6/lists/{list_id}").json()["user_data"] == ""
    assert updated(client, list_id) > before
    for body in ({"user_data": None}, {"user_data": "x" * 129}, {"name": "x"}):
        assert refused(client.patch(f"/6/lists/{list_id}", json=body)) == (400, 12022)
