"""Groups of streams over the API: the same as those of the streams service."""

from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from tests.api.people import refused, some_id
from tests.api.streaming import make

PATH = "/6/groups"


def new_group(client: httpx.Client, **body: Any) -> str:
    """The id of a new group."""
    answer = client.post(PATH, json={"group_name": uuid4().hex, **body})
    assert answer.status_code == 201, answer.text
    assert answer.headers["Location"] == f"{PATH}/{answer.json()['group_id']}"
    return str(answer.json()["group_id"])


def test_a_group_is_made_found_described_and_removed(
    client: httpx.Client, streams: httpx.Client, account_id: UUID
) -> None:
    group_id = new_group(client, group_name="gate", description="old")
    new_group(client)

    assert client.patch(f"{PATH}/{group_id}", json={"description": "new"}).status_code == 204

    shown = client.get(f"{PATH}/{group_id}").json()
    assert shown == streams.get(f"/1/groups/{group_id}").json()
    said = (shown["account_id"], shown["group_name"], shown["description"])
    assert said == (str(account_id), "gate", "new")
    assert client.get(PATH, params={"group_names": "gate"}).json() == {"groups": [shown]}
    assert client.get(f"{PATH}/count").json() == {"groups_count": 2}
    assert client.delete(f"{PATH}/{group_id}").status_code == 204
    assert refused(client.get(f"{PATH}/{group_id}")) == (404, 39008)


def test_a_name_is_taken_once(client: httpx.Client, stranger: httpx.Client) -> None:
    new_group(client, group_name="gate")

    assert refused(client.post(PATH, json={"group_name": "gate"})) == (409, 39006)
    new_group(stranger, group_name="gate")


@pytest.mark.parametrize(
    ("path", "query"), [("/{}/streams", {}), ("/{}", {"with_streams": "true"})]
)
def test_streams_are_linked_and_go_with_their_group(
    client: httpx.Client, streams: httpx.Client, account_id: UUID, path: str, query: Any
) -> None:
    group_id = new_group(client)
    linked, loose, other = (make(streams, account_id) for _ in range(3))

    def link(action: str, *stream_ids: str) -> httpx.Response:
        body = {"action": action, "group_id": group_id, "stream_ids": stream_ids}
        return client.patch("/6/linker", json=body)

    assert link("attach", linked, loose).status_code == 204
    assert link("detach", loose).status_code == 204
    assert refused(link("attach", other, some_id())) == (404, 39001)

    assert client.delete(PATH + path.format(group_id), params=query).status_code == 204

    there = streams.get("/1/streams", params={"account_id": str(account_id)}).json()["streams"]
    assert {one["stream_id"] for one in there} == {loose, other}
    left = client.get(f"{PATH}/{group_id}").status_code
    assert left == (404 if query else 200)


def test_groups_of_others_are_missing(client: httpx.Client, stranger: httpx.Client) -> None:
    group_id = new_group(client)
    link = {"action": "attach", "group_id": group_id, "stream_ids": []}

    for answer in (
        stranger.get(f"{PATH}/{group_id}"),
        stranger.patch(f"{PATH}/{group_id}", json={"description": ""}),
        stranger.delete(f"{PATH}/{group_id}"),
        stranger.delete(f"{PATH}/{group_id}/streams"),
        stranger.patch("/6/linker", json=link),
    ):
        assert refused(answer) == (404, 39008)
    assert stranger.get(PATH).json() == {"groups": []}
    assert client.get(f"{PATH}/count").json() == {"groups_count": 1}


@pytest.mark.parametrize("body", [{}, {"group_name": 5}, {"group_name": "a", "colour": "red"}])
def test_a_bad_group_is_refused(client: httpx.Client, body: dict[str, Any]) -> None:
    assert refused(client.post(PATH, json=body))[0] == 400


def test_nobody_makes_no_group(nobody: httpx.Client) -> None:
    assert refused(nobody.post(PATH, json={"group_name": "gate"})) == (403, 11036)
