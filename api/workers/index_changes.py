"""Facts as the match index takes them: which candidates appear, change and go."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from domain.faces import Face
from domain.lists import FaceList
from domain.log.facts import Fact
from domain.recognitions import (
    EventDeleted,
    EventRecorded,
    GeneralEventDeleted,
    GeneralEventRecorded,
)
from domain.shared.biometrics import Descriptor, DescriptorKind
from ray_cluster.matching import (
    AttachCandidate,
    DetachCandidate,
    DropList,
    IndexChange,
    Origin,
    PutCandidate,
    RemoveCandidate,
)

INDEXED = frozenset(
    {
        *(Face.Created, Face.AttributesPut, Face.AttributesRemoved),
        *(Face.Attached, Face.Detached, Face.Deleted),
        *(FaceList.Retired, FaceList.Dissolved, FaceList.Deleted),
        *(EventRecorded, EventDeleted, GeneralEventRecorded, GeneralEventDeleted),
    }
)
"""The facts that concern the index."""


@dataclass(frozen=True, slots=True)
class Owner:
    """What the index must know of a face beside its vectors."""

    account_id: UUID
    create_time: datetime
    list_ids: tuple[UUID, ...] = ()


def referred_descriptors(facts: Iterable[Fact]) -> list[UUID]:
    """The ids of all vectors that the facts speak of."""
    found: list[UUID] = []
    for fact in facts:
        if isinstance(fact.event, Face.AttributesPut):
            found += fact.event.descriptor_ids.values()
        elif isinstance(fact.event, EventRecorded | GeneralEventRecorded):
            for versions in fact.event.descriptor_ids.values():
                found += versions.values()
    return found


def faces_to_know(facts: Iterable[Fact]) -> set[UUID]:
    """The faces that get vectors here and were made earlier: their owners must be looked up."""
    made, needed = set(), set()
    for fact in facts:
        if isinstance(fact.event, Face.Created):
            made.add(fact.originator_id)
        elif isinstance(fact.event, Face.AttributesPut) and fact.originator_id not in made:
            needed.add(fact.originator_id)
    return needed


def index_changes(
    facts: Iterable[Fact], vectors: Mapping[UUID, bytes], owners: Mapping[UUID, Owner]
) -> Iterator[IndexChange]:
    """The changes in order; a vector or a face that is gone meanwhile is left out."""
    known = dict(owners)
    for fact in facts:
        event, originator_id = fact.event, fact.originator_id
        match event:
            case Face.Created():
                known[originator_id] = Owner(event.account_id, event.timestamp)
            case Face.AttributesPut():
                yield RemoveCandidate(origin=Origin.FACES, candidate_id=originator_id)
                if (owner := known.get(originator_id)) is not None:
                    yield from _face(event, owner, vectors)
            case Face.AttributesRemoved() | Face.Deleted():
                yield RemoveCandidate(origin=Origin.FACES, candidate_id=originator_id)
            case Face.Attached():
                if (owner := known.get(originator_id)) is not None:
                    lists = (*owner.list_ids, event.list_id)
                    known[originator_id] = Owner(owner.account_id, owner.create_time, lists)
                yield AttachCandidate(candidate_id=originator_id, list_id=event.list_id)
            case Face.Detached():
                if (owner := known.get(originator_id)) is not None:
                    lists = tuple(i for i in owner.list_ids if i != event.list_id)
                    known[originator_id] = Owner(owner.account_id, owner.create_time, lists)
                yield DetachCandidate(candidate_id=originator_id, list_id=event.list_id)
            case FaceList.Retired() | FaceList.Dissolved() | FaceList.Deleted():
                yield DropList(list_id=originator_id)
            case EventRecorded():
                yield from _event(event, Origin.EVENTS, vectors)
            case GeneralEventRecorded():
                yield from _event(event, Origin.GENERAL_EVENTS, vectors)
            case EventDeleted():
                yield RemoveCandidate(origin=Origin.EVENTS, candidate_id=originator_id)
            case GeneralEventDeleted():
                yield RemoveCandidate(origin=Origin.GENERAL_EVENTS, candidate_id=originator_id)


def _face(
    event: Face.AttributesPut, owner: Owner, vectors: Mapping[UUID, bytes]
) -> Iterator[IndexChange]:
    basic: Mapping[str, Any] = event.basic_attributes or {}
    for version, descriptor_id in event.descriptor_ids.items():
        if (data := vectors.get(descriptor_id)) is not None:
            yield PutCandidate(
                origin=Origin.FACES,
                candidate_id=event.originator_id,
                account_id=owner.account_id,
                descriptor=Descriptor(DescriptorKind.FACE, version, data),
                create_time=owner.create_time,
                list_ids=owner.list_ids,
                gender=basic.get("gender"),
                age=basic.get("age"),
            )


def _event(
    event: EventRecorded | GeneralEventRecorded, origin: Origin, vectors: Mapping[UUID, bytes]
) -> Iterator[IndexChange]:
    for kind, versions in event.descriptor_ids.items():
        for version, descriptor_id in versions.items():
            if (data := vectors.get(descriptor_id)) is not None:
                yield PutCandidate(
                    origin=origin,
                    candidate_id=event.originator_id,
                    account_id=event.account_id,
                    descriptor=Descriptor(DescriptorKind(kind), version, data),
                    create_time=event.create_time,
                )
