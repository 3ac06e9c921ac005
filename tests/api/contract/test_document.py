"""The document that is served, beside the contract: what it says less or otherwise, and why."""

from collections.abc import Iterable, Iterator
from typing import Any

import httpx
import pytest

from api.errors import CATALOGUE
from tests.api.contract.asking import World
from tests.api.contract.operations import Operation, operations
from tests.support.contract_schemas import (
    CONTRACT,
    document,
    needs_contract,
    plain,
)
from tests.support.shared import needs_media, needs_models

pytestmark = [needs_contract, needs_media, needs_models]

ALL = [one for one in operations() if one.told] if CONTRACT.is_file() else []
TELLING = ("enum", "minimum", "maximum", "maxLength", "minItems", "maxItems", "default")

DOCUMENTS = {
    "api": "/6/docs/spec",
    "sender": "/sender/1/docs/spec",
    "streams": "/streams/1/docs/spec",
}
"""Where each service serves its document."""

MEANT = {
    "descriptor_version": "versions are those of the models in use",
    "task_type": "newer clients know one more",
    "targets": "without targets all fields are shown, and the same is answered",
    "longitude_delta": "it means something only beside an origin, and is 0.01 then",
    "latitude_delta": "it means something only beside an origin, and is 0.01 then",
    "names": "the default is that of a stream's name; no filter has it",
    "page": "pages are numbered as far as the database counts",
    "status 413": "every operation may say so; the answer named default stands for it",
    "status 500": "every operation may say so; the answer named default stands for it",
    "status 415": "told for all documents at once by the answer named default",
    "status 400": "every operation may say so; the answer named default stands for it",
    "status 403": "every operation may say so; the answer named default stands for it",
    "status 404": "every operation may say so; the answer named default stands for it",
    "status 202": "work that would be left for later is done at once here",
    "header Content-Type": "the body says of which types it may be",
    "header Accept": "every operation may be asked for another form",
    "header Luna-Account-Id": "readers may leave the account out; OPTIONS needs none",
}
"""What may differ everywhere: parameters, statuses and headers, each with the reason."""

MEANT_AT = {
    ("healthcheckRedirect", "status 200"): "the redirect is told, not where it leads",
    ("healthcheckRedirect", "status 502"): "the redirect is told, not where it leads",
    ("healthcheckRedirect", "query include_luna_services"): "it is passed on whole",
    **dict.fromkeys(
        (
            ("sender.getDevManual", "status 200"),
            ("streams.getDevManual", "status 200"),
            ("streams.getDevManualV2", "status 200"),
        ),
        "the redirect is told, not where it leads",
    ),
}
"""What differs at one operation."""


@pytest.fixture(scope="module")
def served(world: World) -> dict[str, Any]:
    """The documents of the services, as they are served."""
    url = world.api.url
    return {
        name: httpx.get(url + path, headers={"Accept": "application/json"}, timeout=60).json()
        for name, path in DOCUMENTS.items()
    }


@pytest.mark.parametrize("operation", ALL, ids=lambda one: one.key)
def test_served_beside_contract(operation: Operation, served: dict[str, Any]) -> None:
    whole = served[operation.service]
    ours = whole["paths"][operation.path][operation.method.lower()]

    assert ours["operationId"] == operation.name
    assert ours.get("summary") or ours.get("description")
    found = list(_differences(operation, ours, whole))
    meant = {what for key, what in MEANT_AT if key == operation.key}
    assert [one for one in found if one[0] not in MEANT and one[0] not in meant] == []


def _differences(operation: Operation, ours: Any, whole: Any) -> Iterator[tuple[str, str]]:
    """Pairs of where and what; a parameter's name alone stands for its values."""
    mine = plain(ours.get("parameters", []), whole)
    for place in ("path", "query", "header"):
        by_name = {one["name"].lower(): one for one in mine if one["in"] == place}
        for name, theirs in operation.parameters(place).items():
            given = by_name.get(name.lower())
            if given is None:
                yield f"{place} {name}", "is not served"
                continue
            if bool(given.get("required")) != bool(theirs.get("required")):
                yield f"{place} {name}", f"required is {given.get('required')}"
            if place == "query":
                yield from ((name, text) for text in _values(given["schema"], theirs["schema"]))
    for status in operation.answers().keys() - ours["responses"].keys():
        yield f"status {status}", "is not served"
    told = operation.told.get("requestBody", {})
    given = ours.get("requestBody", {})
    for kind in told.get("content", {}).keys() - given.get("content", {}).keys():
        yield f"body {kind}", "is not served"


def _values(ours: Any, theirs: Any) -> Iterator[str]:
    """What two schemas of a parameter say differently; ours may bound what theirs does not."""
    if "items" in theirs and "items" in ours:
        yield from _values(ours["items"], theirs["items"])
    elif "items" in ours:  # one value is a list of one
        ours = ours["items"]
    options = ours.get("anyOf") or [ours]
    nearest = next((one for one in options if one.get("type") == theirs.get("type")), ours)
    for key in TELLING:
        if key == "enum" and key in theirs:
            permitted = {value for one in options for value in _permitted(one)}
            if not permitted >= set(theirs["enum"]):  # newer clients know more of some
                yield f"enum is {permitted}, contract {theirs['enum']}"
        elif key in theirs and nearest.get(key, ours.get(key)) != theirs[key] and theirs[key] != 0:
            yield f"{key} is {nearest.get(key)}, contract {theirs[key]}"


def _permitted(schema: Any) -> Iterable[Any]:
    """The values of an enum, or the whole numbers between two bounds."""
    if "minimum" in schema and "maximum" in schema and schema.get("type") == "integer":
        return range(schema["minimum"], schema["maximum"] + 1)
    return list(schema.get("enum", [schema.get("const")]))


def test_documents_are_served_as_yaml_and_as_a_page(world: World) -> None:
    for path in DOCUMENTS.values():
        for form in ("application/x-yaml", "text/html"):
            answer = httpx.get(world.api.url + path, headers={"Accept": form}, timeout=60)
            assert answer.status_code == 200
            assert answer.headers["content-type"].startswith(form)
    assert document("api")["openapi"]


def test_links_of_errors_lead_to_pages_that_say_what_to_do(world: World) -> None:
    for kind, entry in CATALOGUE.items():
        answer = world.client.get(f"/docs/errors/{entry.code}")
        assert answer.status_code == 200, kind
        assert str(entry.status) in answer.text
        assert "What to do" in answer.text
