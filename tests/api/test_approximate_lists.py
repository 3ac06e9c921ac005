"""Over HTTP: a list above the size that is set is searched approximately, and says so."""

import time
from collections.abc import Iterator
from uuid import uuid4

import httpx
import pytest

from tests.api.people import attach, new_list
from tests.api.test_matcher import enrolled, faces, ids, raw, vector
from tests.support.postgres import Databases
from tests.support.running_api import RunningApi, headers_of, running_api

_LARGE, _WITHIN_S = 24, 120


@pytest.fixture(scope="module")
def approximate(
    databases: Databases, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningApi]:
    """An API in which lists of a few faces are large."""
    directory = tmp_path_factory.mktemp("approximate")
    settings = {"index": {"approximate_from": _LARGE}}
    with databases.fresh() as dsn, running_api(dsn, directory, **settings) as api:
        yield api


def test_large_lists_tell_their_recall_and_know_who_came_and_went(approximate: RunningApi) -> None:
    account = headers_of(uuid4())
    with httpx.Client(base_url=approximate.url, headers=account, timeout=60) as client:
        list_id = new_list(client)
        members = [enrolled(client, vector(approximate, seed)) for seed in range(_LARGE)]
        attach(client, list_id, *members)

        def asked(seed: int, **within: object) -> httpx.Response:
            body = {
                "references": [raw(vector(approximate, seed))],
                "candidates": [faces(limit=5, **within)],
            }
            answer = client.post("/6/matcher/faces", json=body)
            assert answer.status_code == 200, answer.text
            return answer

        def best(answer: httpx.Response) -> str:
            return ids(answer.json()[0]["matches"][0]["result"])[0]

        last = time.monotonic() + _WITHIN_S
        while (answer := asked(3, list_id=list_id)).headers["Selene-Match-Exact"] == "true":
            assert "Selene-Match-Recall" not in answer.headers
            assert best(answer) == members[3]
            assert time.monotonic() < last
            time.sleep(0.1)
        assert 0.9 <= float(answer.headers["Selene-Match-Recall"]) <= 1.0
        assert best(answer) == members[3]
        assert asked(3).headers["Selene-Match-Exact"] == "true"
        new = enrolled(client, vector(approximate, 99))
        attach(client, list_id, new)
        assert best(asked(99, list_id=list_id)) == new
        assert client.delete(f"/6/faces/{members[3]}").status_code == 204
        assert best(asked(3, list_id=list_id)) != members[3]
