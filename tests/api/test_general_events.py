"""General events over HTTP: saved, found, counted, told of, deleted."""

from typing import Any
from uuid import UUID

import httpx
import msgpack
import pytest
from websockets.exceptions import InvalidStatus

from tests.api.people import refused, sdk_descriptor, some_id
from tests.api.sender.listening import listening
from tests.support.running_api import RunningApi

PATH = "/6/general_events"
PLACE = {"city": "Town", "geo_position": {"longitude": 36.6, "latitude": 55.7}}


def general(event_type: str = "crowd", hour: int = 1, **content: Any) -> dict[str, Any]:
    """A general event on the first of March."""
    return {
        "event_type": event_type,
        "event": content,
        "event_create_time": f"2026-03-01T{hour:02}:00:00Z",
        "event_end_time": f"2026-03-01T{hour:02}:30:00Z",
    }


def saved(client: httpx.Client, *events: dict[str, Any]) -> list[str]:
    """The ids of events that were just saved."""
    answer = client.post(PATH, json={"events": events})
    assert answer.status_code == 201, answer.text
    return [one["event_id"] for one in answer.json()["events"]]


def found(client: httpx.Client, **params: Any) -> list[Any]:
    """What the events on a page call themselves."""
    answer = client.get(PATH, params=params)
    assert answer.status_code == 200, answer.text
    return [one["event"].get("name") for one in answer.json()["events"]]


def test_a_saved_event_is_shown_as_it_was_told(client: httpx.Client, account_id: UUID) -> None:
    told = general(name="a", people=5, location=PLACE)

    (event_id,) = saved(client, {**told, "account_id": str(account_id)})

    shown = {**told, "event_id": event_id, "account_id": str(account_id)}
    assert client.get(f"{PATH}/{event_id}").json() == shown
    assert client.get(PATH).json() == {"events": [shown]}
    assert client.head(f"{PATH}/{event_id}").status_code == 200


def test_nobody_has_to_wait_and_msgpack_will_do(client: httpx.Client) -> None:
    answer = client.post(
        PATH,
        params={"wait_events_saving": 0},
        content=msgpack.packb({"events": [general(name="packed")]}),
        headers={"Content-Type": "application/msgpack"},
    )

    assert answer.status_code == 202, answer.text
    assert answer.json()["events"][0]["url"] == f"{PATH}/{answer.json()['events'][0]['event_id']}"
    assert found(client) == ["packed"]


