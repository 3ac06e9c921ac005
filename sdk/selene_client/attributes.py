"""Temporary attributes: descriptors and properties that live for a while."""

from collections.abc import Iterable
from typing import Any

from selene_client.calls import Call, Id, as_json, as_nothing, body, part, query
from selene_client.values import AttributeCreated


def create(
    *,
    basic_attributes: dict[str, int] | None = None,
    face_descriptors: list[dict[str, Any]] | None = None,
    face_descriptor_samples: Iterable[Id] | None = None,
    basic_attributes_samples: Iterable[Id] | None = None,
    ttl: int | None = None,
) -> Call[AttributeCreated]:
    """Create an attribute that lives for `ttl` seconds."""
    given = body(
        basic_attributes=basic_attributes,
        face_descriptors=face_descriptors,
        face_descriptor_samples=_listed(face_descriptor_samples),
        basic_attributes_samples=_listed(basic_attributes_samples),
    )
    return Call("POST", "/6/attributes", as_json, query(ttl=ttl), json=given)


def _listed(ids: Iterable[Id] | None) -> list[Id] | None:
    return None if ids is None else list(ids)


def get(attribute_id: Id, *, targets: Iterable[str] | None = None) -> Call[dict[str, Any]]:
    """One attribute, or those of its fields that are wanted."""
    return Call("GET", f"/6/attributes/{attribute_id}", as_json, query(targets=targets))


def find(
    attribute_ids: Iterable[Id], *, targets: Iterable[str] | None = None
) -> Call[list[dict[str, Any]]]:
    """Several attributes."""
    params = query(attribute_ids=attribute_ids, targets=targets)
    return Call("GET", "/6/attributes", part("attributes"), params)


def delete(attribute_id: Id) -> Call[None]:
    """Remove an attribute before its time."""
    return Call("DELETE", f"/6/attributes/{attribute_id}", as_nothing)
