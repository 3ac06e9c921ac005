"""What is answered by hand is answered as FastAPI would: a query makes the difference."""

import json
from typing import Any
from uuid import UUID

import httpx
import msgpack
import pytest

from domain.shared.ids import new_id
from tests.api.people import new_face, new_list, raw_descriptor, some_id
from tests.support.running_api import RunningApi

WITH_QUERY = {"unknown": "1"}
"""A parameter that no route reads: it only makes FastAPI read the request."""

Told = tuple[int, Any]


def told(answer: httpx.Response) -> Told:
    """What an answer says, without the ids of what was made."""
    body = answer.json() if answer.content else None
    if answer.status_code == 201:
        assert answer.headers["location"] == body["url"] == f"/6/faces/{UUID(body['face_id'])}"
        return answer.status_code, sorted(body)
    return answer.status_code, body


BODIES: list[Any] = [
    {},
    {"user_data": "Ann", "external_id": "A", "avatar": "/a", "event_id": some_id()},
    {"attribute": {"basic_attributes": {"age": 3}}},
    None,
    [],
    "x",
    5,
    {"user_data": 5},
    {"user_data": "x" * 129},
    {"avatar": "no address"},
    {"lists": []},
    {"lists": [some_id(), "5"]},
    {"lists": ["7acc35cf-a3b2-4f87-8d8b-5496a2782d37"]},
    {"attribute": {}},
    {"attribute": {"attribute_id": "7acc35cf-a3b2-4f87-8d8b-5496a2782d37"}},
    {"attribute": {"basic_attributes": {"age": 300}, "more": 1}},
    {"attribute": {"face_descriptors": ["AAAA"]}},
    {"one": 1, "two": 2},
]


@pytest.mark.parametrize("body", BODIES)
def test_faces_are_made_or_refused_alike(client: httpx.Client, body: Any) -> None:
    by_hand, whole = (
        client.post("/6/faces", json=body, params=params) for params in ({}, WITH_QUERY)
    )
    assert told(by_hand) == told(whole)


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"", None),
        (b"", "text/plain"),
        (b"{", "application/json"),
        (b"{}", "text/plain"),
        (b"{}", None),
        (b"\xc1", "application/msgpack"),
        (msgpack.packb({"user_data": "Ann"}), "application/msgpack"),
        (json.dumps({"user_data": "a\0"}).encode(), "application/json; charset=utf-8"),
        (b"{}", "application/json; charset=utf-16"),
    ],
)
@pytest.mark.parametrize("account", [True, False])
def test_bodies_of_any_form_are_read_alike(
    client: httpx.Client, nobody: httpx.Client, content: bytes, kind: str | None, account: bool
) -> None:
    asking = client if account else nobody
    headers = {} if kind is None else {"Content-Type": kind}
    by_hand, whole = (
        asking.post("/6/faces", content=content, headers=headers, params=params)
        for params in ({}, WITH_QUERY)
    )
    assert told(by_hand) == told(whole)


@pytest.mark.parametrize("account", ["5", "", "8B8B5937-2E9C-4E8B-A7A7-5CAF86621B5A"])
def test_accounts_are_read_alike(nobody: httpx.Client, account: str) -> None:
    headers = {"Luna-Account-Id": account}
    face = f"/6/faces/{some_id()}"
    for method, path in (("POST", "/6/faces"), ("GET", face)):
        by_hand, whole = (
            nobody.request(method, path, headers=headers, params=params)
            for params in ({}, WITH_QUERY)
        )
        assert told(by_hand) == told(whole)


def test_faces_are_shown_alike(
    client: httpx.Client, stranger: httpx.Client, nobody: httpx.Client, running: RunningApi
) -> None:
    face_id = new_face(
        client,
        user_data="Ann",
        lists=[new_list(client)],
        attribute={"face_descriptors": [raw_descriptor(running)]},
    )
    for asking in (client, stranger, nobody):
        for wanted in (face_id, face_id.upper(), face_id.replace("-", ""), some_id(), "x"):
            for accept in ("application/json", "application/msgpack"):
                by_hand, whole = (
                    asking.get(f"/6/faces/{wanted}", params=params, headers={"Accept": accept})
                    for params in ({}, WITH_QUERY)
                )
                assert by_hand.status_code == whole.status_code
                assert by_hand.content == whole.content
                assert by_hand.headers["content-type"] == whole.headers["content-type"]


def test_ids_are_random_and_of_version_4() -> None:
    ids = {new_id() for _ in range(2000)}
    assert len(ids) == 2000
    assert {(found.version, found.variant) for found in ids} == {(4, "specified in RFC 4122")}
