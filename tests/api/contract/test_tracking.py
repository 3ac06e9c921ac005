"""The web socket of human tracking: who gets in, and what is told there."""

import json
from typing import Any
from uuid import uuid4

import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from tests.api.contract.asking import World
from tests.api.contract.conftest import without_streams
from tests.api.contract.stream_requests import account_of, new_stream
from tests.api.people import some_id
from tests.api.streaming import wait_for_end, working
from tests.support.contract_schemas import needs_contract, problems
from tests.support.running_api import headers_of
from tests.support.shared import MEDIA, needs_media, needs_models

pytestmark = [needs_contract, needs_media, needs_models]

VIDEOS = MEDIA / "videos"
MESSAGE = {"$ref": "#/components/schemas/ws_message"}


def asked(world: World, query: str, **headers: str) -> Any:
    """A connection that is about to be made."""
    url = world.api.url.replace("http", "ws") + f"/tracking/1/ws{query}"
    return connect(url, additional_headers=headers)


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("", (400, 12012, "Bad query parameters 'stream_id'")),
        ("?stream_id=x", (400, 12012, "Bad query parameters 'stream_id'")),
        ("?stream_id={stream_id}&account_id=x", (400, 12012, "Bad query parameters 'account_id'")),
        ("?stream_id={nothing}", (404, 39001, "Stream with id '{nothing}' not found")),
        (
            "?stream_id={stream_id}&account_id={nothing}",
            (404, 39001, "Stream with id '{stream_id}' not found"),
        ),
    ],
)
def test_nobody_gets_in_without_a_stream(
    world: World, query: str, told: tuple[int, int, str]
) -> None:
    ids = {**world.ids, "nothing": some_id()}

    with pytest.raises(InvalidStatus) as refused, asked(world, query.format_map(ids)):
        pass

    answer = refused.value.response
    said = json.loads(answer.body or b"")
    expected = (*told[:2], told[2].format_map(ids))
    assert (answer.status_code, said["error_code"], said["detail"]) == expected


def test_a_stream_of_another_account_is_not_there(world: World) -> None:
    query = f"?stream_id={world.ids['stream_id']}"

    with pytest.raises(InvalidStatus) as refused, asked(world, query, **headers_of(uuid4())):
        pass

    assert refused.value.response.status_code == 404
    assert json.loads(refused.value.response.body or b"")["error_code"] == 39001
    plain = world.client.get(f"/tracking/1/ws{query}")
    assert (plain.status_code, plain.json()["error_code"]) == (426, 90073)


@pytest.mark.slow
def test_what_is_told_of_tracks_is_as_the_contract_says(world: World) -> None:
    without_streams(world.client)  # the agent takes whatever waits
    handler_id = world.client.post("/6/handlers", json={"policies": {}}).json()["handler_id"]
    sent = {
        "handler_id": handler_id,
        "authorization": {"account_id": str(account_of(world))},
        "frame_store": None,
    }
    film = {
        "type": "videofile",
        "reference": "asl_p0_help.mkv",
        "analytics": [{"mode": 1, "event_handler": sent}],
    }
    stream_id = new_stream(world, data=film, status="pause")
    mine = headers_of(account_of(world))
    with asked(world, f"?stream_id={stream_id}", **mine) as socket, world.streams() as client:
        with working(world.api, roots=[VIDEOS]):
            client.patch(f"/2/streams/{stream_id}", json={"status": "pending"})
            assert wait_for_end(client, stream_id)["status"] == "done"
        messages: list[Any] = []
        while (
            not messages
            or messages[-1]["analytics_results"]["human_tracking"]["track_status"] != "ended"
        ):
            messages.append(json.loads(socket.recv(timeout=60)))

    assert [problems(MESSAGE, one, "tracking") for one in messages] == [[]] * len(messages)
    assert len(messages) > 1
