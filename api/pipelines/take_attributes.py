"""What a face's attributes are taken from: a temporary attribute, or data given in place."""

import asyncio
from collections.abc import Iterable
from contextlib import suppress
from uuid import UUID

from api.descriptor_versions import DescriptorVersions
from api.schemas.attributes import AttributeById, FaceAttributeInput
from domain.attributes import AttributeContent, AttributeNotFound
from projections.temporary_attributes import TemporaryAttributes


async def content_for_face(
    given: FaceAttributeInput,
    account_id: UUID,
    attributes: TemporaryAttributes,
    versions: DescriptorVersions,
) -> AttributeContent:
    """The content a face takes over; a temporary attribute stays there until its time is up."""
    if isinstance(given, AttributeById):
        found = await asyncio.to_thread(attributes.get, account_id, given.attribute_id)
        return found.content
    return versions.content_of(given)


async def forget_attributes(
    attributes: TemporaryAttributes, account_id: UUID, attribute_ids: Iterable[UUID]
) -> None:
    """Remove temporary attributes that nobody was told of."""
    for attribute_id in attribute_ids:
        with suppress(AttributeNotFound):  # its time was up
            await asyncio.to_thread(attributes.delete, account_id, attribute_id)
