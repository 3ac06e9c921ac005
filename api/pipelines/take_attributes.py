"""What a face's attributes are taken from: a temporary attribute, or data given in place."""

import asyncio
from uuid import UUID

from api.descriptor_versions import DescriptorVersions
from api.schemas.attributes import AttributeById, FaceAttributeInput
from domain.attributes import AttributeContent
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
