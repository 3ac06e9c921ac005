"""The operations that are done, each with what the contract says about it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Any, NamedTuple

import pytest

from tests.api.belongings import own_names
from tests.architecture.luna_operations import read_table
from tests.support.contract_schemas import Schema, document, plain

SERVICES = ("api", "sender", "streams")
MOUNTED = {"api": "", "sender": "/sender", "streams": "/streams"}
SOCKETS = ("wsHandshake", "generalConnect")
_LISTED = re.compile(r"(?P<status>\d{3}) (?P<code>\d+) (?P<desc>[^|]*) \| (?P<detail>.*)")
_CHANGING = ("POST", "PUT", "PATCH", "DELETE")


class Listed(NamedTuple):
    """One error that the contract lists for an operation."""

    status: int
    code: int
    desc: str
    detail: str


@dataclass(frozen=True)
class Operation:
    """One operation; `told` is its part of the contract, empty where only a client shows it."""

    service: str
    method: str
    path: str
    name: str
    told: dict[str, Any] = field(hash=False, compare=False)

    @property
    def key(self) -> str:
        """The operationId, with the service where it is not the API."""
        return self.name if self.service == "api" else f"{self.service}.{self.name}"

    @property
    def ids(self) -> list[str]:
        """The names of the ids in the path."""
        return re.findall(r"\{(\w+_id)\}", own_names(self.path))

    @property
    def changes(self) -> bool:
        """Whether it may change what there is."""
        return self.method in _CHANGING

    def url(self, ids: dict[str, str]) -> str:
        """Where it is asked, with these ids in the path."""
        if missing := set(self.ids) - ids.keys():
            pytest.fail(f"belongings() makes nothing that has the {missing.pop()} of {self.key}")
        filled = own_names(self.path).format_map({"samples_type": "faces", **ids})
        return MOUNTED[self.service] + filled

    def parameters(self, place: str) -> dict[str, dict[str, Any]]:
        """The parameters of the contract at a place, by name."""
        found = plain(self.told.get("parameters", []), document(self.service))
        return {one["name"]: one for one in found if one["in"] == place}

    def body(self) -> Schema | None:
        """The schema of the JSON body, if it has one that says anything."""
        content = self.told.get("requestBody", {}).get("content", {})
        schema = content.get("application/json", {}).get("schema")
        return plain(schema, document(self.service)) if schema else None

    def body_name(self) -> str:
        """What tells bodies of one kind from others: the name of their schema."""
        content = self.told.get("requestBody", {}).get("content", {})
        return str(content.get("application/json", {}).get("schema"))

    def answers(self) -> dict[str, Any]:
        """The answers of the contract by status, references followed at the top only."""
        found = {}
        for status, answer in self.told.get("responses", {}).items():
            target = document(self.service)
            for part in answer.get("$ref", "").removeprefix("#/").split("/"):
                target = target[part] if part else answer
            found[status] = target
        return found

    def errors(self) -> set[Listed]:
        """The errors that the contract lists with their code."""
        lines = [line for kind in self.told.get("x-errors", {}).values() for line in kind]
        found = (_LISTED.fullmatch(line) for line in lines)
        listed = {
            Listed(int(one["status"]), int(one["code"]), one["desc"], one["detail"])
            for one in found
            if one is not None
        }
        return listed | set(self._shown_errors())

    def _shown_errors(self) -> Iterator[Listed]:
        """The errors of which the contract shows an example; 1 may come from anywhere."""
        for status, answer in self.answers().items():
            content = answer.get("content", {}).get("application/json", {})
            shown = [one.get("value", {}) for one in content.get("examples", {}).values()]
            for one in (*shown, content.get("example", {})):
                if one.get("error_code", 1) != 1:
                    yield Listed(int(status), one["error_code"], one["desc"], one["detail"])


@cache
def operations() -> tuple[Operation, ...]:
    """Everything that the table of operations calls done, but what is no plain request."""
    found = []
    for row in read_table():
        if row.status != "done" or row.operation_id in SOCKETS:
            continue
        if row.service not in SERVICES:
            continue
        told: dict[str, Any] = {}
        if row.source == "contract":
            item = document(row.service)["paths"][row.path]
            told = dict(item[row.method.lower()])
            told["parameters"] = [*item.get("parameters", ()), *told.get("parameters", ())]
        found.append(Operation(row.service, row.method, row.path, row.operation_id, told))
    return tuple(found)
