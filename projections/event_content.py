"""Conditions on what clients put into events, as they write them: <path>__<operator>:<type>."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any, Final

_KEY: Final = re.compile(
    r"(?P<path>.{1,512}?)"
    r"(?:__(?P<operator>eq|neq|gt|gte|lt|lte|in|nin|like|nlike))?"
    r"(?::(?P<type>string|integer|numeric|boolean))?",
    re.ASCII,
)
_DEEPEST: Final = 32
_COMPARED: Final = {"eq": "=", "neq": "<>", "gt": ">", "gte": ">=", "lt": "<", "lte": "<="}
_BOOLEANS: Final = {"true": True, "false": False}


@dataclass(frozen=True, slots=True)
class ContentCondition:
    """A condition as SQL, and the values of its placeholders."""

    sql: str
    values: tuple[Any, ...]


class NoContentCondition(ValueError):
    """The parameter is no condition on content, or its value is not of the type it names."""


def _decimal(text: str) -> Decimal:
    try:
        value = Decimal(text)
    except InvalidOperation:
        raise ValueError from None
    if not value.is_finite():
        raise ValueError
    return value


def _boolean(text: str) -> bool:
    if text not in _BOOLEANS:
        raise ValueError
    return _BOOLEANS[text]


_TYPES: Final[Mapping[str, tuple[str, str, Callable[[str], Any]]]] = {
    "string": ("string", "text", str),
    "integer": ("number", "numeric", lambda text: Decimal(int(text))),
    "numeric": ("number", "numeric", _decimal),
    "boolean": ("boolean", "boolean", _boolean),
}
"""The type a client names: what JSON calls it, what SQL calls it, how its text is read."""


def content_condition(key: str, value: Any, column: str) -> ContentCondition:
    """The condition of one query parameter; without operator `eq`, without type `string`.

    `key` is the parameter behind the word that leads to the `column`, of jsonb.

    `like` means that the text is contained. Events pass only where the path leads to a value
    of the type.
    """
    found = _KEY.fullmatch(key)
    if found is None or not isinstance(value, str):
        raise NoContentCondition(key)
    path = found["path"].split(".")
    if len(path) > _DEEPEST or not all(path):
        raise NoContentCondition(key)
    operator, kind = found["operator"] or "eq", found["type"] or "string"
    of_json, of_sql, read = _TYPES[kind]
    # A CASE is evaluated in order, so what is of another type is never cast.
    known = (
        f"CASE jsonb_typeof({column} #> %s) WHEN '{of_json}' THEN ({column} #>> %s)::{of_sql} END"
    )
    try:
        if operator in ("in", "nin"):
            wanted: Any = [read(part.strip()) for part in value.split(",")]
            compared = f"= ANY(%s::{of_sql}[])" if operator == "in" else f"<> ALL(%s::{of_sql}[])"
            return ContentCondition(f"{known} {compared}", (path, path, wanted))
        if operator in ("like", "nlike"):
            if kind != "string":
                raise NoContentCondition(key)
            compared = "> 0" if operator == "like" else "= 0"
            return ContentCondition(f"strpos({known}, %s) {compared}", (path, path, value))
        return ContentCondition(f"{known} {_COMPARED[operator]} %s", (path, path, read(value)))
    except ValueError:
        raise NoContentCondition(key) from None
