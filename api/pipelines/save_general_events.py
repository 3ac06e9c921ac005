"""General events that clients send, as events to record."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from api.http.refusals import BadApiBody
from api.pipelines.save_event import PARTS, given_descriptor
from api.schemas.general_events import GeneralEvent, GeneralEvents
from commands.general_events import NewGeneralEvent
from domain.log.facts import DescriptorRow
from domain.shared.ids import new_id
from domain.shared.model_features import DescriptorFeature


def new_general_events(
    body: GeneralEvents, account_id: UUID, features: Sequence[DescriptorFeature]
) -> tuple[NewGeneralEvent, ...]:
    """The events with their vectors; all must be of the account that sends them."""
    for place, one in enumerate(body.events):
        if one.account_id not in (None, account_id):
            path = f"events.{place}.account_id"
            raise BadApiBody(path, "it is not the account of the request")
    return tuple(_new(one, f"events.{n}.event", features) for n, one in enumerate(body.events))


def _new(given: GeneralEvent, path: str, features: Sequence[DescriptorFeature]) -> NewGeneralEvent:
    event_id = new_id()
    create_time, end_time = given.period
    content: dict[str, Any] = dict(given.event)
    descriptors: list[DescriptorRow] = []
    for kind, part in PARTS.items():
        attributes = content.get(part)
        if not isinstance(attributes, dict) or "descriptor" not in attributes:
            continue
        content[part] = {name: v for name, v in attributes.items() if name != "descriptor"}
        place = f"{path}.{part}.descriptor"
        text = attributes["descriptor"]
        if not isinstance(text, str):
            raise BadApiBody(place, "value is not a string")
        descriptors.append(given_descriptor(text, kind, place, event_id, features))
    return NewGeneralEvent(
        event_id=event_id,
        event_type=given.event_type,
        create_time=create_time,
        end_time=end_time,
        content=content,
        descriptors=tuple(descriptors),
    )
