"""Members of lists over HTTP: attached, detached, and going with their list."""

import asyncio
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from commands.faces import CreateFace
from projections.lists import retired_lists
from tests.api.people import (
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
from tests.support.running_api import RunningApi
from tests.support.waiting import until


def delete_with_faces(client: httpx.Client, list_id: str) -> None:
    """Delete a list with its faces, and wait until it is done."""
    inside = {"face_ids": ",".join(members(client, list_id))}
    answer = client.delete(f"/6/lists/{list_id}", params={"with_faces": 1})
    assert (answer.status_code, answer.content) == (202, b"")
    assert members(client, list_id) == set()
    until(lambda: not client.get("/6/faces/count", params=inside).json()["faces_count"])


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
    assert listed_lists(client) == [staying]


def test_several_lists_go_with_their_faces_and_are_unseen_at_once(client: httpx.Client) -> None:
    lists = [new_list(client), new_list(client)]
    faces = [new_face(client, lists=lists) for _ in range(3)]
    body, params = {"list_ids": lists}, {"with_faces": 1}

    answer = client.request("DELETE", "/6/lists", json=body, params=params)

    assert answer.status_code == 202
    assert listed_lists(client) == []
    assert refused(client.get(f"/6/lists/{lists[0]}")) == (404, 22003)
    assert refused(link(client, lists[0], "attach", *faces))[0] == 404
    assert refused(client.post("/6/faces", json={"lists": lists})) == (404, 22005)
    until(lambda: not client.get("/6/faces/count").json()["faces_count"])


@pytest.mark.parametrize("with_faces", ["2", "true", "yes", "-1"])
def test_a_bad_flag_is_refused(client: httpx.Client, with_faces: str) -> None:
    list_id, params = new_list(client), {"with_faces": with_faces}

    assert refused(client.delete(f"/6/lists/{list_id}", params=params)) == (400, 12012)
    body = {"list_ids": [list_id]}
    answer = client.request("DELETE", "/6/lists", json=body, params=params)
    assert refused(answer) == (400, 12012)
    assert listed_lists(client) == [list_id]


def test_nothing_is_seen_of_a_large_list_that_was_deleted(
    client: httpx.Client, running: RunningApi, account_id: UUID
) -> None:
    going, staying = new_list(client), new_list(client)
    wanted = CreateFace(account_id=account_id, list_ids=(UUID(going), UUID(staying)))

    async def fill() -> None:
        makes = (replace(wanted, face_id=uuid4()) for _ in range(1001))
        await asyncio.gather(*(running.services.writer.send(make) for make in makes))

    asyncio.run(fill())

    assert client.delete(f"/6/lists/{going}").status_code == 204

    assert listed_lists(client) == [staying]
    assert refused(client.get(f"/6/lists/{going}")) == (404, 22003)
    assert refused(client.delete(f"/6/lists/{going}")) == (404, 22003)
    assert members(client, going) == set()
    page = client.get("/6/faces", params={"page_size": 100}).json()["faces"]
    assert [face["lists"] for face in page] == [[staying]] * 100
    until(lambda: UUID(going) not in {x.list_id for x in retired_lists(running.services.reader)})
    count = client.get("/6/faces/count", params={"list_id": staying}).json()
    assert count == {"faces_count": 1001}
