"""Faces over HTTP."""

import asyncio
import time
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import msgpack
import pytest

from tests.api.people import attach, new_face, new_list, refused, some_id
from tests.support.running_api import RunningApi

FIELDS = {
    "face_id", "account_id", "event_id", "user_data",
    "create_time", "external_id", "avatar", "lists",
}  # fmt: skip


def listed(client: httpx.Client, **params: Any) -> list[str]:
    """The ids on a page of faces."""
    answer = client.get("/6/faces", params=params)
    assert answer.status_code == 200, answer.text
    return [face["face_id"] for face in answer.json()["faces"]]


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
    assert listed(client) == []


def test_a_list_that_is_not_there_refuses_the_face(
    client: httpx.Client, stranger: httpx.Client
) -> None:
    for other in (some_id(), new_list(stranger)):
        answer = client.post("/6/faces", json={"lists": [new_list(client), other]})
        assert refused(answer) == (404, 22005)
        assert other in answer.json()["detail"]
    assert listed(client) == []


@pytest.mark.parametrize("targets", ["user_data", "face_id,lists", "create_time, avatar"])
def test_only_the_targets_are_shown(client: httpx.Client, targets: str) -> None:
    face_id = new_face(client, user_data="Ann")
    wanted = {name.strip() for name in targets.split(",")}

    one = client.get(f"/6/faces/{face_id}", params={"targets": targets}).json()
    page = client.get("/6/faces", params={"targets": targets}).json()["faces"]

    assert one.keys() == wanted
    assert page == [one]


