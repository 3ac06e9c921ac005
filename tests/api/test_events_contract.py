"""Answers, messages and the document about events are those of the contract."""

from typing import Any
from uuid import UUID

import httpx
import pytest

from api.openapi import document_of
from tests.api.sender.listening import listening
from tests.api.test_events import BASIC, LOCATION, saved
from tests.api.test_people_contract import parameters
from tests.support.contract_schemas import assert_contract, contract, needs_contract
from tests.support.running_api import RunningApi

pytestmark = needs_contract

OURS = (
    "/6/events",
    "/6/events/{event_id}",
    "/6/events/stats",
    "/6/handlers/{handler_id}/events/raw",
    "/6/ws",
)
BODIES: list[dict[str, Any]] = [
    {},
    {
        "source": "gate",
        "tags": ["a"],
        "track_id": "t-1",
        "location": LOCATION,
        "face_attributes": {"basic_attributes": BASIC},
        "matches": [
            {
                "label": "good",
                "candidates": [
                    {"face": {"face_id": "3b1e4ad6-8c6f-4a5f-9d4d-0b5b8b0f3f8e"}, "similarity": 1}
                ],
            }
        ],
        "detections": [{"samples": {"face": {}, "body": {}}}],
    },
]


@pytest.fixture
def handler_id(client: httpx.Client) -> str:
    """A dynamic handler of the account."""
    made = client.post("/6/handlers", json={"is_dynamic": True})
    return str(made.json()["handler_id"])


@pytest.mark.parametrize("body", BODIES)
def test_answers_and_messages_are_those_of_the_contract(
    running: RunningApi, client: httpx.Client, account_id: UUID, handler_id: str,
    body: dict[str, Any],
) -> None:  # fmt: skip
    with listening(running, account_id) as listener:
        made = client.post(f"/6/handlers/{handler_id}/events/raw", json=body)
        message = listener.next()

    assert_contract("EventCreated", made.json())
    assert_contract("Event", client.get(made.json()["url"]).json())
    (listed,) = client.get("/6/events").json()["events"]
    assert_contract("Event", listed)
    assert_contract("WsMessage", message)


def test_statistics_are_those_of_the_contract(client: httpx.Client, handler_id: str) -> None:
    for body in BODIES:
        saved(client, handler_id, **body)
    targets = [{"column": "source", "aggregator": "group_by"}, {"column": "age"}]

    answer = client.post("/6/events/stats", json={"targets": targets, "group_by": "1d"})

    assert_contract("EventStats", answer.json())
    assert len(answer.json()["stats"]) == 2


@pytest.mark.parametrize("path", OURS)
def test_the_document_has_every_operation_with_its_parameters(
    running: RunningApi, path: str
) -> None:
    document = document_of(running.app)
    item, ours = contract()["paths"][path], document["paths"][path]
    for method in ("get", "post", "head", "options"):
        if method not in item:
            continue
        assert ours[method]["operationId"] == item[method]["operationId"]
        theirs = parameters(contract(), item, item[method])
        mine = parameters(document, ours, ours[method])
        assert theirs.keys() - mine.keys() == set()
        assert {n for n, required in mine.items() if required} <= {
            n for n, required in theirs.items() if required
        }
