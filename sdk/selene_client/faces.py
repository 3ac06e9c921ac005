"""Faces: lasting records of persons."""

from collections.abc import Iterable
from typing import Any

from selene_client.calls import Call, Id, Time, as_json, as_nothing, body, number, part, query
from selene_client.values import Face, FaceCreated


def create(
    *,
    user_data: str | None = None,
    external_id: str | None = None,
    avatar: str | None = None,
    lists: Iterable[Id] | None = None,
    event_id: Id | None = None,
    attribute: dict[str, Any] | None = None,
) -> Call[FaceCreated]:
    """Create a face; `attribute` is {"attribute_id": ...} or its descriptors and so on."""
    given = body(
        user_data=user_data,
        external_id=external_id,
        avatar=avatar,
        lists=None if lists is None else list(lists),
        event_id=event_id,
        attribute=attribute,
    )
    return Call("POST", "/6/faces", as_json, json=given)


def get(face_id: Id, *, targets: Iterable[str] | None = None) -> Call[Face]:
    """One face, or those of its fields that are wanted."""
    return Call("GET", f"/6/faces/{face_id}", as_json, query(targets=targets))


def find(
    *,
    face_ids: Iterable[Id] | None = None,
    list_id: Id | None = None,
    user_data: str | None = None,
    external_ids: Iterable[str] | None = None,
    event_id: Id | None = None,
    create_time__gte: Time | None = None,
    create_time__lt: Time | None = None,
    targets: Iterable[str] | None = None,
    page: int | None = None,
    page_size: int | None = None,
) -> Call[list[Face]]:
    """A page of the faces that pass all filters, newest first."""
    params = query(
        face_ids=face_ids,
        list_id=list_id,
        user_data=user_data,
        external_ids=external_ids,
        event_id=event_id,
        create_time__gte=create_time__gte,
        create_time__lt=create_time__lt,
        targets=targets,
        page=page,
        page_size=page_size,
    )
    return Call("GET", "/6/faces", part("faces"), params)


def count(*, list_id: Id | None = None, user_data: str | None = None) -> Call[int]:
    """How many faces there are."""
    params = query(list_id=list_id, user_data=user_data)
    return Call("GET", "/6/faces/count", number("faces_count"), params)


def edit(
    face_id: Id,
    *,
    user_data: str | None = None,
    external_id: str | None = None,
    avatar: str | None = None,
    event_id: Id | None = None,
) -> Call[None]:
    """Change what is given."""
    given = body(user_data=user_data, external_id=external_id, avatar=avatar, event_id=event_id)
    return Call("PATCH", f"/6/faces/{face_id}", as_nothing, json=given)


def delete(*face_ids: Id, ignore_missing: bool = False) -> Call[None]:
    """Remove faces with their attributes: all, or none if one is missing."""
    params = query(ignore=ignore_missing or None)
    return Call("DELETE", "/6/faces", as_nothing, params, json=body(face_ids=face_ids))


def attributes(face_id: Id, *, targets: Iterable[str] | None = None) -> Call[dict[str, Any]]:
    """The attributes of a face."""
    params = query(targets=targets)
    return Call("GET", f"/6/faces/{face_id}/attributes", part("attributes"), params)


def put_attributes(face_id: Id, attribute: dict[str, Any]) -> Call[None]:
    """Replace the attributes of a face."""
    return Call("PUT", f"/6/faces/{face_id}/attributes", as_nothing, json=attribute)
