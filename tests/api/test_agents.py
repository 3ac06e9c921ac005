"""Agents of others over HTTP: they register, take streams, tell of them, and are removed."""

from datetime import UTC, datetime
from typing import Any

import httpx

from tests.api.managing import HOUR, new_analytic, new_stream, shown, stream_body
from tests.api.people import refused, some_id
from tests.api.streaming import Ask, claimed, report

NOW = {"start_time": "2025-01-01T00:00:00Z", "end_time": "2125-01-01T00:00:00Z"}


def new_agent(client: httpx.Client, *names: str, **fields: Any) -> str:
    """The id of a new agent that knows these analytics."""
    made = client.post("/6/agents", json={"name": "cars", "analytic_names": names, **fields})
    assert made.status_code == 201, made.text
    assert made.json().keys() == {"agent_id", "alive_period", "refresh_period"}
    assert made.json()["refresh_period"] < made.json()["alive_period"]
    return str(made.json()["agent_id"])


def taken(client: httpx.Client, agent_id: str) -> list[dict[str, Any]]:
    """The streams that an agent takes now."""
    answer = client.post(f"/6/agents/{agent_id}/streams")
    assert answer.status_code == 200, answer.text
    return list(answer.json()["streams"])


def told(client: httpx.Client, agent_id: str, stream_id: str, status: int, **more: Any) -> str:
    """What an agent must do with a stream after it has told of it."""
    now = datetime.now(UTC).isoformat()
    info = {"stream_id": stream_id, "status": status, "version": 1, "time": now, **more}
    answer = client.post(f"/6/agents/{agent_id}/streams/feedback", json={"streams": [info]})
    assert answer.status_code == 200, answer.text
    (found,) = answer.json()["streams"]
    assert (found["stream_id"], found["version"]) == (stream_id, info["version"])
    return str(found["action"])


def test_an_agent_takes_streams_whose_analytics_it_knows(client: httpx.Client) -> None:
    cars, bikes = new_analytic(client), new_analytic(client)
    first, second, third = new_stream(client, cars), new_stream(client, cars), new_stream(client)
    both = [{"analytic_name": cars, "parameters": {"a": 1}}, {"analytic_name": bikes}]
    mixed = new_stream(client, analytics=both)
    agent_id = new_agent(client, cars, max_stream_count=2)

    streams = taken(client, agent_id)

    assert [one["stream_id"] for one in streams] == [first, second]
    assert streams[0]["version"] == 1
    assert streams[0]["data"]["reference"] == "http://reference"
    assert taken(client, agent_id) == []
    assert told(client, agent_id, first, 2) == "stop"
    assert taken(client, agent_id) == []
    assert [shown(client, one)["status"] for one in (first, second, third, mixed)] == [2, 1, 0, 0]
    (stream,) = taken(client, new_agent(client, bikes, cars))
    assert (stream["stream_id"], stream["analytics"]) == (mixed, [
        {"analytic_index": 0, "analytic_name": cars, "parameters": {"a": 1}},
        {"analytic_index": 1, "analytic_name": bikes, "parameters": {}},
    ])  # fmt: skip


def test_feedback_says_what_to_stop(client: httpx.Client) -> None:
    name = new_analytic(client)
    stream_id, agent_id = new_stream(client, name), new_agent(client, name)
    other = new_agent(client, name)
    taken(client, agent_id)

    assert told(client, agent_id, stream_id, 1, analytic_indexes=[0]) == "continue"
    assert told(client, other, stream_id, 1) == "stop"
    assert told(client, agent_id, some_id(), 1) == "stop"
    client.put(f"/6/streams/{stream_id}", json=stream_body(name))
    assert told(client, agent_id, stream_id, 1) == "stop"
    (again,) = taken(client, agent_id)
    assert again["version"] == 2
    assert told(client, agent_id, stream_id, 4, version=2, error="gone") == "stop"
    stream = shown(client, stream_id)
    assert (stream["status"], stream["last_error"]) == (4, "gone")


