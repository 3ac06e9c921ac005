"""Every answer carries an id: the caller's when it is well formed, else a new one."""

import time

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.http.request_id import (
    add_request_id,
    current_request_id,
    is_request_id,
    new_request_id,
)
from tests.api.kit.toy import THING

GIVEN = "1536751345,8b8b5937-2e9c-4e8b-a7a7-5caf86621b5a"
PATHS = [
    f"/6/things/{THING}",
    "/6/things/x",
    "/6/nothing",
    "/6/things?page=0",
    "/6/things/broken/now",
    "/metrics",
]


@pytest.mark.parametrize("path", PATHS)
async def test_a_well_formed_id_is_echoed_on_every_answer(
    client: httpx.AsyncClient, path: str
) -> None:
    for method in ("GET", "HEAD", "OPTIONS", "PUT"):
        answer = await client.request(method, path, headers={"Luna-Request-Id": GIVEN})
        assert answer.headers.get_list("luna-request-id") == [GIVEN]


@pytest.mark.parametrize(
    "bad",
    [
        "",
        "1",
        GIVEN.upper(),
        GIVEN + "0",
        "0" + GIVEN,
        GIVEN.replace(",", " "),
        "1536751345,8b8b5937-2e9c-4e8b-a7a7",
        GIVEN[10:],
    ],
)
async def test_another_id_is_replaced(client: httpx.AsyncClient, bad: str) -> None:
    answer = await client.get(f"/6/things/{THING}", headers={"Luna-Request-Id": bad})

    made = answer.headers["luna-request-id"]
    assert made != bad
    assert is_request_id(made)
    assert abs(int(made[:10]) - time.time()) < 60


async def test_ids_are_made_anew_for_each_request(client: httpx.AsyncClient) -> None:
    made = {(await client.get("/version")).headers["luna-request-id"] for _ in range(20)}
    assert len(made) == 20


@given(st.text(max_size=60))
def test_only_the_one_form_is_accepted(text: str) -> None:
    assert not is_request_id(text)
    assert not is_request_id(f"{GIVEN}\n")
    assert is_request_id(new_request_id())


def test_lines_outside_of_requests_say_so() -> None:
    assert current_request_id() == "-"
    assert add_request_id(None, "info", {"event": "x"}) == {"event": "x", "request_id": "-"}
