"""Whatever is sent, good or bad, is answered by the catalogue and in the announced forms."""

import csv
from collections.abc import Callable
from functools import cache
from http import HTTPStatus
from typing import Any
from uuid import UUID

import httpx
import msgpack
import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
)

from api.errors import CATALOGUE
from tests.api.belongings import belongings
from tests.support.contract_schemas import document, needs_contract
from tests.support.running_api import RunningApi, headers_of
from tests.support.shared import ROOT

OPERATIONS = ROOT / "tests" / "architecture" / "luna_operations.csv"
CODES = {(entry.status, entry.code) for entry in CATALOGUE.values()}
NOT_IMPLEMENTED = HTTPStatus.NOT_IMPLEMENTED  # the model pack in use lacks what was asked for
_UNLIKE_REQUESTS = {"wsHandshake", "generalConnect"}
_FEW, _MANY = 3, 40

# Schemathesis shuffles with the random module where it makes wrong bodies of several types.
pytestmark = pytest.mark.filterwarnings("ignore::hypothesis.errors.HypothesisDeprecationWarning")

Case = schemathesis.Case[Any]
Check = Callable[[Case, schemathesis.Response], None]


MOUNTED = {"api": "", "streams": "/streams", "sender": "/sender"}
DOCUMENTS = {"api": "/6/docs/spec", "streams": "/1/docs/spec", "sender": "/1/docs/spec"}

Place = tuple[str, str, str]
"""Service, method and path."""


def _served(*sources: str) -> list[Place]:
    """The operations that are done."""
    with OPERATIONS.open() as file:
        return [
            (row["service"], row["method"], row["path"])
            for row in csv.DictReader(file)
            if row["service"] in MOUNTED and row["status"] == "done" and row["source"] in sources
            if row["method"] != "OPTIONS" and row["operation_id"] not in _UNLIKE_REQUESTS
        ]


def _without(generation: str, places: list[Place]) -> list[Place]:
    """The operations but for those of a generation of streams; the others are much the same."""
    left_out = f"/{generation}/"
    return [one for one in places if one[0] != "streams" or not one[2].startswith(left_out)]


EVERYTHING = _served("contract", "client", "selene")
OURS = _without("1", EVERYTHING)
_NOT_MADE = {("api", "POST", "/6/liveness")}
"""What schemathesis cannot make of the contract: forms whose required part is a file."""
THEIRS = [one for one in _without("2", _served("contract")) if one not in _NOT_MADE]


@pytest.fixture(scope="module")
def served(running: RunningApi) -> Any:
    """The documents that the services serve."""
    found = {}
    for service, path in DOCUMENTS.items():
        url = running.url + MOUNTED[service] + path
        answer = httpx.get(url, headers={"Accept": "application/json"}, timeout=60)
        assert answer.status_code == 200, answer.text
        found[service] = schemathesis.openapi.from_dict(answer.json())
    return found


@cache
def _published(service: str) -> Any:
    return schemathesis.openapi.from_dict(document(service))


@pytest.fixture
def mine(account_id: UUID) -> dict[str, str]:
    """The headers of the account."""
    return headers_of(account_id)


@pytest.fixture
def known(client: httpx.Client, running: RunningApi) -> dict[str, str]:
    """One thing of every kind in the account, by the name of its id in paths."""
    return belongings(client, running)


def _catalogued(case: Case, response: schemathesis.Response) -> None:
    """No 500, and every refusal is an entry of the catalogue in the form of errors."""
    assert response.status_code < 500 or response.status_code == NOT_IMPLEMENTED, response.content
    if response.status_code < 400 or case.method == "HEAD":
        return
    packed = "application/msgpack" in response.headers["content-type"]
    told = msgpack.unpackb(response.content) if packed else response.json()
    assert told.keys() >= {"error_code", "desc", "detail", "link"}, told
    assert (response.status_code, told["error_code"]) in CODES, told
    assert told["detail"], told


def _as_announced(case: Case, response: schemathesis.Response) -> None:
    _catalogued(case, response)
    checks = [content_type_conformance, response_schema_conformance]
    case.validate_response(response, checks=checks)


def _url(api: RunningApi, service: str) -> str:
    return api.url + MOUNTED[service]


def _fuzz(
    url: str, operation: Any, mine: dict[str, str], known: dict[str, str], check: Check,
    examples: int,
) -> None:  # fmt: skip
    """Ask one operation with values that its document allows and with others.

    Half of the requests are the account's own and name things that it has.
    """

    @given(case=_cases(operation), own=st.booleans())
    @settings(
        max_examples=examples, deadline=None, database=None, derandomize=True,
        suppress_health_check=list(HealthCheck), report_multiple_bugs=False,
    )  # fmt: skip
    def ask(case: Case, own: bool) -> None:
        if own:
            names = case.path_parameters.keys() & known.keys()
            case.path_parameters.update({name: known[name] for name in names})
        check(case, case.call(base_url=url, headers=mine if own else None, timeout=60))

    ask()


def _cases(operation: Any) -> st.SearchStrategy[Case]:
    good: st.SearchStrategy[Case] = operation.as_strategy(generation_mode=GenerationMode.POSITIVE)
    bad: st.SearchStrategy[Case] = operation.as_strategy(generation_mode=GenerationMode.NEGATIVE)
    return good | bad


@pytest.mark.parametrize(("service", "method", "path"), OURS)
def test_every_answer_is_as_our_document_says(
    running: RunningApi, served: Any, mine: dict[str, str], known: dict[str, str],
    service: str, method: str, path: str,
) -> None:  # fmt: skip
    _fuzz(_url(running, service), served[service][path][method], mine, known, _as_announced, _FEW)


@needs_contract
@pytest.mark.parametrize(("service", "method", "path"), THEIRS)
def test_nothing_in_the_contract_breaks_us(
    running: RunningApi, mine: dict[str, str], known: dict[str, str], service: str, method: str,
    path: str,
) -> None:  # fmt: skip
    _fuzz(_url(running, service), _published(service)[path][method], mine, known, _catalogued, _FEW)


@pytest.mark.slow
@pytest.mark.parametrize(("service", "method", "path"), EVERYTHING)
def test_many_answers_are_as_our_document_says(
    running: RunningApi, served: Any, mine: dict[str, str], known: dict[str, str],
    service: str, method: str, path: str,
) -> None:  # fmt: skip
    _fuzz(_url(running, service), served[service][path][method], mine, known, _as_announced, _MANY)
