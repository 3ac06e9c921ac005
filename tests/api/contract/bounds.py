"""Both sides of every bound: values that a parameter or a place in a body may have or not."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Final

from tests.api.contract.asking import Asked
from tests.api.contract.operations import Operation, operations
from tests.support.contract_schemas import Schema, alternatives
from tests.support.json_schema import Path, at_bounds, places, smallest, value_with

NONSENSE: Final = "~ nonsense ~"
_UUID, _TIME = "8f2b9d34-9f0c-4a5e-8d0e-0123456789ab", "2020-01-02T03:04:05Z"
OWN_VALUES: Final = frozenset({"descriptor_version", "version"})
"""Enums of the contract that differ with the models in use."""

OF_WHO_ASKS: Final = frozenset({"account_id"})
"""What may only be the account of the header, where there is one; other tests tell which."""

_POLICIES_AGAIN: Final = frozenset({"createEstimatorTask", "validatePolicies"})
"""Operations that take the policies of a handler, which are tried whole at createHandler."""

NEWER: Final = {"task_type": {10}}
"""Values beyond the contract's bounds that the newer clients know."""

_OTHER_TYPES: Final = {
    "string": 5, "integer": "x", "number": "x", "boolean": 1, "object": 5, "array": 5,
}  # fmt: skip


def query_values(name: str, schema: Schema) -> tuple[list[Any], list[Any]]:
    """Texts that a query parameter may be, and texts that it may not be."""
    if name in OWN_VALUES or name in OF_WHO_ASKS:
        return [], [NONSENSE]
    right: list[Any] = []
    wrong: list[set[Any]] = []
    for one in alternatives(schema)[0]:
        inner = one["items"] if one["type"] == "array" else one
        one_right, one_wrong = _of_one(alternatives(inner)[0][0])
        right += one_right
        wrong.append(set(one_wrong) - NEWER.get(name, set()))
    return right, sorted(set.intersection(*wrong), key=str) if wrong else []


def _of_one(schema: Schema) -> tuple[list[Any], list[Any]]:
    right, wrong = list(schema.get("enum", ())), []
    for at, beyond in at_bounds(schema):
        right.append(at)
        wrong.append(beyond)
    form, pattern = schema.get("format"), schema.get("pattern", "")
    if form == "uuid" or "[a-f0-9]{8}" in pattern:
        right.append(_UUID)
    elif form == "date-time":
        right.append(_TIME)
    elif pattern.startswith("^now"):
        right.append("now-2y")
    strict = bool(right) and "maxLength" not in schema
    if strict or schema["type"] in ("integer", "number"):
        wrong += [NONSENSE, "NaN"]
    if schema["type"] == "string":
        wrong.append("a\0")  # which no database holds
    return right, wrong


@dataclass(frozen=True)
class Try:
    """A place in a body, with values that it may have and values that it may not."""

    path: Path
    schema: Schema
    right: list[Any]
    wrong: list[Any]

    def put(self, asked: Asked, value: Any) -> Asked:
        """The request with the value at this place."""
        made = value_with(self.schema, self.path, value)
        headers = {**asked.headers, "Content-Type": "application/json"}
        whole = _merged(asked.json, made, self.path)
        return replace(asked, json=whole, content=None, headers=headers)

    @property
    def dotted(self) -> str:
        """The path as details write it."""
        return ".".join(map(str, self.path))

    @property
    def complaint(self) -> str:
        """The pattern of a detail that names the place, or what lies around or below it."""
        parts = [re.escape(str(part)) for part in self.path]
        around = "".join(f"(?:{'[.]' if at else ''}{part}" for at, part in enumerate(parts))
        return rf".*Path: '{around}{'(?:[.].*)?' if parts else '.*'}{')?' * len(parts)}'.*"


def _merged(base: Any, made: Any, path: Path) -> Any:
    """The granted body with what was made for a path put into it."""
    if path and isinstance(base, dict) and isinstance(made, dict):
        name = path[0]
        return {**made, **base, name: _merged(base.get(name), made[name], path[1:])}
    if path and base and isinstance(base, list) and isinstance(made, list):
        return [_merged(base[0], made[0], path[1:]), *base[1:]]
    return made


def body_tries(operation: Operation) -> dict[str, list[Try]]:
    """What is tried of a JSON body, by the name of its part (policies.detect_policy).

    A body that several operations share is tried whole at the first of them, at its top elsewhere.
    """
    schema = operation.body()
    if schema is None or not any(one["type"] for one in alternatives(schema)[0]):
        return {}
    first = next(one for one in operations() if one.body_name() == operation.body_name())
    deepest = None if first == operation else 1
    groups: dict[str, list[Try]] = {}
    seen: dict[Path, list[Schema]] = {}
    for place in places(schema):
        seen.setdefault(place.path, []).append(place.schema)
    for path, schemas in seen.items():
        if operation.key in _POLICIES_AGAIN and "policies" in path[:-2]:
            continue
        if path and (path[-1] in OWN_VALUES or "authorization" in path):
            continue  # what authorises depends on what is to be read
        if deepest is None or len(path) <= deepest:
            name = ".".join(map(str, path[:2])) or "whole"
            groups.setdefault(name, []).append(_try(path, schema, schemas))
    return groups


def _try(path: Path, whole: Schema, schemas: list[Schema]) -> Try:
    """What all alternatives at a place refuse, and what the first of them allows."""
    wrong = [list(_wrong(one)) for one in schemas]
    everywhere = [value for value in wrong[0] if all(value in others for others in wrong[1:])]
    return Try(path, whole, list(_right(schemas[0])), everywhere)


def _right(schema: Schema) -> Iterator[Any]:
    yield from schema.get("enum", ())
    yield from (at for at, _ in at_bounds(schema))


def _wrong(schema: Schema) -> Iterator[Any]:
    yield from (beyond for _, beyond in at_bounds(schema))
    if schema["type"] in _OTHER_TYPES:
        yield _OTHER_TYPES[schema["type"]]
    if "enum" in schema or "pattern" in schema or schema.get("format") in ("uuid", "date-time"):
        yield NONSENSE
    if schema.get("additionalProperties") is False:
        yield {**smallest(schema), "no_such_field": 1}
    for name in schema.get("required", ()):
        made = smallest(schema)
        del made[name]
        yield made
    if schema.get("minItems"):
        yield []
