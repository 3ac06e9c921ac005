"""What the service says about itself."""

from typing import Any

from selene_client.calls import Call, as_json


def version() -> Call[dict[str, Any]]:
    """The versions of the services."""
    return Call("GET", "/version", as_json)


def health() -> Call[dict[str, Any]]:
    """Whether the service works; an ApiError with status 502 if it does not."""
    return Call("GET", "/6/healthcheck", as_json)


def features() -> Call[dict[str, Any]]:
    """What the models in use can do."""
    return Call("GET", "/6/features", as_json)


def specification() -> Call[dict[str, Any]]:
    """The OpenAPI document."""
    return Call("GET", "/6/docs/spec", as_json, headers={"Accept": "application/json"})
