"""Every request leaves one line, and everything said meanwhile bears its id."""

import httpx
import pytest
import structlog
from prometheus_client import CollectorRegistry
from structlog.testing import LogCapture
from structlog.typing import EventDict

from api.http.access_log import ROUTE, AccessLog, RequestMetrics
from api.http.request_id import add_request_id
from tests.api.kit.toy import THING

GIVEN = "1536751345,8b8b5937-2e9c-4e8b-a7a7-5caf86621b5a"


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch) -> list[EventDict]:
    """What is logged, as the last processor sees it."""
    captured = LogCapture()
    structlog.configure(
        processors=[add_request_id, captured],
        wrapper_class=structlog.make_filtering_bound_logger(0),
    )
    return captured.entries


@pytest.fixture(autouse=True)
def _restore() -> object:
    """Logging as it was."""
    before = structlog.get_config()
    yield
    structlog.configure(**before)


async def test_a_request_leaves_one_line_with_its_id(
    client: httpx.AsyncClient, lines: list[EventDict]
) -> None:
    headers = {"Luna-Request-Id": GIVEN}
    answer = await client.get(f"/6/things/{THING}?thing_ids=secret", headers=headers)

    assert len(lines) == 1
    line = lines[0]
    assert line["event"] == "request"
    assert line["request_id"] == GIVEN
    assert (line["method"], line["status"]) == ("GET", 200)
    assert line["path"] == f"/6/things/{THING}"
    assert line["route"] == "/6/things/{thing_id}"
    assert line["bytes"] == len(answer.content)
    assert isinstance(line["ms"], float)
    assert "secret" not in str(lines)


async def test_what_breaks_is_logged_whole_with_its_id(
    client: httpx.AsyncClient, lines: list[EventDict]
) -> None:
    await client.get("/6/things/broken/now", headers={"Luna-Request-Id": GIVEN})

    broken, request = lines
    assert isinstance(broken["exc_info"], KeyError)
    assert broken["request_id"] == request["request_id"] == GIVEN
    assert request["status"] == 500


async def test_lines_of_endpoints_on_threads_bear_the_id_too(
    client: httpx.AsyncClient, lines: list[EventDict]
) -> None:
    await client.get("/6/things/count", headers={"Luna-Request-Id": GIVEN})
    assert lines[-1]["request_id"] == GIVEN


@pytest.mark.parametrize(("status", "level"), [(200, "debug"), (400, "info")])
def test_what_workers_ask_every_second_is_told_only_when_it_fails(
    lines: list[EventDict], status: int, level: str
) -> None:
    path = "/2/streams/processing/queue"
    scope = {"type": "http", "method": "POST", "path": path, ROUTE: path}
    AccessLog(RequestMetrics(CollectorRegistry())).note(scope, status, 10, 0.01)
    assert [line["log_level"] for line in lines] == [level]
