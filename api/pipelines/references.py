"""References of a match request: from what the client names to the vectors that are compared."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self
from uuid import UUID

from api.http.refusals import BadApiBody
from api.schemas.general_matcher import GeneralReference
from api.schemas.matcher import BodyReference, FaceReference, RawDescriptor, RawEntity
from domain.events import EventNotFound
from domain.faces import FaceNotFound
from domain.general_events import GeneralEventNotFound
from domain.matching import BadReference, NoDescriptor, ReferenceNotFound
from domain.shared.biometrics import (
    BadDescriptor,
    Descriptor,
    DescriptorKind,
    decode_sdk,
    descriptor_from_raw,
)
from domain.shared.model_features import DescriptorFeature
from domain.shared.refusal import Refusal
from projections.candidates import referred_objects, vectors_of
from projections.database import Reader
from projections.temporary_attributes import TemporaryAttributes

AnyReference = FaceReference | BodyReference | GeneralReference | RawEntity

_OF_FACES = frozenset({"face", "face_external_id"})
_MISSING: dict[str, type[Refusal]] = {
    "face": FaceNotFound,
    "event": EventNotFound,
    "general_event": GeneralEventNotFound,
}


@dataclass(frozen=True, slots=True)
class Reference:
    """One vector to look for, and how the answer names it."""

    shown: dict[str, Any]
    descriptor: Descriptor


class References:
    """Finds the vectors that references name, within one account."""

    def __init__(
        self,
        reader: Reader,
        attributes: TemporaryAttributes,
        features: Sequence[DescriptorFeature],
        account_id: UUID | None,
    ) -> None:
        self._reader = reader
        self._attributes = attributes
        self._features = features
        self._account_id = account_id

    def of_version(self, kind: DescriptorKind, version: int | None) -> Self:
        """The same, of one version only; refused when no network in use makes it."""
        if version is not None:
            known = [f for f in self._features if f.kind is kind]
            self._features = [f for f in known if f.version == version]
            if not self._features:
                versions = ", ".join(str(f.version) for f in known) or "none"
                said = f"version {version} is unknown; known: {versions}"
                raise BadApiBody("descriptor_version", said)
        return self

    async def find(
        self, references: Sequence[AnyReference], kind: DescriptorKind
    ) -> list[Reference]:
        """All vectors in order; an external or track id may stand for several."""
        found: list[Reference] = []
        for number, reference in enumerate(references):
            if isinstance(reference, RawEntity):
                path = f"references.{number}.data"
                shown = {"id": reference.id, "type": reference.type}
                found.append(Reference(shown, self.raw(reference, kind, path)))
            else:
                found += await asyncio.to_thread(self._stored, reference, kind)
        return found

    def raw(self, entity: RawEntity, kind: DescriptorKind | None, path: str) -> Descriptor:
        """The vector in the body; what is no descriptor in use is refused by its path."""
        try:
            if isinstance(entity.data, RawDescriptor):
                data, version = entity.data.descriptor, entity.data.version
                found = descriptor_from_raw(kind or self._kind_of(version), version, data)
            else:
                found = decode_sdk(entity.data)
            self._check(found, kind)
        except BadDescriptor as bad:
            raise BadReference(path, str(bad)) from None
        return found

    def _kind_of(self, version: int) -> DescriptorKind:
        kinds = [f.kind for f in self._features if f.version == version]
        return kinds[0] if kinds else DescriptorKind.FACE

    def _check(self, descriptor: Descriptor, kind: DescriptorKind | None) -> None:
        if kind is not None and descriptor.kind is not kind:
            raise BadDescriptor(f"it is of a {descriptor.kind}, not of a {kind}")
        for feature in self._features:
            if (feature.kind, feature.version) == (descriptor.kind, descriptor.version):
                descriptor.require_dimension(feature.dimension)
                return
        raise BadDescriptor(f"version {descriptor.version} is unknown")

    def _version(self, kind: DescriptorKind) -> int:
        return next((f.version for f in self._features if f.kind is kind), 0)

    def _stored(
        self, reference: FaceReference | BodyReference | GeneralReference, kind: DescriptorKind
    ) -> list[Reference]:
        version = self._version(kind)
        if reference.type == "attribute":
            return [self._attribute(UUID(reference.id), version)]
        by_id = reference.type in _MISSING
        value = UUID(reference.id) if by_id else reference.id
        ids = referred_objects(self._reader, self._account_id, reference.type, value)
        if not ids:
            missing = _MISSING.get(reference.type)
            raise missing(value) if missing else ReferenceNotFound(reference.type, value)
        vectors = dict(vectors_of(self._reader, ids, kind, version))
        key = "face_id" if reference.type in _OF_FACES else "event_id"
        found = [
            Reference(
                {"id": reference.id, "type": reference.type, key: owner_id},
                Descriptor(kind, version, vectors[owner_id]),
            )
            for owner_id in ids
            if owner_id in vectors
        ]
        if not found:
            raise NoDescriptor(reference.type, reference.id, kind, version)
        return found

    def _attribute(self, attribute_id: UUID, version: int) -> Reference:
        attribute = self._attributes.get(self._account_id, attribute_id)
        for descriptor in attribute.content.descriptors:
            if descriptor.version == version:
                shown = {"id": attribute_id, "type": "attribute"}
                data = Descriptor(DescriptorKind.FACE, version, descriptor.data)
                return Reference(shown, data)
        raise NoDescriptor("attribute", attribute_id, DescriptorKind.FACE, version)
