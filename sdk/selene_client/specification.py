"""Calls made from the OpenAPI document that the service serves, by operationId."""

from typing import TYPE_CHECKING, Any

import httpx

from selene_client.calls import Call, as_bytes, as_json, as_nothing, plain, query
from selene_client.system import specification

if TYPE_CHECKING:
    from selene_client.client import AsyncClient, Client


class Specification:
    """The operations of a service."""

    def __init__(self, document: dict[str, Any]) -> None:
        self._operations = {
            operation["operationId"]: (method.upper(), path, operation)
            for path, item in document["paths"].items()
            for method, operation in item.items()
            if isinstance(operation, dict) and "operationId" in operation
        }

    @classmethod
    def of(cls, client: "Client") -> "Specification":
        """What this client's service offers."""
        return cls(client.send(specification()))

    @classmethod
    async def of_async(cls, client: "AsyncClient") -> "Specification":
        """What this client's service offers."""
        return cls(await client.send(specification()))

    def names(self) -> list[str]:
        """All operationIds."""
        return sorted(self._operations)

    def call(self, name: str, *, body: Any = None, **given: Any) -> Call[Any]:
        """The call of an operation: ids of the path and parameters of the query by name."""
        if name not in self._operations:
            raise ValueError(f"the service has no operation {name}")
        method, path, operation = self._operations[name]
        places = {
            one["name"]: one["in"] for one in operation.get("parameters", ()) if "name" in one
        }
        if unknown := given.keys() - places.keys():
            raise ValueError(f"{name} has no parameter {', '.join(sorted(unknown))}")
        inside = {one: str(value) for one, value in given.items() if places[one] == "path"}
        params = query(**{one: value for one, value in given.items() if places[one] == "query"})
        bare = isinstance(body, bytes)
        return Call(
            method,
            path.format_map(inside),
            _whatever,
            params,
            json=None if bare else plain(body),
            content=body if bare else None,
        )


def _whatever(answer: httpx.Response) -> Any:
    kind = answer.headers.get("content-type", "")
    if not answer.content:
        return as_nothing(answer)
    return as_json(answer) if kind.startswith("application/json") else as_bytes(answer)
