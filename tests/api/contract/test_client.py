"""Each method of the reference client finds its operation: call, status, shape, parameters."""

from dataclasses import replace
from typing import Any

import pytest

from tests.api.contract.asking import World
from tests.api.contract.client import TABLE, Method, methods, unlike
from tests.api.contract.requests import granted
from tests.api.files import KINDS
from tests.support.contract_schemas import CONTRACT, plain
from tests.support.shared import needs_media, needs_models

pytestmark = [needs_media, needs_models]

METHODS = tuple(methods()) if TABLE.is_file() and CONTRACT.is_file() else ()
each_method = pytest.mark.parametrize("method", METHODS, ids=lambda one: one.name)

OWN_NAMES = {
    "getConfig": "sections are named after what this service has",
    "getFeatures": "roles are named after what the model pack may hold",
    "getVersion": "services are named after what runs here",
    "testConnection": "services are named after what runs here",
}
"""Methods whose answers are named after the original's parts."""


UNASKED = {"image_estimations"}
"""What is only there for those who ask for it."""


@pytest.fixture(scope="module")
def document(world: World) -> Any:
    """The document that the API serves."""
    return world.api.app.openapi()


OTHER_STATUS = {"cancelTask": "204, as the contract says; the client shows 200"}


@each_method
def test_call(method: Method, request: pytest.FixtureRequest) -> None:
    changes = method.operation.changes
    world: World = request.getfixturevalue("fresh" if changes else "world")
    asked = granted(method.operation, world)
    if "/bodies" in method.path and "samples" in method.path:
        asked = _of_bodies(method, world)

    answer = asked.sent(world.client, method.operation.method)

    statuses = {one.status_code for one in (answer, *answer.history)}
    assert statuses & method.statuses or method.name in OTHER_STATUS, answer.text
    if method.shape is not None and method.name not in OWN_NAMES:
        absent = set(unlike(answer.json(), method.shape))
        assert {one for one in absent if one.rpartition(".")[2] not in UNASKED} == set()


def _of_bodies(method: Method, world: World) -> Any:
    kind = KINDS["body"]
    asked = granted(method.operation, world)
    if method.operation.method == "POST":
        headers = {"Content-Type": kind.content_type}
        return replace(asked, url=kind.made_at, content=kind.data, headers=headers)
    return replace(asked, url=kind.read_at(kind.make(world.client)))


@each_method
def test_parameters(method: Method, document: Any) -> None:
    item = document["paths"][method.operation.path]
    told = item[method.operation.method.lower()]
    known = {one.get("name", "") for one in told.get("parameters", ())}
    known |= {name.replace("-", "_").lower() for name in known}
    absent = set(method.query) - known - OVERLOOKED - LEFT_OUT.keys()
    content = told.get("requestBody", {}).get("content", {})
    schema = plain(content.get("application/json", {}).get("schema", {}), document)
    if fields := set(_fields(schema)):
        absent |= set(method.body) - fields
    assert sorted(absent) == []


OVERLOOKED = {"account_id"}
"""Parameters that the client sends as headers."""

LEFT_OUT = {
    "ttl": "stored files live until they are removed",
    "with_meta": "images are stored without data of their own",
    "estimate_face_quality": "the detector of this generation has none; handlers and /sdk do",
    "face_occlusion_states": "no model tells occlusions of a face",
}
"""Parameters of newer clients that mean nothing here, with the reason."""


def _fields(schema: Any) -> list[str]:
    found = list(schema.get("properties", {}))
    for option in (*schema.get("anyOf", ()), *schema.get("oneOf", ())):
        found += _fields(option)
    return found