@pytest.mark.parametrize(
    ("params", "names"),
    [
        ({"page": 0}, "page"),
        ({"page_size": 101}, "page_size"),
        ({"page_size": "x"}, "page_size"),
        ({"targets": "face_id,nose"}, "targets"),
        ({"face_ids": "5"}, "face_ids"),
        ({"create_time__gte": "yesterday"}, "create_time__gte"),
        ({"create_time__lt": "2018-08-11T09:11:41"}, "create_time__lt"),
        ({"create_time__lt": "1536751345"}, "create_time__lt"),
        ({"list_id": "5", "event_id": "6"}, "event_id, list_id"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_bad_parameters_are_refused_by_name(
    client: httpx.Client, params: dict[str, Any], names: str
) -> None:
    answer = client.get("/6/faces", params=params)

    assert refused(answer) == (400, 12012)
    assert answer.json()["detail"] == f"Bad query parameters '{names}'"


def test_every_filter_narrows_the_list_and_the_count(client: httpx.Client) -> None:
    staff, event = new_list(client), some_id()
    ann = new_face(client, user_data="Ann of staff", external_id="A", event_id=event)
    bob = new_face(client, user_data="Bob", external_id="B", lists=[staff])
    cyd = new_face(client, user_data="100% Cyd_", lists=[staff])
    newest_first = [cyd, bob, ann]
    middle = client.get(f"/6/faces/{bob}").json()["create_time"]
    low, high = sorted([ann, bob, cyd])[:2]
    cases: list[tuple[dict[str, Any], list[str]]] = [
        ({}, newest_first),
        ({"face_ids": f"{ann},{cyd},{some_id()}"}, [cyd, ann]),
        ({"external_ids": "A,B"}, [bob, ann]),
        ({"user_data": "n of s"}, [ann]),
        ({"user_data": "%"}, [cyd]),
        ({"user_data": "d_"}, [cyd]),
        ({"user_data": "ann"}, []),
        ({"event_id": event}, [ann]),
        ({"list_id": staff}, [cyd, bob]),
        ({"list_id": staff, "external_ids": "B"}, [bob]),
        ({"create_time__gte": middle}, [cyd, bob]),
        ({"create_time__lt": middle}, [ann]),
        ({"face_id__lt": low}, []),
        ({"face_id__lt": high}, [low]),
        ({"face_id__gte": high}, [face for face in newest_first if face != low]),
    ]
    for params, expected in cases:
        assert listed(client, **params) == expected, params
        counted = client.get("/6/faces/count", params=params).json()
        assert counted == {"faces_count": len(expected)}, params


def test_times_are_compared_in_any_zone(client: httpx.Client) -> None:
    face_id = new_face(client)
    created = datetime.fromisoformat(client.get(f"/6/faces/{face_id}").json()["create_time"])
    later = (created + timedelta(seconds=1)).isoformat().replace("+00:00", "")

    assert listed(client, create_time__lt=f"{later}Z") == [face_id]
    assert listed(client, create_time__lt=f"{later}+01:00") == []
    assert listed(client, create_time__lt=f"{later}-01:00") == [face_id]


def test_pages_do_not_overlap(client: httpx.Client) -> None:
    made = [new_face(client) for _ in range(5)][::-1]

    pages = [listed(client, page=page, page_size=2) for page in (1, 2, 3, 4)]

    assert pages == [made[:2], made[2:4], made[4:], []]
    assert listed(client, page=10_000_000, page_size=100) == []


def test_a_count_takes_no_page(client: httpx.Client) -> None:
    assert refused(client.get("/6/faces/count", params={"page": 1})) == (400, 12012)


def test_accounts_do_not_see_each_others_faces(
    client: httpx.Client, stranger: httpx.Client, nobody: httpx.Client
) -> None:
    mine, theirs = new_face(client), new_face(stranger)

    assert listed(client) == [mine]
    assert client.get("/6/faces/count").json() == {"faces_count": 1}
    assert refused(client.get(f"/6/faces/{theirs}")) == (404, 22002)
    assert client.head(f"/6/faces/{theirs}").status_code == 404
    assert listed(client, face_ids=theirs) == []
    assert set(listed(nobody, face_ids=f"{mine},{theirs}")) == {mine, theirs}
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
    assert len(listed(client)) == 1


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/6/faces", {}),
        ("PATCH", f"/6/faces/{uuid4()}", {}),
        ("DELETE", f"/6/faces/{uuid4()}", None),
        ("DELETE", "/6/faces", {"face_ids": [str(uuid4())]}),
        ("PUT", f"/6/faces/{uuid4()}/attributes", {"attribute_id": str(uuid4())}),
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
    assert set(listed(client, list_id=staff)) == {two, three}
    gone = client.request("DELETE", "/6/faces", json=body, params={"ignore": 1})

    assert gone.status_code == 204
    assert listed(client) == listed(client, list_id=staff) == [three]
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
    assert listed(client) == [first.json()["face_id"]]
    other = client.post("/6/faces", json={"user_data": "Bob"}, headers=key)
    assert refused(other) == (409, 90040)


def test_lists_of_a_face_follow_its_memberships(client: httpx.Client) -> None:
    face_id, staff, guests = new_face(client), new_list(client), new_list(client)
    attach(client, staff, face_id)
    attach(client, guests, face_id)

    assert client.get(f"/6/faces/{face_id}").json()["lists"] == [staff, guests]
    client.delete(f"/6/lists/{staff}")
    assert client.get(f"/6/faces/{face_id}").json()["lists"] == [guests]


async def test_many_lookups_at_once_are_all_answered(running: RunningApi) -> None:
    account = {"Luna-Account-Id": str(uuid4())}
    limits = httpx.Limits(max_connections=32)
    async with httpx.AsyncClient(
        base_url=running.url, headers=account, limits=limits, timeout=30
    ) as client:

        async def make(number: int) -> str:
            answer = await client.post("/6/faces", json={"user_data": str(number)})
            return str(answer.json()["face_id"])

        ids = await asyncio.gather(*map(make, range(50)))

        async def look(face_id: str) -> tuple[int, str]:
            answer = await client.get(f"/6/faces/{face_id}")
            return answer.status_code, answer.json().get("user_data", "")

        wanted = [*ids, *ids[:10], *(some_id() for _ in range(10))]
        found = await asyncio.gather(*map(look, wanted))

    assert found[:60] == [(200, str(n)) for n in [*range(50), *range(10)]]
    assert found[60:] == [(404, "")] * 10
