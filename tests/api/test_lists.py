"""Lists over HTTP."""

import time
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.api.people import attach, new_face, new_list, refused, some_id


def listed(client: httpx.Client, **params: Any) -> list[str]:
    """The ids on a page of lists."""
    answer = client.get("/6/lists", params=params)
    assert answer.status_code == 200, answer.text
    return [found["list_id"] for found in answer.json()["lists"]]


def members(client: httpx.Client, list_id: str) -> set[str]:
    """The faces in a list."""
    page = client.get("/6/faces", params={"list_id": list_id, "page_size": 100}).json()
    return {face["face_id"] for face in page["faces"]}


def updated(client: httpx.Client, list_id: str) -> datetime:
    """When the list or its members last changed."""
    return datetime.fromisoformat(client.get(f"/6/lists/{list_id}").json()["last_update_time"])


def link(client: httpx.Client, list_id: str, action: str, *face_ids: str) -> httpx.Response:
    """Attach or detach."""
    body = {"action": action, "face_ids": list(face_ids)}
    return client.patch(f"/6/lists/{list_id}/faces", json=body)


def delete_with_faces(client: httpx.Client, list_id: str) -> None:
    """Delete a list with its faces, and wait until it is done."""
    answer = client.delete(f"/6/lists/{list_id}", params={"with_faces": 1})
    assert (answer.status_code, answer.content) == (202, b"")
    last = time.monotonic() + 20
    while members(client, list_id):
        assert time.monotonic() < last, "the faces are still there"
        time.sleep(0.02)


def test_a_list_is_shown_as_it_was_made(client: httpx.Client, account_id: UUID) -> None:
    made = client.post("/6/lists", json={"user_data": "staff"})

    list_id = made.json()["list_id"]
    assert (made.status_code, made.headers["location"]) == (201, f"/6/lists/{list_id}")
    assert made.json() == {"list_id": list_id, "url": f"/6/lists/{list_id}"}
    shown = client.get(f"/6/lists/{list_id}").json()
    assert shown["create_time"] == shown.pop("last_update_time")
    assert abs(datetime.fromisoformat(shown.pop("create_time")).timestamp() - time.time()) < 60
    assert shown == {"list_id": list_id, "user_data": "staff", "account_id": str(account_id)}
    assert listed(client) == [list_id]


@pytest.mark.parametrize("body", [{"user_data": "x" * 129}, {"user_data": None}, {"faces": []}, 5])
def test_a_bad_body_makes_no_list(client: httpx.Client, body: Any) -> None:
    assert refused(client.post("/6/lists", json=body)) == (400, 12022)
    assert listed(client) == []
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
        assert listed(client, **params) == expected, params
        counted = client.get("/6/lists/count", params=params).json()
        assert counted == {"lists_count": len(expected)}, params
    assert [listed(client, page=p, page_size=2) for p in (1, 2)] == [[empty, guests], [staff]]


@pytest.mark.parametrize(
    ("params", "names"),
    [
        ({"page": 0}, "page"),
        ({"list_ids": "5,6"}, "list_ids"),
        ({"last_update_time__lt": "now"}, "last_update_time__lt"),
        ({"user": "x"}, "user"),
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

    assert listed(client) == [mine]
    assert client.get("/6/lists/count").json() == {"lists_count": 1}
    assert set(listed(nobody, list_ids=f"{mine},{theirs}")) == {mine, theirs}
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
    assert listed(client) == [mine]
    assert stranger.get(path).json() == before


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/6/lists", {}),
        ("DELETE", "/6/lists", {"list_ids": [some_id()]}),
        ("PATCH", f"/6/lists/{uuid4()}", {}),
        ("DELETE", f"/6/lists/{uuid4()}", None),
        ("PATCH", f"/6/lists/{uuid4()}/faces", {"action": "attach", "face_ids": [some_id()]}),
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


def test_attaching_and_detaching_move_the_time_of_the_list(client: httpx.Client) -> None:
    list_id, face_id = new_list(client), new_face(client)
    made = updated(client, list_id)

    attach(client, list_id, face_id)
    attached = updated(client, list_id)
    attach(client, list_id, face_id)
    assert updated(client, list_id) == attached > made
    assert link(client, list_id, "detach", face_id).status_code == 204
    assert updated(client, list_id) > attached
    assert members(client, list_id) == set()


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"action": "attach"},
        {"action": "attach", "face_ids": []},
        {"action": "add", "face_ids": [some_id()]},
        {"action": "attach", "face_ids": [some_id()] * 1001},
        {"action": "attach", "face_ids": ["5"]},
        {"action": "attach", "face_ids": [some_id()], "extra": 1},
    ],
)
def test_a_bad_link_is_refused(client: httpx.Client, body: dict[str, Any]) -> None:
    answer = client.patch(f"/6/lists/{new_list(client)}/faces", json=body)
    assert refused(answer) == (400, 12022)


