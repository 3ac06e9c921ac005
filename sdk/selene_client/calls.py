"""Calls: requests as values, and what is read from their answers."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic, TypeVar
from uuid import UUID

import httpx

T = TypeVar("T")
Id = str | UUID
"""An id as text or as a UUID."""

Time = str | datetime
"""A point in time: RFC 3339, or a datetime with a zone."""

Body = Mapping[str, Any] | list[Any]


@dataclass(frozen=True, slots=True)
class Call(Generic[T]):
    """One request, and how its answer is read."""

    method: str
    path: str
    read: Callable[[httpx.Response], T]
    params: Mapping[str, Any] = field(default_factory=dict)
    json: Body | None = None
    content: bytes | None = None
    files: list[tuple[str, tuple[str, bytes, str]]] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def changes(self) -> bool:
        """Whether it may change something, so that it must not happen twice."""
        return self.method not in ("GET", "HEAD", "OPTIONS")


def as_json(answer: httpx.Response) -> Any:
    """The JSON value of an answer."""
    return answer.json()


def as_bytes(answer: httpx.Response) -> bytes:
    """The bytes of an answer."""
    return answer.content


def as_nothing(answer: httpx.Response) -> None:
    """Nothing: the status said it all."""


def number(name: str) -> Callable[[httpx.Response], int]:
    """Reads one number of an answer, such as a count."""
    return lambda answer: int(answer.json()[name])


def part(name: str) -> Callable[[httpx.Response], Any]:
    """Reads one field of an answer."""
    return lambda answer: answer.json()[name]


def query(**given: Any) -> dict[str, Any]:
    """A query without what was not given; lists are joined by commas, flags are 0 and 1."""
    return {name: _text(value) for name, value in given.items() if value is not None}


def _text(value: Any) -> Any:
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Iterable) and not isinstance(value, str | bytes):
        return ",".join(str(_text(one)) for one in value)
    return str(value) if isinstance(value, UUID) else value


def body(**given: Any) -> dict[str, Any]:
    """A body without what was not given."""
    return {name: plain(value) for name, value in given.items() if value is not None}


def plain(value: Any) -> Any:
    """The value as JSON has it."""
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {name: plain(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(inner) for inner in value]
    return value
