"""Every JSON body and every JSON answer in the served documents has an example that is valid."""

import json
import tempfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import jsonschema  # type: ignore[import-untyped]
import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute, iter_route_contexts
from pydantic import TypeAdapter
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

from api.bootstrap import build
from api.settings import Settings

SERVICES = ("api", "streams", "sender", "tracking")


class Shown(NamedTuple):
    """An example, and the schema that it must have."""

    where: str
    schema: Any
    example: Any


@cache
def apps() -> dict[str, FastAPI]:
    with tempfile.TemporaryDirectory() as directory:
        made = build(Settings(data_dir=Path(directory)), "postgresql:///nowhere")
    return {name: getattr(made, name) for name in SERVICES}


def shown(document: Any) -> Iterator[Shown]:
    for path, item in document["paths"].items():
        for method, operation in item.items():
            parts = {"body": operation.get("requestBody", {})}
            parts |= {s: a for s, a in operation.get("responses", {}).items() if s[0] == "2"}
            for part, told in parts.items():
                content = told.get("content", {}).get("application/json", {})
                if content.get("schema"):
                    where = f"{method} {path} {part}"
                    yield Shown(where, content["schema"], content.get("example", "no example"))


@pytest.mark.parametrize("service", SERVICES)
def test_examples_are_what_their_schemas_say(service: str) -> None:
    document = json.loads(json.dumps(apps()[service].openapi()).replace('"#/', '"urn:all#/'))
    whole = Resource.from_contents(document, default_specification=DRAFT202012)
    registry = Registry().with_resource("urn:all", whole)  # the whole is looked through once
    wrong = {}
    for one in shown(document):
        validator = jsonschema.Draft202012Validator(one.schema, registry=registry)
        found = validator.iter_errors(one.example)
        if problems := [f"{error.json_path}: {error.message}" for error in found]:
            wrong[one.where] = problems[:3]

    assert wrong == {}


@pytest.mark.parametrize("service", SERVICES)
def test_examples_of_bodies_are_taken_by_their_routes(service: str) -> None:
    app = apps()[service]
    examples = {one.where: one.example for one in shown(app.openapi())}
    wrong = {}
    for context in iter_route_contexts(app.routes):
        route = context.original_route
        if not isinstance(route, APIRoute) or route.body_field is None:
            continue
        for method in context.methods or ():
            where = f"{method.lower()} {context.path_format} body"
            if where not in examples:
                continue
            try:
                TypeAdapter(route.body_field.field_info.annotation).validate_python(examples[where])
            except ValueError as refused:
                wrong[where] = str(refused)[:300]

    assert wrong == {}