def test_a_link_of_another_type_is_refused(client: httpx.Client) -> None:
    path, text = f"/6/lists/{new_list(client)}/faces", {"Content-Type": "text/plain"}
    assert refused(client.patch(path, content=b"{}", headers=text)) == (400, 12017)


def test_a_thousand_faces_are_attached_at_once_or_not_at_all(client: httpx.Client) -> None:
    list_id = new_list(client)
    ids = [new_face(client) for _ in range(3)]
    many = [*ids, *(some_id() for _ in range(997))]

    assert refused(link(client, list_id, "attach", *many)) == (404, 22004)
    assert members(client, list_id) == set()
    attach(client, list_id, *(ids * 333), ids[0])
    assert members(client, list_id) == set(ids)


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["attach", "detach"]),
        st.integers(0, 1),
        st.sets(st.integers(0, 3), min_size=1),
    ),
    max_size=6,
)


@settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(STEPS)
def test_memberships_are_sets(client: httpx.Client, steps: list[tuple[str, int, set[int]]]) -> None:
    faces = [new_face(client) for _ in range(4)]
    lists = [new_list(client) for _ in range(2)]
    expected: list[set[str]] = [set(), set()]

    for action, which, numbers in steps:
        ids = {faces[number] for number in numbers}
        assert link(client, lists[which], action, *ids).status_code == 204
        expected[which] = expected[which] | ids if action == "attach" else expected[which] - ids

    assert [members(client, list_id) for list_id in lists] == expected
    for face_id in faces:
        in_lists = set(client.get(f"/6/faces/{face_id}").json()["lists"])
        of_it = zip(lists, expected, strict=True)
        assert in_lists == {list_id for list_id, held in of_it if face_id in held}


def test_deleting_a_list_keeps_its_faces(client: httpx.Client) -> None:
    one, two = new_list(client), new_list(client)
    face_id = new_face(client, lists=[one, two])

    assert client.delete(f"/6/lists/{one}").status_code == 204

    assert client.get(f"/6/faces/{face_id}").json()["lists"] == [two]
    assert refused(client.get(f"/6/lists/{one}")) == (404, 22003)
    assert refused(client.delete(f"/6/lists/{one}")) == (404, 22003)
    body = {"list_ids": [two, two]}
    assert client.request("DELETE", "/6/lists", json=body).status_code == 204
    assert client.get(f"/6/faces/{face_id}").json()["lists"] == []
    assert refused(client.request("DELETE", "/6/lists", json=body)) == (404, 22005)


def test_a_list_goes_with_all_its_faces_and_no_others(client: httpx.Client) -> None:
    going, staying = new_list(client), new_list(client)
    inside = [new_face(client, lists=[going]) for _ in range(5)]
    both = new_face(client, lists=[staying, going])
    outside = new_face(client, lists=[staying])
    left = new_face(client, lists=[going])
    link(client, going, "detach", left)

    delete_with_faces(client, going)

    assert members(client, staying) == {outside}
    page = client.get("/6/faces", params={"page_size": 100}).json()["faces"]
    assert {face["face_id"] for face in page} == {outside, left}
    for face_id in (*inside, both):
        assert refused(client.get(f"/6/faces/{face_id}")) == (404, 22002)
    assert listed(client) == [staying]


def test_several_lists_go_with_their_faces_and_are_unseen_at_once(client: httpx.Client) -> None:
    lists = [new_list(client), new_list(client)]
    faces = [new_face(client, lists=lists) for _ in range(3)]
    body, params = {"list_ids": lists}, {"with_faces": 1}

    answer = client.request("DELETE", "/6/lists", json=body, params=params)

    assert answer.status_code == 202
    assert listed(client) == []
    assert refused(client.get(f"/6/lists/{lists[0]}")) == (404, 22003)
    assert refused(link(client, lists[0], "attach", *faces))[0] == 404
    assert refused(client.post("/6/faces", json={"lists": lists})) == (404, 22005)
    last = time.monotonic() + 20
    while client.get("/6/faces/count").json()["faces_count"]:
        assert time.monotonic() < last
        time.sleep(0.02)


@pytest.mark.parametrize("with_faces", ["2", "true", "yes", "-1"])
def test_a_bad_flag_is_refused(client: httpx.Client, with_faces: str) -> None:
    list_id, params = new_list(client), {"with_faces": with_faces}

    assert refused(client.delete(f"/6/lists/{list_id}", params=params)) == (400, 12012)
    body = {"list_ids": [list_id]}
    answer = client.request("DELETE", "/6/lists", json=body, params=params)
    assert refused(answer) == (400, 12012)
    assert listed(client) == [list_id]
