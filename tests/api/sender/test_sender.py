"""Subscribers are told what handlers see: those of the account, in order, as the contract says."""

from typing import Any
from uuid import UUID, uuid4

import httpx
import orjson
import pytest
from websockets.exceptions import InvalidStatus

from tests.api.people import refused
from tests.api.sender.listening import Listener, listening, record
from tests.support.running_api import RunningApi
from tests.support.waiting import until

PATHS = ("/6/ws", "/sender/1/ws", "/sender/2/ws")


def published(*events: dict[str, Any], handler_id: str = "mine") -> dict[str, Any]:
    times = {"event_create_time": "2026-03-01T00:00:00Z", "event_end_time": "later"}
    return {"events": list(events), "handler_id": handler_id, **times}


@pytest.mark.parametrize("path", PATHS)
def test_a_message_is_what_the_contract_says(
    running: RunningApi, client: httpx.Client, account_id: UUID, path: str
) -> None:
    handler_id = client.post("/6/handlers", json={"is_dynamic": True}).json()["handler_id"]
    raw = {"source": "gate", "tags": ["a"], "create_time": "2026-03-01T00:00:00Z"}

    with listening(running, account_id, path) as listener:
        made = client.post(f"/6/handlers/{handler_id}/events/raw", json=raw)
        message = listener.next()

    event_id = made.json()["event_id"]
    event = message.pop("event")
    assert message == {
        "handler_id": handler_id,
        "event-create-time": "2026-03-01T00:00:00Z",
        "event-end-time": "2026-03-01T00:00:00Z",
        "Luna-Request-id": made.headers["luna-request-id"],
        "position": int(made.headers["selene-position"]),
    }
    assert event == {
        "event_id": event_id,
        "url": f"/6/events/{event_id}",
        "source": "gate",
        "tags": ["a"],
        "external_id": "",
        "user_data": "",
        "location": {},
        "detections": [],
        "matches": [],
        "aggregate_estimations": {"face": {"attributes": {}}, "body": {"attributes": {}}},
        **dict.fromkeys(["face", "face_attributes", "body_attributes", "meta"]),
        **dict.fromkeys(["stream_id", "track_id"]),
    }


def test_only_what_comes_after_the_handshake_is_told(running: RunningApi, account_id: UUID) -> None:
    record(running, account_id, "before")

    with listening(running, account_id) as listener:
        record(running, account_id, "after", "and another")

        assert listener.sources(2) == ["after", "and another"]


def test_accounts_are_told_apart(running: RunningApi, account_id: UUID) -> None:
    other = uuid4()
    with listening(running, account_id) as mine, listening(running, other) as theirs:
        record(running, other, "theirs")
        record(running, account_id, "mine")

        assert (mine.source(), theirs.source()) == ("mine", "theirs")
        assert mine.silent()
        assert theirs.silent()


def test_events_that_are_not_to_be_told_are_not(running: RunningApi, account_id: UUID) -> None:
    with listening(running, account_id) as listener:
        record(running, account_id, "quiet", notify=False)
        record(running, account_id, "nothing", store=False, notify=False)
        record(running, account_id, "told")

        assert listener.source() == "told"


def test_events_that_are_not_stored_are_told_all_the_same(
    running: RunningApi, client: httpx.Client, account_id: UUID
) -> None:
    with listening(running, account_id) as listener:
        (event_id,) = record(running, account_id, "passing", store=False)
        message = listener.next()

    assert message["event"]["event_id"] == str(event_id)
    assert message["Luna-Request-id"] == "r"
    assert client.get(f"/6/events/{event_id}").status_code == 404


def test_each_subscriber_gets_what_passes_its_filters(
    running: RunningApi, account_id: UUID
) -> None:
    with (
        listening(running, account_id) as everything,
        listening(running, account_id, sources="a,c", tags="x") as some,
        listening(running, account_id, "/sender/2/ws", sources="b") as others,
    ):
        record(running, account_id, "a", "b", tags=["x", "y"])
        record(running, account_id, "c", tags=["y"])

        assert everything.sources(3) == ["a", "b", "c"]
        assert some.source() == "a"
        assert others.source() == "b"
        assert some.silent()
        assert others.silent()


