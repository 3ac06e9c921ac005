"""Hours of analytics over HTTP: sets by their numbers, of templates or of their own."""

from typing import Any

import httpx

from tests.api.belongings import TEMPLATE
from tests.api.managing import HOUR, new_stream, shown
from tests.api.people import refused, some_id

NEXT = {"start_time": "2025-05-01T02:00:00Z", "end_time": "2025-05-01T03:00:00Z"}


def scheduled(client: httpx.Client, *schedules: Any) -> str:
    """Where the hours of the only analytic of a new stream are."""
    analytics = [{"analytic_name": "human_tracking", "schedules": schedules}]
    return f"/6/streams/{new_stream(client, analytics=analytics)}/analytics/0/intervals"


def test_sets_are_read_by_their_numbers(client: httpx.Client) -> None:
    where = scheduled(client, {"intervals": [HOUR]}, {"intervals": [NEXT]})

    assert client.get(where).json() == {
        "intervals": [
            {"intervals": [HOUR], "intervals_idx": 0}, {"intervals": [NEXT], "intervals_idx": 1}
        ]
    }  # fmt: skip
    assert client.get(f"{where}/1").json() == {"intervals": [NEXT]}
    whole = {"start_time": HOUR["start_time"], "end_time": NEXT["end_time"]}
    assert client.get(where, params={"merged": 1}).json() == {"intervals": [whole]}


def test_sets_are_put_and_taken_away(client: httpx.Client) -> None:
    where = scheduled(client)
    stream = where.split("/")[3]
    assert (client.get(where).json(), shown(client, stream)["status"]) == ({"intervals": []}, 0)

    assert client.put(f"{where}/5", json={"intervals": [HOUR]}).status_code == 204

    assert client.get(where).json()["intervals"] == [{"intervals": [HOUR], "intervals_idx": 5}]
    assert shown(client, stream)["status"] == 6
    assert client.delete(f"{where}/5").status_code == 204
    assert (client.get(where).json(), shown(client, stream)["status"]) == ({"intervals": []}, 0)
    assert refused(client.delete(f"{where}/5")) == (404, 90097)
    assert refused(client.get(f"{where}/5")) == (404, 90097)
    other = where.replace("/analytics/0/", "/analytics/1/")
    assert refused(client.get(other)) == (404, 90096)
    assert refused(client.put(f"{other}/0", json={"intervals": [HOUR]})) == (404, 90096)


def test_a_template_tells_its_times_once(client: httpx.Client, stranger: httpx.Client) -> None:
    made = client.post("/6/schedules", json=TEMPLATE).json()
    where = scheduled(client, {"schedule_id": made["schedule_id"]})
    times = client.get(f"/6/schedules/{made['schedule_id']}/intervals").json()["intervals"]

    client.delete(f"/6/schedules/{made['schedule_id']}")

    assert len(times) > 1
    assert client.get(f"{where}/0").json() == {"intervals": times}
    theirs = stranger.post("/6/schedules", json=TEMPLATE).json()["schedule_id"]
    for schedule_id in (theirs, made["schedule_id"], some_id()):
        answer = client.put(f"{where}/1", json={"schedule_id": schedule_id})
        assert refused(answer) == (404, 90104)


def test_bad_hours_are_refused(client: httpx.Client) -> None:
    where = scheduled(client)
    backwards = {"start_time": HOUR["end_time"], "end_time": HOUR["start_time"]}
    for body in ({}, {"intervals": []}, {"intervals": [backwards]},
                 {"intervals": [HOUR], "schedule_id": some_id()}):  # fmt: skip
        assert refused(client.put(f"{where}/0", json=body)) == (400, 12022)
    assert client.put(f"{where}/0", json={"intervals": [HOUR] * 1000}).status_code == 204
    assert client.put(f"{where}/1", json={"intervals": [HOUR]}).status_code == 400
    assert refused(client.put(f"{where}/-1", json={"intervals": [HOUR]})) == (404, 12013)


def test_strangers_see_and_change_no_hours(client: httpx.Client, stranger: httpx.Client) -> None:
    where = scheduled(client, {"intervals": [HOUR]})

    assert refused(stranger.get(where)) == (404, 39001)
    assert refused(stranger.get(f"{where}/0")) == (404, 39001)
    assert refused(stranger.put(f"{where}/0", json={"intervals": [NEXT]})) == (404, 39001)
    assert refused(stranger.delete(f"{where}/0")) == (404, 39001)
    assert client.get(f"{where}/0").json() == {"intervals": [HOUR]}
