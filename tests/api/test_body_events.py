"""What is estimated of bodies is in the events that handlers make, and can be asked for."""

from collections.abc import Iterator

import httpx
import pytest

from tests.api.handling import DAD, NEEDS, dev_api, handler, run
from tests.support.postgres import Databases
from tests.support.running_api import RunningApi

pytestmark = NEEDS
FLAGS = ("basic_attributes", "upper_body", "lower_body", "accessories")


@pytest.fixture(scope="module")
def running(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningApi]:
    """The API with models for bodies."""
    with dev_api(databases, tmp_path_factory.mktemp("api")) as api:
        yield api


def test_an_event_tells_of_a_body_what_its_policy_asks(client: httpx.Client) -> None:
    for asked in (FLAGS, FLAGS[:1], ()):
        policy = {"detect_face": 0, "detect_body": 1}
        flags = {f"estimate_{name}": 1 for name in asked}
        made = handler(client, detect_policy={**policy, "body_attributes": flags})
        event = run(client, made, DAD)["events"][0]
        told = event["detections"][0]["samples"]["body"]["detection"]["attributes"]
        assert told.keys() == set(asked)
        kept = client.get(event["url"]).json()
        for name in FLAGS:
            column = "body_basic_attributes" if name == "basic_attributes" else name
            assert kept[column] == told.get(name)


def test_events_are_found_by_what_bodies_wear(client: httpx.Client) -> None:
    flags = {f"estimate_{name}": 1 for name in FLAGS}
    policy = {"detect_face": 0, "detect_body": 1, "body_attributes": flags}
    event = run(client, handler(client, detect_policy=policy), DAD)["events"][0]
    told = event["detections"][0]["samples"]["body"]["detection"]["attributes"]
    gender = told["basic_attributes"]["apparent_gender"]
    (colour, *_) = told["upper_body"]["upper_clothing"]["colors"]
    for params, found in (
        ({"apparent_gender": gender}, 1),
        ({"apparent_gender": (gender + 1) % 3}, 0),
        ({"upper_clothing_colors": colour}, 1),
    ):
        events = client.get("/6/events", params=params).json()["events"]
        assert len(events) == found, params