def refusal_of(running: RunningApi, account_id: UUID | None, **parameters: Any) -> Any:
    """The HTTP answer to a handshake that is refused."""
    headers = parameters.pop("headers", None)
    path = parameters.pop("path", "/6/ws")
    with (
        pytest.raises(InvalidStatus) as refusal,
        listening(running, account_id, path, headers, **parameters),
    ):
        pass
    return refusal.value.response


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    ("name", "value"),
    [("gender", "3"), ("geo_position", "1,2"), ("stream_ids", "x"),
     ("position", "-1"), ("position", "1e3")],
)  # fmt: skip
def test_a_bad_filter_is_refused_before_the_handshake(
    running: RunningApi, account_id: UUID, path: str, name: str, value: str
) -> None:
    answer = refusal_of(running, account_id, path=path, **{name: value})

    assert answer.status_code == 400
    error = orjson.loads(answer.body)
    assert error["error_code"] == 12012
    assert error["detail"] == f"Bad query parameters '{name}'"
    assert "Luna-Request-Id" in answer.headers


def test_a_subscription_needs_an_account(running: RunningApi) -> None:
    for path in PATHS:
        answer = refusal_of(running, None, path=path)
        assert (answer.status_code, orjson.loads(answer.body)["error_code"]) == (403, 11036)


def test_a_position_that_is_not_there_is_refused(running: RunningApi, account_id: UUID) -> None:
    ahead = refusal_of(running, account_id, position=2**62)
    odd = refusal_of(running, account_id, headers={"Selene-Position": "latest"})

    assert (ahead.status_code, orjson.loads(ahead.body)["error_code"]) == (400, 90072)
    assert (odd.status_code, orjson.loads(odd.body)["error_code"]) == (400, 90002)


@pytest.mark.parametrize("prefix", ["/sender/1", "/sender/2"])
def test_published_events_are_told_and_kept_nowhere(
    running: RunningApi, client: httpx.Client, account_id: UUID, prefix: str
) -> None:
    events = [{"source": "a", "any": ["thing", {"of": "mine"}]}, {"source": "b"}]

    with listening(running, account_id, f"{prefix}/ws") as listener, \
            listening(running, account_id, sources="b") as some, \
            listening(running, uuid4()) as stranger:  # fmt: skip
        answer = client.post(f"{prefix}/events", json=published(*events))
        first, second = listener.next(), listener.next()

        assert answer.status_code == 204
        assert answer.content == b""
        assert some.next() == second
        assert stranger.silent()
    assert [first["event"], second["event"]] == events
    assert second["position"] == first.pop("position") + 1
    assert first == {
        "event": events[0],
        "handler_id": "mine",
        "event-create-time": "2026-03-01T00:00:00Z",
        "event-end-time": "later",
        "Luna-Request-id": answer.headers["luna-request-id"],
    }
    assert client.get("/6/events").json() == {"events": []}


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"handler_id": None}, "handler_id"),
        ({"events": []}, "events"),
        ({"events": [5]}, "events.0"),
        ({"events": [{"a": "x" * (2 << 20)}]}, "events.0"),
        ({"events": [{}] * 1001}, "events"),
        ({"event_end_time": 5}, "event_end_time"),
        ({"more": 1}, ""),
    ],
)
def test_a_bad_publication_is_refused_and_nobody_told(
    running: RunningApi, client: httpx.Client, account_id: UUID, change: dict[str, Any], path: str
) -> None:
    with listening(running, account_id) as listener:
        answer = client.post("/sender/1/events", json={**published({}), **change})

        assert refused(answer) == (400, 11027)
        assert f"Path: '{path}', message: " in answer.json()["detail"]
        assert listener.silent(0.1)


def test_a_publication_needs_all_its_fields_and_an_account(
    client: httpx.Client, nobody: httpx.Client
) -> None:
    whole = published({})
    for name in whole:
        part = {key: value for key, value in whole.items() if key != name}
        answer = client.post("/sender/1/events", json=part)
        assert refused(answer) == (400, 11027)
        assert answer.json()["detail"].endswith(f"Path: '{name}', message: 'field required'")
    assert refused(nobody.post("/sender/1/events", json=whole)) == (403, 11036)


def test_what_subscribers_say_is_not_listened_to(running: RunningApi, account_id: UUID) -> None:
    with listening(running, account_id) as listener:
        listener.socket.send("hello")
        listener.socket.send(b"\x00\x01")
        record(running, account_id, "told")

        assert listener.source() == "told"


def test_subscribers_that_left_are_forgotten(running: RunningApi, account_id: UUID) -> None:
    hub = running.services.hub
    with listening(running, account_id), listening(running, account_id) as second:
        assert hub.subscribers >= 2
        assert isinstance(second, Listener)

    until(lambda: account_id not in hub.accounts)


def test_a_plain_request_is_told_to_upgrade(client: httpx.Client, nobody: httpx.Client) -> None:
    for path in PATHS:
        answer = client.get(path)
        assert refused(answer) == (426, 90073)
        assert answer.headers["upgrade"] == "websocket"
        assert refused(client.get(path, params={"gender": 5})) == (400, 12012)
        assert refused(nobody.get(path)) == (403, 11036)