def test_a_stopped_stream_is_stopped_where_it_runs(client: httpx.Client) -> None:
    name = new_analytic(client)
    stream_id, agent_id = new_stream(client, name), new_agent(client, name)
    taken(client, agent_id)

    client.patch(f"/6/streams/{stream_id}", params={"action": "pause"})

    assert told(client, agent_id, stream_id, 1) == "stop"
    assert taken(client, agent_id) == []
    client.patch(f"/6/streams/{stream_id}", json={"action": "resume"})
    assert [one["stream_id"] for one in taken(client, agent_id)] == [stream_id]


def test_an_agent_and_a_worker_do_not_have_the_same_stream(
    client: httpx.Client, streams: Ask
) -> None:
    first, second = new_stream(client), new_stream(client)
    agent_id = new_agent(client, "human_tracking")

    assert [one["stream_id"] for one in taken(client, agent_id)] == [first]
    assert [one["stream_id"] for one in claimed(streams, [first, second])] == [second]
    said = report(streams, first, "done")
    assert [one["stream_id"] for one in said["modified"]] == [first]
    assert told(client, agent_id, second, 1) == "stop"


def test_a_removed_agent_gives_its_streams_back(client: httpx.Client) -> None:
    name = new_analytic(client)
    stream_id, agent_id = new_stream(client, name), new_agent(client, name)
    taken(client, agent_id)

    assert client.delete(f"/6/agents/{agent_id}").status_code == 204

    assert refused(client.post(f"/6/agents/{agent_id}/streams")) == (404, 90098)
    assert [one["stream_id"] for one in taken(client, new_agent(client, name))] == [stream_id]


def test_an_agent_knows_registered_analytics_of_its_account(
    client: httpx.Client, stranger: httpx.Client
) -> None:
    theirs = new_analytic(stranger)
    body = {"name": "cars", "analytic_names": [theirs]}
    assert refused(client.post("/6/agents", json=body)) == (404, 90093)
    wrong = {"name": "cars", "analytic_names": []}
    assert refused(client.post("/6/agents", json=wrong)) == (400, 12022)


def test_strangers_have_nothing_of_an_agent(client: httpx.Client, stranger: httpx.Client) -> None:
    name = new_analytic(client)
    stream_id, agent_id = new_stream(client, name), new_agent(client, name)
    stranger.post("/6/analytics", json={"analytic_name": name})
    where = f"/6/agents/{agent_id}"

    assert refused(stranger.delete(where)) == (404, 90098)
    assert refused(stranger.post(f"{where}/streams")) == (404, 90098)
    asked = stranger.post(f"{where}/streams/feedback", json={"streams": []})
    assert refused(asked) == (404, 90098)
    assert taken(stranger, new_agent(stranger, name)) == []
    assert [one["stream_id"] for one in taken(client, agent_id)] == [stream_id]


def test_streams_are_handed_over_within_their_hours(client: httpx.Client) -> None:
    name = new_analytic(client)
    past, now = [{"intervals": [HOUR]}], [{"intervals": [NOW]}]
    asleep = new_stream(client, analytics=[{"analytic_name": name, "schedules": past}])
    half = [{"analytic_name": name, "schedules": hours} for hours in (past, now)]
    awake, agent_id = new_stream(client, analytics=half), new_agent(client, name)

    (stream,) = taken(client, agent_id)

    assert stream["stream_id"] == awake
    assert [one["analytic_index"] for one in stream["analytics"]] == [1]
    assert [one["status"] for one in shown(client, awake)["analytics"]] == [6, 1]
    assert shown(client, asleep)["status"] == 6
    found = client.get("/6/streams", params={"statuses": "6"}).json()["streams"]
    assert [one["stream_id"] for one in found] == [asleep]
    assert client.get("/6/streams/count", params={"statuses": "0"}).json()["streams_count"] == 0
