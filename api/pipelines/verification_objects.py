"""The objects that a verification compares with: named by the query, with their descriptors."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from api.schemas.verifications import VerificationQuery
from domain.attributes import AttributeNotFound
from domain.events import EventNotFound
from domain.faces import FaceNotFound
from domain.matching import NoDescriptor, ReferenceNotFound
from domain.shared.biometrics import Descriptor, DescriptorKind
from domain.shared.model_features import DescriptorFeature
from domain.shared.refusal import Refusal
from projections.candidates import known_objects, referred_objects, vectors_of
from projections.database import Reader
from projections.temporary_attributes import TemporaryAttributes

FACE = DescriptorKind.FACE
_MISSING: dict[str, type[Refusal]] = {"face": FaceNotFound, "event": EventNotFound}


@dataclass(frozen=True, slots=True)
class VerificationObject:
    """Somebody to compare with, and how the answer names them."""

    shown: dict[str, Any]
    descriptor: Descriptor


class VerificationObjects:
    """Finds what queries name within one account; whoever is missing refuses them all."""

    def __init__(
        self,
        reader: Reader,
        attributes: TemporaryAttributes,
        features: Sequence[DescriptorFeature],
        account_id: UUID,
    ) -> None:
        self._reader = reader
        self._attributes = attributes
        self._version = next((f.version for f in features if f.kind is FACE), 0)
        self._account_id = account_id

    async def find(self, query: VerificationQuery) -> list[VerificationObject]:
        """The objects in the order named; an external id may stand for several faces."""
        kind, names = query.objects
        return await asyncio.to_thread(self._found, kind, list(dict.fromkeys(names)))

    def _found(self, kind: str, names: list[Any]) -> list[VerificationObject]:
        if kind == "attribute":
            return self._of_attributes(names)
        if kind == "external":
            return self._with_vectors("face", self._faces(names))
        known = known_objects(self._reader, self._account_id, kind, names)
        for name in names:
            if name not in known:
                raise _MISSING[kind](name)
        return self._with_vectors(kind, names)

    def _faces(self, external_ids: list[str]) -> list[UUID]:
        found: list[UUID] = []
        for name in external_ids:
            ids = referred_objects(self._reader, self._account_id, "face_external_id", name)
            if not ids:
                raise ReferenceNotFound("face_external_id", name)
            found += ids
        return found

    def _with_vectors(self, kind: str, ids: list[UUID]) -> list[VerificationObject]:
        vectors = dict(vectors_of(self._reader, ids, FACE.value, self._version))
        for one in ids:
            if one not in vectors:
                raise NoDescriptor(kind, one, FACE, self._version)
        return [self._object(kind, one, vectors[one]) for one in ids]

    def _of_attributes(self, ids: list[UUID]) -> list[VerificationObject]:
        kept = {one.attribute_id: one for one in self._attributes.find(self._account_id, ids)}
        found = []
        for one in ids:
            if one not in kept:
                raise AttributeNotFound(one)
            vectors = {d.version: d.data for d in kept[one].content.descriptors}
            if self._version not in vectors:
                raise NoDescriptor("attribute", one, FACE, self._version)
            found.append(self._object("attribute", one, vectors[self._version]))
        return found

    def _object(self, kind: str, object_id: UUID, data: bytes) -> VerificationObject:
        shown = {kind: {f"{kind}_id": str(object_id)}}
        return VerificationObject(shown, Descriptor(FACE, self._version, data))
