"""The storage policy: what of the detected is kept, and for whom."""

from typing import Annotated, Literal

from pydantic import Field

from domain.policies.callbacks import Callbacks
from domain.policies.filters import EVERYBODY, PolicyFilters
from domain.policies.notify import NotificationPolicy
from domain.shared.fields import Flag, Id, Record

MOST_LISTS = 100

Ttl = Annotated[int, Field(strict=True, ge=1, le=86_400)]
"""How long a temporary attribute lives, in seconds."""


NoTtl = Literal[None]
"""Files are kept until they are deleted; later clients say so with null."""


class FaceSamplePolicy(Record):
    """Whether face warps are kept as samples."""

    store_sample: Flag = 1
    ttl: NoTtl = None
    filters: PolicyFilters = EVERYBODY


class BodySamplePolicy(Record):
    """Whether body warps are kept as samples."""

    store_sample: Flag = 1
    ttl: NoTtl = None
    filters: PolicyFilters = EVERYBODY


class ImageOriginPolicy(Record):
    """Whether source images are kept, or referred to where they came from."""

    store_image: Flag = 0
    use_external_references: Flag = 0
    ttl: NoTtl = None
    filters: PolicyFilters = EVERYBODY


class AttributePolicy(Record):
    """Whether descriptors and basic attributes are kept as a temporary attribute."""

    store_attribute: Flag = 0
    ttl: Ttl = 300
    filters: PolicyFilters = EVERYBODY


class LinkToListPolicy(Record):
    """A list that created faces are attached to."""

    list_id: Id
    filters: PolicyFilters = EVERYBODY


class FacePolicy(Record):
    """Whether a face is created, with which avatar and in which lists."""

    store_face: Flag = 0
    set_sample_as_avatar: Flag = 1
    filters: PolicyFilters = EVERYBODY
    link_to_lists_policy: Annotated[tuple[LinkToListPolicy, ...], Field(max_length=MOST_LISTS)] = ()


class EventPolicy(Record):
    """Whether the event is kept, and whether the answer waits until it is."""

    store_event: Flag = 1
    wait_saving: Flag = 1
    filters: PolicyFilters = EVERYBODY


class StoragePolicy(Record):
    """Everything that is kept, and who is told."""

    face_sample_policy: FaceSamplePolicy = FaceSamplePolicy()
    body_sample_policy: BodySamplePolicy = BodySamplePolicy()
    image_origin_policy: ImageOriginPolicy = ImageOriginPolicy()
    attribute_policy: AttributePolicy = AttributePolicy()
    face_policy: FacePolicy = FacePolicy()
    event_policy: EventPolicy = EventPolicy()
    notification_policy: NotificationPolicy = NotificationPolicy()
    callbacks: Callbacks = ()
