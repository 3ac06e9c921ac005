"""Every operation that is done grants and refuses what the contract says, in its forms."""

import re
from collections.abc import Sequence
from typing import Any

import httpx
import msgpack
import pytest

from tests.api.contract.asking import MSGPACK, World
from tests.api.contract.cases import ELSEWHERE, EVERYWHERE, Case, refusals, variants
from tests.api.contract.operations import Operation, operations
from tests.api.contract.requests import GRANTED, granted
from tests.support.contract_schemas import CONTRACT, needs_contract, problems
from tests.support.shared import needs_media, needs_models
from tests.support.waiting import until

pytestmark = [needs_contract, needs_media, needs_models]

Clients = dict[str, httpx.Client]
ALL = operations() if CONTRACT.is_file() else ()
CASES = [(operation, case) for operation in ALL for case in refusals(operation)]
VARIANTS = [(operation, *one) for operation in ALL for one in variants(operation)]


def _ids(rows: list[Any]) -> list[str]:
    return [f"{row[0].key}-{row[1].name if isinstance(row[1], Case) else row[1]}" for row in rows]


def _value(answer: httpx.Response) -> Any:
    kind = answer.headers.get("content-type", "").partition(";")[0]
    return msgpack.unpackb(answer.content, timestamp=3) if kind == MSGPACK else answer.json()


ENDLESS = {"previewLiveProxy", "previewLiveProxyV2"}
"""What is answered for as long as a stream goes on; tests of the agent watch one."""


MEANT = {
    r"postStreamsFeedback(V2)?": (
        r"\$\.streams\.modified\[\d+\]\.version: 0 is less than the minimum of 1",
        "a stream that was removed has version 0; the contract says both",
    ),
    r"getStreamsFromQueueV2": (
        r"\$\.streams\[\d+\]: '(event_handler|policies)' is a required property",
        "these are in data.analytics in the second generation; the contract repeats the first",
    ),
}
"""Where answers differ from the contract, by operation, with the reason."""


def _meant(operation: Operation, problem: str) -> bool:
    return any(
        re.fullmatch(names, operation.name) and re.fullmatch(pattern, problem)
        for names, (pattern, _) in MEANT.items()
    )


@pytest.mark.parametrize("form", ["json", "msgpack"])
@pytest.mark.parametrize("operation", ALL, ids=lambda one: one.key)
def test_granted(operation: Operation, form: str, request: pytest.FixtureRequest) -> None:
    if operation.name in ENDLESS:
        pytest.skip("lasts as long as its stream")
    world: World = request.getfixturevalue("fresh" if operation.changes else "world")
    asked = granted(operation, world)
    if form == "msgpack":
        if operation.path.endswith(("/config", "/docs/spec", "/result")):
            pytest.skip("answers in forms of its own")
        asked = asked.packed()

    answer = asked.sent(world.client, operation.method)
    statuses = {str(one.status_code) for one in (answer, *answer.history)}

    known = f"add {operation.key} to GRANTED" if operation.key not in GRANTED else ""
    assert answer.status_code < 400, (known, answer.text)
    assert re.fullmatch(r"[0-9]{10},[0-9a-f-]{36}", answer.headers["luna-request-id"])
    if not operation.told:
        return
    told = operation.answers()
    assert statuses & told.keys(), "the status is not in the contract"
    expected = told[max(statuses & told.keys())]
    for header in expected.get("headers", {}):
        assert header.lower() in answer.headers, header
    content = expected.get("content", {})
    kind = answer.headers.get("content-type", "").partition(";")[0]
    if answer.status_code == 204 or operation.method in ("HEAD", "OPTIONS"):
        assert not answer.content
    elif "application/json" not in content or (len(content) > 1 and kind in content):
        assert kind in content or not content
    else:
        assert kind == (MSGPACK if form == "msgpack" else "application/json")
        schema = content["application/json"].get("schema", {})
        found = problems(schema, _value(answer), operation.service)
        assert [one for one in found if not _meant(operation, one)] == []


@pytest.mark.parametrize(("operation", "case"), CASES, ids=_ids(CASES))
def test_refused(operation: Operation, case: Case, world: World, clients: Clients) -> None:
    asking = list(case.wrong(granted(operation, world), world))
    # What works in the background may write beside it, but not each time.
    assert any(_changed_nothing(operation, case, asking, world, clients) for _ in range(5))


def _changed_nothing(
    operation: Operation, case: Case, asking: Sequence[Any], world: World, clients: Clients
) -> bool:
    """Whether all was refused as it should be, and the log stayed where it was."""
    _wait_for_tasks(world)
    before = _position(world)
    unlike = []
    for asked, told in asking:
        answer = asked.sent(clients[case.who], operation.method)
        if operation.method == "HEAD":
            said: Any = (answer.status_code,)
            right = answer.status_code == told.status
        else:
            body = answer.json() if answer.status_code >= 400 else {}
            said = (answer.status_code, body.get("error_code"), body.get("detail"))
            matched = re.fullmatch(told.detail, str(said[2]), re.DOTALL)
            right = said[:2] == told[:2] and matched is not None
        if not right:
            unlike.append((said, told, asked.url, asked.params, asked.json))

    assert not unlike, f"{len(unlike)} unlike, the first: {unlike[0]}"
    return _position(world) == before


def _position(world: World) -> dict[str, Any]:
    """Where the log is, and how much there is that is in no log."""
    query = (
        "SELECT position, (SELECT count(*) FROM temporary_attributes) AS attributes FROM log_head"
    )
    return dict(world.api.services.reader.fetch_one(query) or {})


def _wait_for_tasks(world: World) -> None:
    """Tasks that other tests gave change what there is until they have ended."""
    for status in (0, 1, 4):
        query = {"task_status": status}
        until(lambda q=query: not world.client.get("/6/tasks/count", params=q).json()["count"])


@pytest.mark.parametrize(("operation", "name", "made"), VARIANTS, ids=_ids(VARIANTS))
def test_right_side_of_bounds(operation: Operation, name: str, made: Any, world: World) -> None:
    unlike = []
    for asked, place in made(granted(operation, world)):
        answer = asked.sent(world.client, operation.method)
        if answer.status_code in (400, 500) and operation.method != "HEAD":
            told = answer.json()
            blamed = re.search(r"Path: '(.*?)',|parameters '(.*)'", told["detail"])
            names = (blamed[1] or blamed[2] or "").split(", ") if blamed else []
            if told["error_code"] == 1 or place in names:
                unlike.append((told["detail"], asked.params, asked.json))

    assert not unlike, f"{len(unlike)} unlike, the first: {unlike[0]}"


def test_every_listed_error_is_provoked() -> None:
    silent = []
    for operation in ALL:
        provoked = {(case.told.status, case.told.code) for case in refusals(operation)}
        for error in operation.errors():
            known = (operation.key, error.code) in ELSEWHERE
            known |= (operation.service, error.code) in EVERYWHERE
            if (error.status, error.code) not in provoked and not known:
                silent.append((operation.key, *error[:2]))

    assert silent == []
