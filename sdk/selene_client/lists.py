"""Lists of faces."""

from typing import Literal

from selene_client.calls import Call, Id, as_json, as_nothing, body, number, part, query
from selene_client.values import FaceList, ListCreated


def create(*, user_data: str | None = None) -> Call[ListCreated]:
    """Create a list."""
    return Call("POST", "/6/lists", as_json, json=body(user_data=user_data))


def get(list_id: Id) -> Call[FaceList]:
    """One list."""
    return Call("GET", f"/6/lists/{list_id}", as_json)


def find(
    *, user_data: str | None = None, page: int | None = None, page_size: int | None = None
) -> Call[list[FaceList]]:
    """A page of lists, newest first."""
    params = query(user_data=user_data, page=page, page_size=page_size)
    return Call("GET", "/6/lists", part("lists"), params)


def count(*, user_data: str | None = None) -> Call[int]:
    """How many lists there are."""
    return Call("GET", "/6/lists/count", number("lists_count"), query(user_data=user_data))


def rename(list_id: Id, user_data: str) -> Call[None]:
    """Change the user data of a list."""
    return Call("PATCH", f"/6/lists/{list_id}", as_nothing, json=body(user_data=user_data))


def attach(list_id: Id, *face_ids: Id) -> Call[None]:
    """Put faces into a list: all, or none if one is missing."""
    return _link(list_id, "attach", face_ids)


def detach(list_id: Id, *face_ids: Id) -> Call[None]:
    """Take faces out of a list."""
    return _link(list_id, "detach", face_ids)


def _link(list_id: Id, action: Literal["attach", "detach"], ids: tuple[Id, ...]) -> Call[None]:
    given = body(action=action, face_ids=ids)
    return Call("PATCH", f"/6/lists/{list_id}/faces", as_nothing, json=given)


def delete(*list_ids: Id, with_faces: bool = False) -> Call[None]:
    """Remove lists; with_faces removes the faces in them as well."""
    params = query(with_faces=with_faces or None)
    return Call("DELETE", "/6/lists", as_nothing, params, json=body(list_ids=list_ids))
