"""Running the rest of the policies: which tags an event gets, what is kept, who is told."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from domain.policies.callbacks import EventHttpCallback
from domain.policies.filters import Seen
from domain.policies.policies import Policies
from domain.policies.storage import ImageOriginPolicy

LONGEST_ORIGIN: Final = 256


@dataclass(frozen=True, slots=True)
class StoragePlan:
    """What is kept of one event's person; `attribute_ttl` in seconds, None for no attribute."""

    face_sample: bool
    body_sample: bool
    image: bool
    attribute_ttl: int | None
    face: bool
    avatar: bool
    list_ids: tuple[UUID, ...]
    event: bool
    wait_saving: bool
    notify: bool
    callbacks: tuple[EventHttpCallback, ...] = ()


def event_tags(policies: Policies, given: Iterable[str], seen: Seen) -> tuple[str, ...]:
    """The tags of the request, then those whose conditions hold; each once."""
    earned = (tag.tag for tag in policies.conditional_tags_policy if tag.filters.passes(seen))
    return tuple(dict.fromkeys((*given, *earned)))


def storage_plan(policies: Policies, seen: Seen) -> StoragePlan:
    """What is kept of a person, and whether subscribers are told."""
    wanted = policies.storage_policy
    sample, attribute, face = wanted.face_sample_policy, wanted.attribute_policy, wanted.face_policy
    body, image, event = (
        wanted.body_sample_policy,
        wanted.image_origin_policy,
        wanted.event_policy,
    )
    notify = wanted.notification_policy
    face_sample = bool(sample.store_sample) and sample.filters.passes(seen)
    make_face = bool(face.store_face) and face.filters.passes(seen)
    lists = (link.list_id for link in face.link_to_lists_policy if link.filters.passes(seen))
    called = [one for one in wanted.callbacks if one.enable and one.filters.passes(seen)]
    http = tuple(one for one in called if isinstance(one, EventHttpCallback))
    keep_attribute = attribute.store_attribute and attribute.filters.passes(seen)
    return StoragePlan(
        face_sample=face_sample,
        body_sample=bool(body.store_sample) and body.filters.passes(seen),
        image=bool(image.store_image) and image.filters.passes(seen),
        attribute_ttl=attribute.ttl if keep_attribute else None,
        face=make_face,
        avatar=make_face and face_sample and bool(face.set_sample_as_avatar),
        list_ids=tuple(dict.fromkeys(lists)) if make_face else (),
        event=bool(event.store_event) and event.filters.passes(seen),
        wait_saving=bool(event.wait_saving),
        notify=(bool(notify.send_notification) and notify.filters.passes(seen))
        or len(called) > len(http),
        callbacks=http,
    )


def origin_reference(policy: ImageOriginPolicy, came_from: str | None) -> str | None:
    """The address that stands for the image instead of a copy; None where it is to be stored.

    `came_from` is the URL that the image was given by, or that of the sample it was.
    """
    if not policy.use_external_references or came_from is None:
        return None
    return came_from if len(came_from) <= LONGEST_ORIGIN else None
