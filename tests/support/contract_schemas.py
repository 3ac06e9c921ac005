"""The contract's schemas and examples, and what two schemas of one thing say differently."""

import json
import re
from collections.abc import Iterator
from functools import cache
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import orjson
import pytest
import yaml

from tests.support.shared import SHARED

FILES = {
    "api": "api.openapi.yaml",
    "streams": "streams.openapi.yaml",
    "sender": "sender.openapi.yaml",
    "tracking": "human_tracking.yaml",
}
CONTRACT = SHARED / "contract" / FILES["api"]
EXAMPLES = SHARED / "seeds" / "api.txt"

needs_contract = pytest.mark.skipif(not CONTRACT.is_file(), reason="the contract is not here")
needs_examples = pytest.mark.skipif(not EXAMPLES.is_file(), reason="the examples are not here")

Schema = dict[str, Any]

_BOUNDS = ("minimum", "maximum", "minLength", "maxLength", "minItems", "maxItems")


@cache
def document(service: str) -> Any:
    """The whole contract of a service."""
    with (SHARED / "contract" / FILES[service]).open() as file:
        return yaml.load(file, yaml.CSafeLoader)


def contract() -> Any:
    """The whole contract of the API."""
    return document("api")


def contract_schema(name: str) -> Schema:
    """One named schema with all references put in place."""
    found: Schema = plain(contract()["components"]["schemas"][name], contract())
    return found


def plain(schema: Any, document: Any) -> Any:
    """A schema without references, single alternatives and one-valued constants."""
    if isinstance(schema, list):
        return [plain(item, document) for item in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        target: Any = document
        for part in schema["$ref"].removeprefix("#/").split("/"):
            target = target[part]
        schema = {**target, **{k: v for k, v in schema.items() if k != "$ref"}}
    whole = {key: plain(value, document) for key, value in schema.items() if key != "$defs"}
    for part in whole.pop("allOf", ()):
        whole = _merged(part, whole)
    if "const" in whole:
        whole["enum"] = [whole.pop("const")]
    return _with_null(whole) if whole.pop("nullable", False) else whole


def _merged(base: Schema, more: Schema) -> Schema:
    """Both schemas at once; where they differ, the second says what is more."""
    whole = {**base, **more}
    for name in base.keys() & more.keys():
        if isinstance(base[name], dict) and isinstance(more[name], dict):
            whole[name] = _merged(base[name], more[name])
        elif name == "required":
            whole[name] = list(dict.fromkeys([*base[name], *more[name]]))
    return whole


def _with_null(schema: Schema) -> Schema:
    """The schema, or null, as the newer OpenAPI says it."""
    kinds = schema.get("type")
    if not isinstance(kinds, str):
        return {"anyOf": [schema, {"type": "null"}]}
    enum = {"enum": [*schema["enum"], None]} if "enum" in schema else {}
    return {**schema, **enum, "type": [kinds, "null"]}


def _modern(value: Any) -> Any:
    """A document of OpenAPI 3.0 in the words of JSON Schema."""
    if isinstance(value, list):
        return [_modern(item) for item in value]
    if not isinstance(value, dict):
        return value
    whole = {key: _modern(item) for key, item in value.items()}
    if whole.get("nullable") is True:
        whole.pop("nullable")
        return _with_null(whole)
    return whole


def alternatives(schema: Schema) -> tuple[list[Schema], bool]:
    """What a value may be besides null, and whether it may be null."""
    options = schema.get("anyOf") or schema.get("oneOf")
    if options is None:
        kinds = schema.get("type", [])
        kinds = kinds if isinstance(kinds, list) else [kinds]
        rest = [kind for kind in kinds if kind != "null"]
        return [{**schema, "type": rest[0] if rest else None}], "null" in kinds
    found = [alternatives(option) for option in options]
    rest = [one for options, _ in found for one in options if one["type"] is not None]
    return rest, any(null for _, null in found) or {"type": "null"} in options


def differences(ours: Schema, theirs: Schema, path: str = "") -> Iterator[str]:
    """Where our schema says something else than the contract's; ours may bound what theirs
    leaves open, which is reported with a plus sign."""
    mine, null = alternatives(ours)
    wanted, may_be_null = alternatives(theirs)
    if null != may_be_null:
        yield f"{path}: null {null}, contract {may_be_null}"
    if len(mine) != len(wanted):
        yield f"{path}: {len(mine)} alternatives, contract {len(wanted)}"
        return
    for one, other in zip(mine, wanted, strict=True):
        yield from _differences(one, other, path)
    if "default" in theirs and ours.get("default") != theirs["default"]:
        yield f"{path}: default {ours.get('default')}, contract {theirs['default']}"


def _differences(ours: Schema, theirs: Schema, path: str) -> Iterator[str]:
    for key in ("type", "enum", "pattern"):
        if key == "pattern" and ours.get("format") == "uuid":
            continue
        if ours.get(key) != theirs.get(key):
            yield f"{path}: {key} {ours.get(key)}, contract {theirs.get(key)}"
    for key in _BOUNDS:
        if ours.get(key) == theirs.get(key) or (key == "minItems" and not ours.get(key)):
            continue
        mark = "+" if key not in theirs else ""
        yield f"{mark}{path}: {key} {ours.get(key)}, contract {theirs.get(key)}"
    if "items" in theirs:
        yield from differences(ours["items"], theirs["items"], f"{path}[]")
    mine, wanted = ours.get("properties", {}), theirs.get("properties", {})
    for name in sorted(mine.keys() ^ wanted.keys()):
        yield f"{path}.{name}: only in {'ours' if name in mine else 'the contract'}"
    if set(ours.get("required", [])) != set(theirs.get("required", [])):
        yield f"{path}: required {ours.get('required')}, contract {theirs.get('required')}"
    for name in mine.keys() & wanted.keys():
        yield from differences(mine[name], wanted[name], f"{path}.{name}")


@cache
def _examples_text() -> str:
    text = EXAMPLES.read_text(encoding="utf-8")
    text = re.sub(r"(?<=[\[{])- ", "", text)
    text = re.sub(r"^- ", "", text, flags=re.MULTILINE)
    return re.sub(r",\s*([\]}])", r"\1", text)


def examples(key: str) -> list[dict[str, Any]]:
    """Every JSON object of the published examples that begins with this key."""
    decoder = json.JSONDecoder(strict=False)
    text, found = _examples_text(), []
    for start in re.finditer(r"\{\s*\"" + re.escape(key) + '"', text):
        try:
            value, _ = decoder.raw_decode(text, start.start())
        except json.JSONDecodeError:  # a sample of code, not of JSON
            continue
        found.append(value)
    return found


def assert_contract(name: str, value: Any) -> None:
    """Fail unless the value, as JSON, is what the contract's schema says."""
    assert problems({"$ref": f"#/components/schemas/{name}"}, value) == []


@cache
def _components(service: str) -> Any:
    return _modern(document(service)["components"])


def problems(schema: Schema, value: Any, service: str = "api") -> list[str]:
    """Where the value, as JSON, is not what a schema of the contract says."""
    whole = {**_modern(schema), "components": _components(service)}
    found = jsonschema.Draft202012Validator(whole).iter_errors(json.loads(orjson.dumps(value)))
    return [f"{error.json_path}: {error.message}" for error in found]
