"""Which descriptors this installation can compare: what input must fit, what reads default to."""

from collections.abc import Sequence
from typing import Annotated

from fastapi import Depends, Request

from api.schemas.attributes import AttributeData
from domain.attributes import AttributeContent, DescriptorData
from domain.shared.biometrics import (
    BadDescriptor,
    Descriptor,
    DescriptorKind,
    decode_sdk,
    descriptor_from_raw,
)
from domain.shared.model_features import DescriptorFeature

_ROUNDING = 0.01
"""How far from 1 the length of a unit vector may be that went through half precision."""


class DescriptorVersions:
    """The face descriptors that the model pack in use knows."""

    def __init__(self, features: Sequence[DescriptorFeature]) -> None:
        self._faces = {f.version: f for f in features if f.kind is DescriptorKind.FACE}

    @property
    def default(self) -> int | None:
        """The version that is read when none is named; None when no face model is there."""
        return next(iter(self._faces), None)

    def check(self, descriptor: Descriptor) -> None:
        """Refuse what the network of its version cannot have made."""
        if descriptor.kind is not DescriptorKind.FACE:
            raise BadDescriptor(f"it is of a {descriptor.kind}, not of a face")
        feature = self._faces.get(descriptor.version)
        if feature is None:
            known = ", ".join(map(str, sorted(self._faces))) or "none"
            raise BadDescriptor(f"version {descriptor.version} is unknown; known: {known}")
        descriptor.require_dimension(feature.dimension)
        length = sum(value * value for value in descriptor.values()) ** 0.5
        if feature.unit_length and abs(length - 1) > _ROUNDING:
            raise BadDescriptor(
                f"vectors of version {descriptor.version} have length 1, this one {length:.3g}"
            )

    def content_of(self, data: AttributeData) -> AttributeContent:
        """The content that a request describes; a bad descriptor is refused by its place."""
        described = data.model_dump()
        given = getattr(data, "face_descriptors", ())
        return AttributeContent(
            tuple(self._descriptor(index, one) for index, one in enumerate(given)),
            described.get("basic_attributes") or None,
            tuple(described.get("face_descriptor_samples", ())),
            tuple(described.get("basic_attributes_samples", ())),
        )

    def _descriptor(self, index: int, given: object) -> DescriptorData:
        try:
            if isinstance(given, str | bytes):
                found = decode_sdk(given)
            else:
                raw = given.descriptor  # type: ignore[attr-defined]
                found = descriptor_from_raw(DescriptorKind.FACE, given.version, raw)  # type: ignore[attr-defined]
            self.check(found)
        except BadDescriptor as bad:
            raise BadDescriptor(f"face_descriptors.{index}: {bad.args[0]}") from None
        return DescriptorData(found.version, found.data)


async def descriptor_versions(request: Request) -> DescriptorVersions:
    """The dependency that knows the face descriptors."""
    return DescriptorVersions(request.app.state.services.models.descriptors())


Versions = Annotated[DescriptorVersions, Depends(descriptor_versions)]
