"""Groups and logs of streams over HTTP, and who sees which."""

from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from tests.api.streaming import Ask, body_v1, body_v2, claimed, error, make, report
from tests.support.running_api import RunningApi


def test_logs_tell_each_status_and_are_cleared(streams: Ask, account_id: UUID) -> None:
    stream_id, other = make(streams, account_id), make(streams, account_id)
    claimed(streams, [stream_id])
    report(streams, stream_id, "failure", error="gone")
    streams.delete(f"/2/streams/{stream_id}")

    def logs(**wanted: Any) -> list[dict[str, Any]]:
        asked = {"stream_ids": stream_id, **wanted}
        return list(streams.get("/1/streams/logs", params=asked).json()["logs"])

    assert [one["status"] for one in logs()] == ["deleted", "failure", "in_progress", "pending"]
    assert logs(statuses="failure", targets="error,status") == [
        {"error": "gone", "status": "failure"}
    ]
    assert len(logs(account_id=str(account_id))) == 4
    assert logs(account_id=str(uuid4())) == []
    headers = {"Luna-Account-Id": str(account_id)}
    with httpx.Client(base_url=streams.base_url, headers=headers, timeout=60) as own:
        assert own.delete("/2/streams/logs").json() == {"deleted_count": 3}
        assert own.delete("/2/streams/logs").json() == {"deleted_count": 0}
    assert [one["status"] for one in logs()] == ["deleted"]
    assert len(logs(stream_ids=other)) == 1
    claimed(streams, [other])
    assert len(logs(stream_ids=other)) == 2


def test_groups_hold_streams(streams: Ask, account_id: UUID) -> None:
    name = f"gate-{uuid4().hex[:8]}"
    group = {"account_id": str(account_id), "group_name": name}
    made = streams.post("/1/groups", json=group)
    assert made.status_code == 201
    group_id = made.json()["group_id"]
    assert error(streams.post("/2/groups", json=group)) == (
        409, 39006, f"Group named '{name}' already exists")  # fmt: skip

    first = make(streams, account_id, group_name=name)
    second = make(streams, account_id)
    link = {"action": "attach", "stream_ids": [second], "group_id": group_id}
    assert streams.patch("/1/linker", json=link).status_code == 204
    page = streams.get("/2/streams", params={"group_name": name}).json()["streams"]
    assert [(s["stream_id"], s["groups"]) for s in page] == [(first, [name]), (second, [name])]
    by_group = {"limit": 5, "group_names": name}
    assert len(streams.get("/2/streams/processing/queue", params=by_group).json()["streams"]) == 2

    assert streams.patch(f"/1/groups/{group_id}", json={"description": "d"}).status_code == 204
    shown = streams.get("/1/groups", params={"group_names": name}).json()["groups"]
    assert [(one["group_id"], one["description"]) for one in shown] == [(group_id, "d")]
    mine = {"account_id": str(account_id)}
    assert streams.get("/1/groups/count", params=mine).json() == {"groups_count": 1}
    assert streams.delete(f"/2/groups/{group_id}").status_code == 204
    assert error(streams.get(f"/2/groups/{group_id}"))[:2] == (404, 39008)
    assert streams.get(f"/1/streams/{first}").json()["groups"] == []
    missing = error(streams.patch("/2/linker", json=link))
    assert missing[:2] == (404, 39008)
    unknown = streams.post("/2/streams", json=body_v2(account_id, group_name=name))
    assert error(unknown)[:2] == (404, 39008)


def test_accounts_do_not_see_each_other(
    running: RunningApi, streams: Ask, account_id: UUID
) -> None:
    stream_id = make(streams, account_id)
    group = {"account_id": str(account_id), "group_name": f"g{uuid4().hex[:8]}"}
    group_id = streams.post("/1/groups", json=group).json()["group_id"]
    headers = {"Luna-Account-Id": str(uuid4())}
    with httpx.Client(base_url=streams.base_url, headers=headers, timeout=60) as other:
        one, of_group = f"/1/streams/{stream_id}", f"/1/groups/{group_id}"
        for refused in (
            other.get(one),
            other.patch(one, json={"description": "x"}),
            other.delete(one),
            other.get(f"{one}/preview/handler/live"),
            other.put(one, json=body_v1(UUID(headers["Luna-Account-Id"]))),
        ):
            assert error(refused)[:2] == (404, 39001)
        for refused in (other.get(of_group), other.delete(of_group)):
            assert error(refused)[:2] == (404, 39008)
        assert error(other.post("/1/streams", json=body_v1(account_id)))[:2] == (400, 12022)
        assert other.get("/1/streams").json() == {"streams": []}
        assert claimed(other, [stream_id]) == []
        assert report(other, stream_id, "done")["modified"][0]["status"] == "not_found"
    wrong = {"account_id": str(uuid4())}
    assert error(streams.get(one, params=wrong))[:2] == (404, 39001)
    assert streams.get(one).json()["status"] == "pending"


def test_streams_are_deleted_by_id_or_name(streams: Ask, account_id: UUID) -> None:
    ids = [make(streams, account_id, name=f"{account_id} {n}") for n in range(3)]
    wanted = {"stream_ids": ids[:1], "names": [f"{account_id} 2"]}
    assert streams.request("DELETE", "/2/streams", json=wanted).status_code == 204
    assert streams.request("DELETE", "/1/streams", json={}).status_code == 204
    left = streams.get("/1/streams", params={"account_id": str(account_id)}).json()["streams"]
    assert [stream["stream_id"] for stream in left] == ids[1:2]
    extra = streams.request("DELETE", "/1/streams", json={"faces": []})
    assert error(extra)[:2] == (400, 12022)


@pytest.mark.parametrize(
    ("path", "wanted"),
    [
        ("streams", {"names": "n" * 129}),
        ("streams/count", {"reference": "r" * 513}),
        ("streams/processing/queue", {"limit": 1, "names": "n" * 129}),
        ("streams/processing/queue", {"limit": 0}),
    ],
)
@pytest.mark.parametrize("version", [1, 2])
def test_what_no_stream_has_is_not_looked_for(
    streams: Ask, version: int, path: str, wanted: dict[str, Any]
) -> None:
    status, code, detail = error(streams.get(f"/{version}/{path}", params=wanted))
    assert (status, code, detail) == (400, 12012, f"Bad query parameters '{[*wanted][-1]}'")


def test_a_changed_description_is_short(streams: Ask, account_id: UUID) -> None:
    path = f"/1/streams/{make(streams, account_id)}"
    assert streams.patch(path, json={"description": "d" * 128}).status_code == 204
    refused = error(streams.patch(path, json={"description": "d" * 129}))
    assert refused[:2] == (400, 12022)
    assert "Path: 'description'" in refused[2]
