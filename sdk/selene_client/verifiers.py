"""Verifiers: saved recipes that tell whether two faces are one person's."""

from collections.abc import Iterable
from typing import Any

from selene_client.calls import Call, Id, as_json, as_nothing, body, query
from selene_client.values import Recipe, VerifierCreated
from selene_client.vision import Images, sent


def create(
    policies: dict[str, Any] | None = None, *, description: str | None = None
) -> Call[VerifierCreated]:
    """Create a verifier."""
    given = body(policies=policies, description=description)
    return Call("POST", "/6/verifiers", as_json, json=given)


def get(verifier_id: Id) -> Call[Recipe]:
    """One verifier."""
    return Call("GET", f"/6/verifiers/{verifier_id}", as_json)


def find(
    *, description: str | None = None, page: int | None = None, page_size: int | None = None
) -> Call[list[Recipe]]:
    """A page of verifiers."""
    params = query(description=description, page=page, page_size=page_size)
    return Call("GET", "/6/verifiers", as_json, params)


def delete(verifier_id: Id) -> Call[None]:
    """Remove a verifier."""
    return Call("DELETE", f"/6/verifiers/{verifier_id}", as_nothing)


def verify(
    verifier_id: Id,
    images: Images,
    *,
    face_ids: Iterable[Id] | None = None,
    event_ids: Iterable[Id] | None = None,
    attribute_ids: Iterable[Id] | None = None,
    external_ids: Iterable[str] | None = None,
    content_type: str = "image/jpeg",
) -> Call[dict[str, Any]]:
    """Whether images show the person of one of these faces, events or attributes."""
    params = query(
        face_ids=face_ids,
        event_ids=event_ids,
        attribute_ids=attribute_ids,
        external_ids=external_ids,
    )
    path = f"/6/verifiers/{verifier_id}/verifications"
    return Call("POST", path, as_json, params, **sent(images, content_type))
