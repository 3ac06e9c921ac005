"""The served document says what the service does."""

from collections.abc import Iterator
from typing import Any

import pytest
from fastapi import APIRouter

from api.app_kit import Kit, build_app
from api.openapi import document_of
from tests.api.kit.toy import SYSTEM, toy


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    """The document of the toy service."""
    return document_of(toy())


def parameters(document: dict[str, Any], path: str, method: str) -> dict[str, Any]:
    """The parameters of an operation by name."""
    listed = document["paths"][path][method]["parameters"]
    return {one["name"]: one for one in listed if "name" in one}


def test_operations_are_named_after_their_functions(document: dict[str, Any]) -> None:
    named = {
        (path, method): operation["operationId"]
        for path, item in document["paths"].items()
        for method, operation in item.items()
    }
    assert named["/6/things", "post"] == "createThing"
    assert named["/6/things/{thing_id}", "get"] == "getThing"
    assert named["/6/things/{thing_id}", "head"] == "checkThing"
    assert named["/6/things/{thing_id}", "options"] == "optionsThing"
    assert named["/6/things", "options"] == "optionsThings"
    assert named["/6/things/count", "options"] == "optionsThingsCount"
    assert named["/6/config", "get"] == "getConfig"


def test_acronyms_are_written_as_in_the_contract() -> None:
    router = APIRouter()

    @router.post("/6/tasks/gc")
    async def create_gc_task() -> None: ...

    @router.post("/6/tasks/roc")
    async def create_roc_task() -> None: ...

    @router.post("/6/detector")
    async def detect_faces() -> None: ...

    paths = build_app("T", [router], Kit(system=SYSTEM)).openapi()["paths"]
    assert paths["/6/tasks/gc"]["post"]["operationId"] == "createGCTask"
    assert paths["/6/tasks/gc"]["options"]["operationId"] == "optionsGCTask"
    assert paths["/6/tasks/roc"]["post"]["operationId"] == "createROCTask"
    assert paths["/6/detector"]["options"]["operationId"] == "optionsDetector"


@pytest.mark.parametrize("method", ["get", "head"])
def test_lists_in_queries_are_separated_by_commas(document: dict[str, Any], method: str) -> None:
    wanted = parameters(document, "/6/things", method)
    assert wanted["sizes"]["explode"] is True
    assert wanted["thing_ids"]["style"] == "form"
    assert wanted["thing_ids"]["explode"] is False
    assert wanted["thing_ids"]["schema"]["items"] == {"type": "string", "format": "uuid"}
    assert "explode" not in wanted["page"]
    assert wanted["page_size"]["schema"]["maximum"] == 100


def test_the_account_is_required_where_things_change(document: dict[str, Any]) -> None:
    changing = parameters(document, "/6/things", "post")["Luna-Account-Id"]
    reading = parameters(document, "/6/things", "get")["Luna-Account-Id"]
    assert (changing["required"], reading["required"]) == (True, False)
    assert "x-required" not in str(document)
    assert reading["schema"]["type"] == "string"
    assert reading["schema"]["format"] == "uuid"


def test_every_operation_takes_a_request_id(document: dict[str, Any]) -> None:
    for item in document["paths"].values():
        for operation in item.values():
            assert {"$ref": "#/components/parameters/LunaRequestId"} in operation["parameters"]


def test_both_forms_of_bodies_are_announced(document: dict[str, Any]) -> None:
    operation = document["paths"]["/6/things"]["post"]
    both = {"application/json", "application/msgpack"}
    assert set(operation["requestBody"]["content"]) == both
    assert set(operation["responses"]["201"]["content"]) == both
    assert operation["responses"]["default"] == {"$ref": "#/components/responses/AnyError"}
    assert document["components"]["schemas"]["ErrorBody"]["required"]


def test_every_reference_leads_somewhere(document: dict[str, Any]) -> None:
    def references(value: Any) -> Iterator[str]:
        if isinstance(value, dict):
            for key, inner in value.items():
                if key == "$ref":
                    yield inner
                else:
                    yield from references(inner)
        elif isinstance(value, list):
            for inner in value:
                yield from references(inner)

    for reference in set(references(document)):
        found: Any = document
        for part in reference.removeprefix("#/").split("/"):
            found = found[part]


def test_answers_that_are_never_given_are_not_announced(document: dict[str, Any]) -> None:
    assert "422" not in str(document)
    assert "HTTPValidationError" not in document["components"]["schemas"]


def test_flags_and_times_have_the_schema_of_the_contract(document: dict[str, Any]) -> None:
    thing = next(
        schema
        for name, schema in document["components"]["schemas"].items()
        if name.startswith("Thing") and "flag" in schema["properties"]
    )["properties"]
    assert thing["flag"]["enum"] == [0, 1]
    assert {"type": "string", "format": "date-time"} in thing["time"]["anyOf"]
    assert thing["user_data"]["maxLength"] == 128
