"""Handlers: saved recipes, and what they make of images."""

import json
from typing import Any

from selene_client.calls import Call, Id, as_json, as_nothing, body, number, query
from selene_client.values import EventCreated, Generated, HandlerCreated, Recipe
from selene_client.vision import Images, sent


def create(
    policies: dict[str, Any] | None = None, *, description: str | None = None
) -> Call[HandlerCreated]:
    """Create a handler; without policies it is dynamic and gets them with each request."""
    given = body(policies=policies, description=description)
    if policies is None:
        given["is_dynamic"] = True
    return Call("POST", "/6/handlers", as_json, json=given)


def get(handler_id: Id) -> Call[Recipe]:
    """One handler."""
    return Call("GET", f"/6/handlers/{handler_id}", as_json)


def find(
    *,
    is_dynamic: bool | None = None,
    description: str | None = None,
    page: int | None = None,
    page_size: int | None = None,
) -> Call[list[Recipe]]:
    """A page of handlers, newest first: the static ones, or the dynamic ones."""
    params = query(is_dynamic=is_dynamic, description=description, page=page, page_size=page_size)
    return Call("GET", "/6/handlers", as_json, params)


def count(*, is_dynamic: bool | None = None) -> Call[int]:
    """How many handlers there are: static ones, or dynamic ones."""
    params = query(is_dynamic=is_dynamic)
    return Call("GET", "/6/handlers/count", number("handlers_count"), params)


def replace(
    handler_id: Id, policies: dict[str, Any], *, description: str | None = None
) -> Call[None]:
    """Replace a handler's recipe."""
    given = body(policies=policies, description=description)
    return Call("PUT", f"/6/handlers/{handler_id}", as_nothing, json=given)


def delete(handler_id: Id) -> Call[None]:
    """Remove a handler."""
    return Call("DELETE", f"/6/handlers/{handler_id}", as_nothing)


def validate(policies: dict[str, Any]) -> Call[None]:
    """Check policies; a BadRequest says what is wrong with them."""
    return Call("POST", "/6/handlers/validator", as_nothing, json=body(policies=policies))


def run(
    handler_id: Id,
    images: Images,
    *,
    policies: dict[str, Any] | None = None,
    content_type: str = "image/jpeg",
    **params: Any,
) -> Call[Generated]:
    """Generate events of images; `params` are source="door", tags=["a"], user_data and so on."""
    path = f"/6/handlers/{handler_id}/events"
    parts = sent([images] if policies and isinstance(images, bytes) else images, content_type)
    if policies is not None:
        given = json.dumps(policies).encode()
        parts["files"] = [*parts["files"], ("policies", ("", given, "application/json"))]
    return Call("POST", path, as_json, query(**params), **parts)


def save_event(handler_id: Id, event: dict[str, Any]) -> Call[EventCreated]:
    """Save an event as it is, through a dynamic handler."""
    return Call("POST", f"/6/handlers/{handler_id}/events/raw", as_json, json=event)
