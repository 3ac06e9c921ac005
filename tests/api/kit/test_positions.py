"""Answers tell how far reads are, and a request may demand more."""

import asyncio

import pytest

from tests.api.kit.toy import THING, Clock, asking, toy

PATH = f"/6/things/{THING}"


@pytest.mark.parametrize("path", [PATH, "/6/things/x", "/6/nothing", "/6/things/broken/now"])
async def test_every_answer_tells_the_position(path: str) -> None:
    async with asking(toy(positions=Clock(7))) as client:
        answer = await client.get(path)
    assert answer.headers["selene-position"] == "7"


async def test_a_reached_position_is_not_waited_for() -> None:
    async with asking(toy(positions=Clock(7), longest_wait_s=60)) as client:
        answer = await client.get(PATH, headers={"Selene-Min-Position": "7"})
    assert answer.status_code == 200


async def test_a_position_reached_meanwhile_is_waited_for() -> None:
    clock = Clock(7)
    async with asking(toy(positions=clock, longest_wait_s=60)) as client:
        asked = asyncio.create_task(client.get(PATH, headers={"Selene-Min-Position": "9"}))
        await asyncio.sleep(0.02)
        assert not asked.done()
        clock.move(9)
        answer = await asked
    assert answer.status_code == 200
    assert answer.headers["selene-position"] == "9"


async def test_a_position_not_reached_in_time_is_refused() -> None:
    async with asking(toy(positions=Clock(7), longest_wait_s=0.01)) as client:
        answer = await client.get(PATH, headers={"Selene-Min-Position": "8"})
    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "1"
    assert answer.json()["detail"] == "Position 8 is not reached yet, the read models are at 7"


@pytest.mark.parametrize("bad", ["", "-1", "x", "1.5", str(2**63), "9" * 5000, "\xb2"])
async def test_what_is_no_position_is_refused(bad: str) -> None:
    async with asking(toy(positions=Clock())) as client:
        headers = [(b"selene-min-position", bad.encode("latin-1"))]
        answer = await client.get(PATH, headers=headers)
    assert answer.status_code == 400
    assert answer.json()["detail"] == "Bad header 'Selene-Min-Position'"


async def test_a_service_without_positions_tells_none() -> None:
    async with asking(toy()) as client:
        answer = await client.get(PATH, headers={"Selene-Min-Position": "8"})
    assert answer.status_code == 200
    assert "selene-position" not in answer.headers
