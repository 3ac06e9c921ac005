"""Events: what handlers saw."""

from collections.abc import Iterable
from typing import Any

from selene_client.calls import Call, Id, Time, as_json, as_nothing, body, part, query
from selene_client.values import Event


def get(event_id: Id, *, target: Iterable[str] | None = None) -> Call[Event]:
    """One event, or those of its fields that are wanted."""
    return Call("GET", f"/6/events/{event_id}", as_json, query(target=target))


def find(
    *,
    event_ids: Iterable[Id] | None = None,
    handler_ids: Iterable[Id] | None = None,
    face_ids: Iterable[Id] | None = None,
    sources: Iterable[str] | None = None,
    tags: Iterable[str] | None = None,
    user_data: str | None = None,
    create_time__gte: Time | None = None,
    create_time__lt: Time | None = None,
    target: Iterable[str] | None = None,
    order: str | None = None,
    page: int | None = None,
    page_size: int | None = None,
    **more: Any,
) -> Call[list[Event]]:
    """A page of the events that pass all filters; `more` are filters of the API by name."""
    params = query(
        event_ids=event_ids,
        handler_ids=handler_ids,
        face_ids=face_ids,
        sources=sources,
        tags=tags,
        user_data=user_data,
        create_time__gte=create_time__gte,
        create_time__lt=create_time__lt,
        target=target,
        order=order,
        page=page,
        page_size=page_size,
        **more,
    )
    return Call("GET", "/6/events", part("events"), params)


def statistics(
    targets: list[dict[str, Any]],
    *,
    filters: list[dict[str, Any]] | None = None,
    group_by: str | None = None,
) -> Call[dict[str, Any]]:
    """Counts, least, greatest and mean values of events, in groups."""
    given = body(targets=targets, filters=filters, group_by=group_by)
    return Call("POST", "/6/events/stats", as_json, json=given)


def delete(event_id: Id) -> Call[None]:
    """Remove an event."""
    return Call("DELETE", f"/6/events/{event_id}", as_nothing)
