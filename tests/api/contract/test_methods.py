"""HEAD beside every GET, OPTIONS everywhere, and CORS, on all four services."""

from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import httpx
import pytest

from tests.support.postgres import Databases
from tests.support.running_api import RunningApi, running_api

MOUNTS = {"api": "", "streams": "/streams", "sender": "/sender", "tracking": "/tracking"}
PAGE = "https://page.example"
SOME_ID = "3b1e4ad6-8c6f-4a5f-9d4d-0b5b8b0f3f8e"


@pytest.fixture(scope="module")
def open_api(
    databases: Databases, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningApi]:
    """An API that pages of one origin may call."""
    directory: Path = tmp_path_factory.mktemp("open")
    with databases.fresh() as dsn, running_api(dsn, directory, cors_origins=[PAGE]) as api:
        yield api


@pytest.mark.parametrize("service", MOUNTS)
def test_every_path_tells_its_methods_to_pages(open_api: RunningApi, service: str) -> None:
    asked = {"Origin": PAGE, "Access-Control-Request-Method": "GET"}
    with httpx.Client(base_url=open_api.url + MOUNTS[service], timeout=60) as client:
        spec = "/6/docs/spec" if service == "api" else "/1/docs/spec"
        document = client.get(spec, headers={"Accept": "application/json"}).json()
        assert document["paths"]
        for path, item in document["paths"].items():
            url = path.replace("{samples_type}", "faces")
            while "{" in url:
                before, _, rest = url.partition("{")
                url = f"{before}{SOME_ID}{rest.partition('}')[2]}"
            answer = client.options(url, headers=asked)
            assert (answer.status_code, answer.content) == (200, b""), path
            allowed = set(answer.headers["allow"].split(", "))
            shown = {method.upper() for method in item} - {"PARAMETERS"}
            both = path.count("/") == 3 and "/samples/" in path  # a type or an id may follow
            assert allowed == shown or (both and allowed > shown), path
            assert ("GET" in allowed) <= ("HEAD" in allowed), path
            assert answer.headers["access-control-allow-origin"] == PAGE
            exposed = set(answer.headers["access-control-expose-headers"].split(", "))
            assert {"Luna-Request-Id", "Location", "Allow"} <= exposed
            if service == "api":
                assert {"Selene-Position", "Selene-Models"} <= exposed


def test_head_says_what_get_says_without_its_body(open_api: RunningApi) -> None:
    with open_api.client(UUID(SOME_ID)) as client:
        for path in ("/6/faces", "/6/lists/count", "/6/events", "/6/handlers", "/version"):
            got, headed = client.get(path), client.head(path)
            assert (headed.status_code, headed.content) == (got.status_code, b"")
            assert headed.headers["content-length"] == got.headers["content-length"]


def test_refusals_are_readable_by_pages_too(open_api: RunningApi) -> None:
    answer = httpx.post(f"{open_api.url}/6/faces", json={}, headers={"Origin": PAGE}, timeout=60)
    assert answer.status_code == 403
    assert answer.headers["access-control-allow-origin"] == PAGE
    elsewhere = {"Origin": "https://other.example"}
    other = httpx.get(f"{open_api.url}/version", headers=elsewhere, timeout=60)
    assert "access-control-allow-origin" not in other.headers