@pytest.mark.parametrize(
    ("bad", "path"),
    [
        ({"event_type": 5}, "events.1.event_type"),
        ({"event": "text"}, "events.1.event"),
        ({"event_create_time": "yesterday"}, "events.1.event_create_time"),
        ({"event_end_time": "2025-01-01T00:00:00Z"}, "events.1"),
        ({"account_id": some_id()}, "events.1.account_id"),
        ({"event": {"face_attributes": {"descriptor": 5}}}, "face_attributes.descriptor"),
        ({"event": {"face_attributes": {"descriptor": "AAAA"}}}, "face_attributes.descriptor"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_one_bad_event_keeps_all_out(client: httpx.Client, bad: dict[str, Any], path: str) -> None:
    answer = client.post(PATH, json={"events": [general(), {**general(), **bad}]})

    assert refused(answer)[0] == 400
    assert path in answer.json()["detail"]
    assert found(client) == []


@pytest.mark.parametrize(
    ("params", "names"),
    [
        ({}, ["c", "b", "a"]),
        ({"order": "asc", "page_size": 2}, ["a", "b"]),
        ({"page": 2, "page_size": 2}, ["a"]),
        ({"event_type": "crowd,fight"}, ["b", "a"]),
        ({"create_time__gte": "2026-03-01T02:00:00Z"}, ["c", "b"]),
        ({"end_time__lt": "2026-03-01T02:00:00Z"}, ["a"]),
        ({"insert_time__lt": "2026-03-01T02:00:00Z"}, []),
        ({"sources": "gate,null"}, ["c", "b", "a"]),
        ({"sources": "null"}, ["c", "b"]),
        ({"cities": "Town"}, ["a"]),
        ({"areas": "null"}, ["c", "b", "a"]),
        ({"origin_longitude": 36.61, "origin_latitude": 55.71}, ["a"]),
        ({"origin_longitude": 36.61, "origin_latitude": 55.71, "longitude_delta": 0.001}, []),
        ({"origin_longitude": "null", "origin_latitude": "null"}, ["c", "b"]),
        ({"track_ids": "t1"}, ["b"]),
        ({"event.people__gte:integer": 5}, ["b", "a"]),
        ({"event.deep.er": "x"}, ["c"]),
        ({"event.name__in": "a,c"}, ["c", "a"]),
        ({"unheard": "of"}, ["c", "b", "a"]),
    ],
)
def test_filters(client: httpx.Client, params: dict[str, Any], names: list[str]) -> None:
    saved(
        client,
        general("crowd", 1, name="a", people=5, source="gate", location=PLACE),
        general("fight", 2, name="b", people=7, track_id="t1", location={"city": ["no text"]}),
        general("other", 3, name="c", deep={"er": "x"}, location="nowhere", stream_id="no id"),
    )

    assert found(client, **params) == names


@pytest.mark.parametrize(
    "params",
    [
        {"event.people:integer": "many"},
        {"event.": "x"},
        {"event_ids": "no id"},
        {"order": "newest"},
        {"page_size": 1001},
        {"longitude_delta": 1},
    ],
)
def test_bad_parameters_are_named(client: httpx.Client, params: dict[str, Any]) -> None:
    answer = client.get(PATH, params=params)

    assert refused(answer) == (400, 12012)


def test_statistics_know_what_events_say(client: httpx.Client) -> None:
    saved(client, general("crowd", 1, people=5), general("crowd", 2, people=7), general("fight", 2))
    query = {
        "targets": [
            {"column": "event_type", "aggregator": "group_by"},
            {"column": "event.people:integer", "aggregator": "max"},
            {"column": "event_id"},
        ],
        "filters": [{"column": "event_type", "operator": "neq", "value": "other"}],
    }

    answer = client.post(f"{PATH}/stats", json=query)

    assert answer.status_code == 200, answer.text
    assert answer.json()["stats"] == [["crowd", 7, 2], ["fight", None, 1]]


@pytest.mark.parametrize("column", ["age", "meta.people", "event.a' b", "event.", "event.a:date"])
def test_statistics_know_nothing_else(client: httpx.Client, column: str) -> None:
    answer = client.post(f"{PATH}/stats", json={"targets": [{"column": column}]})

    assert refused(answer)[0] == 400


def test_a_deleted_event_is_only_known_as_deleted(client: httpx.Client) -> None:
    kept, gone = saved(client, general(name="kept"), general(name="gone"))

    assert client.delete(f"{PATH}/{gone}").status_code == 204

    assert refused(client.get(f"{PATH}/{gone}"))[0] == 404
    assert client.head(f"{PATH}/{gone}").status_code == 404
    assert refused(client.delete(f"{PATH}/{gone}"))[0] == 404
    assert found(client) == ["kept"]
    (deleted,) = client.get(f"{PATH}/deleted", params={"event_ids": gone}).json()["events"]
    assert deleted.keys() == {"event_id", "account_id", "deletion_time"}
    assert client.get(f"{PATH}/deleted", params={"event_ids": kept}).json() == {"events": []}
    assert client.get("/6/events/deleted").json() == {"events": []}


def test_accounts_do_not_see_each_other(client: httpx.Client, stranger: httpx.Client) -> None:
    (event_id,) = saved(client, general(name="mine"))

    assert found(stranger) == []
    assert refused(stranger.get(f"{PATH}/{event_id}"))[0] == 404
    assert refused(stranger.delete(f"{PATH}/{event_id}"))[0] == 404
    assert stranger.post(f"{PATH}/stats", json={}).json()["stats"] == [[0]]
    assert found(client) == ["mine"]


def test_descriptors_are_kept_apart(client: httpx.Client, running: RunningApi) -> None:
    attributes = {"descriptor": sdk_descriptor(running), "score": 0.9}

    (event_id,) = saved(client, general(face_attributes=attributes))

    assert client.get(f"{PATH}/{event_id}").json()["event"] == {"face_attributes": {"score": 0.9}}


def test_a_published_event_is_told_to_subscribers_of_general_events(
    running: RunningApi, client: httpx.Client, account_id: UUID
) -> None:
    told = {"event": {"data": "value"}, "event_create_time": "now", "event_end_time": "later"}
    with (
        listening(running, account_id, "/6/ws/general", event_types="crowd") as crowds,
        listening(running, account_id, "/6/ws/general") as all_of_them,
        listening(running, account_id) as of_handlers,
    ):
        for event_type in ("fight", "crowd"):
            body = {**told, "event_type": event_type, "account_id": "string"}
            assert client.post(f"{PATH}/publish", json=body).status_code == 204

        message = crowds.next()
        assert [all_of_them.next()["event_type"] for _ in range(2)] == ["fight", "crowd"]
        assert of_handlers.silent()
    assert found(client) == []
    del message["Luna-Request-id"], message["position"]
    assert message == {**told, "event_type": "crowd", "account_id": str(account_id)}


def test_subscribers_learn_that_content_is_no_filter(running: RunningApi, account_id: UUID) -> None:
    with (
        pytest.raises(InvalidStatus) as answer,
        listening(running, account_id, "/6/ws/general", **{"event.people": "5"}),
    ):
        pass

    assert answer.value.response.status_code == 400
