"""Temporary attributes under an Idempotency-Key: made once, and told of again."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from tests.api.belongings import state_of
from tests.api.eyes import DAD, MOM, photo, stored
from tests.api.people import refused, some_id
from tests.support.running_api import RunningApi
from tests.support.shared import needs_media, needs_models

AT_ONCE = 6
Ask = Callable[[str, bool], httpx.Response]
"""Asks under a key: for the one thing, or for another."""


def _attributes(client: httpx.Client) -> Ask:
    def ask(key: str, other: bool = False) -> httpx.Response:
        body = {"basic_attributes": {"age": 40 if other else 30}}
        return client.post("/6/attributes", json=body, headers={"Idempotency-Key": key})

    return ask


def _extractor(client: httpx.Client) -> Ask:
    ids = stored(client, photo(DAD), photo(MOM))

    def ask(key: str, other: bool = False) -> httpx.Response:
        asked = ids[:1] if other else ids
        return client.post("/6/extractor", json=asked, headers={"Idempotency-Key": key})

    return ask


def _made(running: RunningApi) -> Any:
    return state_of(running)["temporary_attributes"]


def _check(running: RunningApi, ask: Ask, each: int) -> None:
    key, start = some_id(), _made(running)
    first = ask(key, False)
    assert first.status_code == 201, first.text
    again = ask(key, False)

    assert (again.status_code, again.content) == (first.status_code, first.content)
    for name in ("location", "selene-models"):
        assert again.headers.get(name) == first.headers.get(name)
    assert refused(ask(key, True)) == (409, 90040)
    assert _made(running) == start + each

    with ThreadPoolExecutor(AT_ONCE) as pool:
        key = some_id()
        answers = list(pool.map(lambda _: ask(key, False), range(AT_ONCE)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    assert _made(running) == start + 2 * each
    assert ask(some_id(), True).status_code == 201


def test_an_attribute_is_made_once(client: httpx.Client, running: RunningApi) -> None:
    _check(running, _attributes(client), 1)


@needs_media
@needs_models
def test_samples_are_extracted_once(seeing: httpx.Client, eyes: RunningApi) -> None:
    _check(eyes, _extractor(seeing), 2)


@pytest.mark.parametrize("body", [{}, {"basic_attributes": {"age": 300}}])
def test_a_refused_attribute_does_not_use_up_its_key(client: httpx.Client, body: Any) -> None:
    key = some_id()
    bad = client.post("/6/attributes", json=body, headers={"Idempotency-Key": key})
    assert bad.status_code == 400
    assert _attributes(client)(key, False).status_code == 201
