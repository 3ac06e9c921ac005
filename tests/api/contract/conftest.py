"""Two accounts with things of their own, on the API that sees the most."""

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.api.contract.asking import World
from tests.api.test_accounts import account
from tests.support.running_api import RunningApi, headers_of


def without_streams(client: httpx.Client) -> None:
    """Remove the streams of an account, so that no agent of another test takes them."""
    while page := client.get("/6/streams?page_size=1000").json()["streams"]:
        ids = [stream["stream_id"] for stream in page]
        assert client.request("DELETE", "/6/streams", json={"stream_ids": ids}).is_success


@pytest.fixture(scope="package")
def clients(eyes: RunningApi) -> Iterator[dict[str, httpx.Client]]:
    """Who asks: the account, another one, and nobody."""
    named = {"mine": headers_of(uuid4()), "stranger": headers_of(uuid4()), "nobody": {}}
    made = {
        who: httpx.Client(base_url=eyes.url, headers=headers, timeout=30, follow_redirects=True)
        for who, headers in named.items()
    }
    yield made
    without_streams(made["mine"])
    for client in made.values():
        client.close()


@pytest.fixture(scope="package")
def login(clients: dict[str, httpx.Client]) -> dict[str, Any]:
    """The login and the password of the account."""
    body = account()
    assert clients["mine"].post("/6/accounts", json=body).status_code == 201
    return {name: body[name] for name in ("login", "password")}


@pytest.fixture(scope="package")
def world(eyes: RunningApi, clients: dict[str, httpx.Client], login: dict[str, Any]) -> World:
    """The account, with things that no test changes."""
    return World.of(eyes, clients["mine"], login)


@pytest.fixture
def fresh(eyes: RunningApi, clients: dict[str, httpx.Client], login: dict[str, Any]) -> World:
    """The account, with things for one test to change."""
    return World.of(eyes, clients["mine"], login)
