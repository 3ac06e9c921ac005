"""Bodies and answers about faces, lists, attributes and files are those of the contract."""

from typing import Any

import httpx
import pytest
from pydantic import TypeAdapter

from api.openapi import document_of
from api.schemas.attributes import AttributeData, FaceAttributeInput
from api.schemas.faces import FaceCreate, FacePatch
from api.schemas.lists import ListCreate
from tests.api.files import KINDS, Kind
from tests.api.people import new_face, new_list, raw_descriptor, some_id
from tests.support.contract_schemas import (
    assert_contract,
    contract,
    contract_schema,
    differences,
    needs_contract,
    plain,
)
from tests.support.running_api import RunningApi

pytestmark = needs_contract

OURS = (
    "/6/faces", "/6/lists", "/6/attributes", "/6/samples", "/5/samples", "/6/images", "/6/objects",
)  # fmt: skip


def schema_of(kind: Any) -> Any:
    """The JSON schema of what a body is validated against."""
    schema = TypeAdapter(kind).json_schema()
    return plain(schema, schema)


VERSIONS = {  # the contract lists the versions of the original's networks, we have our own
    f"{path}{place}.version: enum None, contract [46, 52, 54, 56, 57, 58, 59]"
    for path in ("", ".attribute")
    for place in (".face_descriptors[]",)
}


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("FaceCreate", FaceCreate),
        ("FacePatch", FacePatch),
        ("ListUserData", ListCreate),
        ("FaceAttributeInput", FaceAttributeInput),
        ("AttributeData", AttributeData),
    ],
)
def test_bodies_are_those_of_the_contract(name: str, kind: Any) -> None:
    found = set(differences(schema_of(kind), contract_schema(name)))
    assert {text for text in found - VERSIONS if not text.startswith("+")} == set()


def test_answers_are_those_of_the_contract(client: httpx.Client, running: RunningApi) -> None:
    staff = new_list(client, user_data="staff")
    sample = some_id()
    attribute: dict[str, Any] = {
        "face_descriptors": [raw_descriptor(running)],
        "basic_attributes": {"age": 3, "gender": 0, "ethnicity": 1},
        "face_descriptor_samples": [sample],
        "basic_attributes_samples": [sample],
    }
    full = new_face(
        client, user_data="Ann", avatar="/a", event_id=some_id(), lists=[staff], attribute=attribute
    )
    bare = new_face(client)
    made = client.post("/6/attributes", json=attribute).json()
    assert_contract("AttributeCreated", made)
    assert_contract("Attribute", client.get(made["url"]).json())
    assert_contract("SamplesOfAttribute", client.get(f"{made['url']}/samples").json())
    for face_id in (full, bare):
        assert_contract("Face", client.get(f"/6/faces/{face_id}").json())
        found = client.get(f"/6/faces/{face_id}/attributes").json()
        assert_contract("FaceAttributes", found["attributes"])
        samples = client.get(f"/6/faces/{face_id}/attributes/samples").json()
        assert_contract("SamplesOfAttribute", samples)
    for face in client.get("/6/faces").json()["faces"]:
        assert_contract("Face", face)
    for found in client.get("/6/lists").json()["lists"]:
        assert_contract("List", found)
    assert_contract("List", client.get(f"/6/lists/{staff}").json())
    assert_contract("Error", client.get(f"/6/faces/{some_id()}").json())
    assert_contract("Error", client.post("/6/faces", json=5).json())


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        (KINDS["face"], "SampleCreated"),
        (KINDS["image"], "ImageCreated"),
        (KINDS["object"], "ObjectCreated"),
    ],
)
def test_stored_files_are_answered_as_the_contract_says(
    client: httpx.Client, kind: Kind, name: str
) -> None:
    headers = {"Content-Type": kind.content_type}
    made = client.post(kind.made_at, content=kind.data, headers=headers)
    assert_contract(name, made.json())


def parameters(document: Any, item: Any, operation: Any) -> dict[tuple[str, str], bool]:
    """Place and name of every parameter, and whether it is required."""
    found = {}
    for given in (*item.get("parameters", ()), *operation.get("parameters", ())):
        one = given
        while "$ref" in one:
            target: Any = document
            for part in one["$ref"].removeprefix("#/").split("/"):
                target = target[part]
            one = target
        found[one["in"], one["name"].lower()] = bool(one.get("required"))
    return found


def test_the_document_has_every_operation_with_its_parameters(running: RunningApi) -> None:
    document = document_of(running.app)
    missing: list[str] = []
    for path, item in contract()["paths"].items():
        if not path.startswith(OURS):
            continue
        ours = document["paths"].get(path, {})
        for method, wanted in item.items():
            if method not in ("get", "post", "put", "patch", "delete", "head", "options"):
                continue
            where = f"{method} {path}"
            found = ours.get(method)
            if found is None or found["operationId"] != wanted["operationId"]:
                missing.append(where)
                continue
            theirs = parameters(contract(), item, wanted)
            mine = parameters(document, ours, found)
            if method not in ("head", "options"):
                theirs.pop(("header", "accept"), None)  # negotiated for every operation
                missing += [f"{where}: {key}" for key in theirs if theirs[key] != mine.get(key)]
            bodies = wanted.get("requestBody", {}).get("content", {}).keys()
            has = found.get("requestBody", {}).get("content", {}).keys()
            missing += [f"{where}: {kind}" for kind in bodies - has]
            good = {s for s in wanted["responses"] if s.startswith("2")}
            missing += [f"{where}: {status}" for status in good - found["responses"].keys()]
    assert missing == []
