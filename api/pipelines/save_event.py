"""Events that clients made elsewhere, as events to record."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from api.schemas.events import RawEvent
from commands.events import NewEvent
from domain.log.facts import DescriptorRow
from domain.shared.biometrics import BadDescriptor, DescriptorKind, decode_sdk
from domain.shared.ids import new_id
from domain.shared.model_features import DescriptorFeature

PARTS: Final = {
    DescriptorKind.FACE: "face_attributes",
    DescriptorKind.BODY: "body_attributes",
}
"""Where events have their descriptors."""


def new_event(raw: RawEvent, handler_id: UUID, features: Sequence[DescriptorFeature]) -> NewEvent:
    """The event with its vectors, which must be of versions that are in use."""
    event_id = new_id()
    create_time = raw.create_time or datetime.now(UTC)
    return NewEvent(
        event_id=event_id,
        handler_id=handler_id,
        generated=raw.recorded(event_id),
        create_time=create_time,
        end_time=raw.end_time or create_time,
        descriptors=tuple(_descriptors(raw, event_id, features)),
    )


def _descriptors(
    raw: RawEvent, event_id: UUID, features: Sequence[DescriptorFeature]
) -> Iterator[DescriptorRow]:
    for kind, part in PARTS.items():
        given = getattr(getattr(raw, part), "descriptor", None)
        if given is not None:
            yield given_descriptor(given, kind, f"{part}.descriptor", event_id, features)


def given_descriptor(
    given: str,
    kind: DescriptorKind,
    path: str,
    event_id: UUID,
    features: Sequence[DescriptorFeature],
) -> DescriptorRow:
    """The vector of an SDK container in Base64; a refusal says where in the body it was."""
    try:
        found = decode_sdk(given)
        if found.kind is not kind:
            raise BadDescriptor(f"it is of a {found.kind}, not of a {kind}")
        by_version = {f.version: f for f in features if f.kind is kind}
        if (feature := by_version.get(found.version)) is None:
            raise BadDescriptor(f"version {found.version} is unknown")
        found.require_dimension(feature.dimension)
    except BadDescriptor as bad:
        raise BadDescriptor(f"{path}: {bad.args[0]}") from None
    return DescriptorRow(new_id(), event_id, kind.value, found.version, found.data)
