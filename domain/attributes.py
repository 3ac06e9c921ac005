"""Attributes: descriptors and basic attributes of one person, before or in a face."""

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from domain.shared.ids import new_id
from domain.shared.refusal import Refusal


class AttributeNotFound(Refusal):
    """The temporary attribute is unknown, foreign or expired."""

    detail = "Attributes with id '{}' not found"


class SameVersionTwice(Refusal):
    """An attribute was given two descriptors of one version; it holds one per version."""

    detail = "Attribute contains descriptors of identical versions: '{}'"


@dataclass(frozen=True, slots=True)
class DescriptorData:
    """A face descriptor as it is kept: model version and vector (float32, little endian)."""

    version: int
    data: bytes
    descriptor_id: UUID = field(default_factory=new_id)


@dataclass(frozen=True, slots=True)
class AttributeContent:
    """What a temporary attribute holds, and what a face takes over from it.

    `descriptors` has at most one per version; `basic_attributes` may have age (years), gender
    (0 female, 1 male) and ethnicity (id of the enumeration). The sample ids say which warps
    the values came from; the samples themselves may be gone.
    """

    descriptors: tuple[DescriptorData, ...] = ()
    basic_attributes: dict[str, Any] | None = None
    face_descriptor_samples: tuple[UUID, ...] = ()
    basic_attributes_samples: tuple[UUID, ...] = ()

    def __post_init__(self) -> None:
        versions = [descriptor.version for descriptor in self.descriptors]
        if twice := {version for version in versions if versions.count(version) > 1}:
            raise SameVersionTwice(min(twice))

    @property
    def samples(self) -> tuple[UUID, ...]:
        """All sample ids, each once."""
        both = (*self.face_descriptor_samples, *self.basic_attributes_samples)
        return tuple(dict.fromkeys(both))
