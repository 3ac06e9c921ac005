"""What the reference client calls, and the shape that it prints: read from its table."""

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tests.api.contract.operations import Operation, operations
from tests.support.shared import SHARED

TABLE = SHARED / "contract" / "client_operations.csv"
_TOKENS = re.compile(r"\.\.\.|[\[\]{},]|[^\[\]{},]+")

Shape = dict[str, Any] | list[Any] | None
"""Names that must be there with the shapes of their values; None is any value."""


@dataclass(frozen=True)
class Method:
    """One method of the client and the operation that it calls."""

    name: str
    operation: Operation
    path: str
    statuses: frozenset[int]
    shape: Shape
    query: tuple[str, ...]
    body: tuple[str, ...]


def methods() -> Iterator[Method]:
    """The methods whose operations are done."""
    done = {(one.method, _bare(one.path)): one for one in operations() if one.service == "api"}
    with TABLE.open(newline="") as file:
        for row in csv.DictReader(file):
            operation = done.get((row["verb"], _bare(row["path"])))
            if operation is not None:
                yield Method(
                    row["method"],
                    operation,
                    row["path"],
                    frozenset(map(int, re.findall(r"\b\d{3}\b", row["success_status"]))),
                    shape(row["response_keys"]),
                    tuple(_names(row["query_params"])),
                    () if "<" in row["body_params"] else tuple(_names(row["body_params"])),
                )


def _bare(path: str) -> str:
    """The path without the names of its parameters, samples of both types being one resource."""
    return re.sub(r"(?<=samples/)(faces|bodies)", "{}", re.sub(r"{\w+}", "{}", path))


def shape(text: str) -> Shape:
    """The shape that a cell such as `faces[{face_id,lists}], count` describes."""
    if not text or text.startswith("("):
        return None
    tokens = [one.strip() for one in _TOKENS.findall(text) if one.strip()]
    if tokens[0] == "[":
        return _value(tokens)
    return _items(tokens)


def _items(tokens: list[str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    while tokens and tokens[0] not in "]}":
        name = tokens.pop(0)
        if name == ",":
            continue
        inner = _value(tokens)
        if re.fullmatch(r"[\w|]+", name.partition(" ")[0]):
            found[name.partition(" ")[0]] = inner
    return found


def _value(tokens: list[str]) -> Shape:
    """What follows a name: the items of a list, the fields of an object, or nothing."""
    if not tokens or tokens[0] not in ("[", "{"):
        return None
    opening = tokens.pop(0)
    inner: Shape = _items(tokens) if opening == "{" else [_value(tokens)]
    while tokens and tokens.pop(0) not in "]}":
        pass
    return inner


def _names(text: str) -> Iterator[str]:
    """The names at the top of a cell, without what is said about them."""
    depth = 0
    for token in re.findall(r"[\[\]{}()<>]|\w+", text.partition(";")[0]):
        if token in "[{(<":
            depth += 1
        elif token in "]})>":
            depth -= 1
        elif depth == 0:
            yield token


def unlike(value: Any, wanted: Shape, path: str = "") -> Iterator[str]:
    """The names of a shape that a value has not."""
    if isinstance(wanted, list):
        if not isinstance(value, list):
            yield f"{path or 'the answer'} is no list"
        elif value and wanted:
            yield from unlike(value[0], wanted[0], f"{path}[]")
    elif wanted and isinstance(value, dict):
        for names, inner in wanted.items():
            there = [name for name in names.split("|") if name in value]
            if not there:
                yield f"{path}.{names}"
            elif value[there[0]] is not None:
                yield from unlike(value[there[0]], inner, f"{path}.{there[0]}")
