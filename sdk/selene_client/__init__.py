"""A typed client of Selene; see README.md."""

from selene_client import (
    accounts,
    attributes,
    events,
    faces,
    files,
    handlers,
    lists,
    matcher,
    system,
    verifiers,
    vision,
)
from selene_client.calls import Call
from selene_client.client import AsyncClient, Client
from selene_client.errors import (
    ApiError,
    BadRequest,
    Conflict,
    Forbidden,
    NotFound,
    SeleneError,
    Unauthorized,
    Unavailable,
    Unreachable,
)
from selene_client.specification import Specification

__all__ = [
    "ApiError",
    "AsyncClient",
    "BadRequest",
    "Call",
    "Client",
    "Conflict",
    "Forbidden",
    "NotFound",
    "SeleneError",
    "Specification",
    "Unauthorized",
    "Unavailable",
    "Unreachable",
    "accounts",
    "attributes",
    "events",
    "faces",
    "files",
    "handlers",
    "lists",
    "matcher",
    "system",
    "verifiers",
    "vision",
]
