"""Attributes: descriptors and basic attributes of one person, before or in a face."""

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

from domain.shared.refusal import Refusal


class AttributeNotFound(Refusal):
    """The temporary attribute is unknown, foreign or expired."""

    detail = "Attribute with id '{}' not found"


@dataclass(frozen=True, slots=True)
class DescriptorData:
    """A face descriptor as it is kept: model version and vector (float32, little endian)."""

    version: int
    data: bytes
    descriptor_id: UUID = field(default_factory=uuid4)


@dataclass(frozen=True, slots=True)
class AttributeContent:
    """What a temporary attribute holds, and what a face takes over from it.

    `descriptors` has at most one per version; `basic_attributes` may have age (years), gender
    (0 female, 1 male) and ethnicity (id of the enumeration). The sample ids say which warps
    the values came from.
    """

    descriptors: tuple[DescriptorData, ...] = ()
    basic_attributes: dict[str, Any] | None = None
    face_descriptor_samples: tuple[UUID, ...] = ()
    basic_attributes_samples: tuple[UUID, ...] = ()
