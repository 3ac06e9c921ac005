"""Handler events: what a handler saw, as it is answered, sent to subscribers and recorded."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from domain.event_matches import EventMatch, top_match
from domain.policies.reasons import FilterReason
from domain.shared.detections import BodyEstimations, FaceEstimations
from domain.shared.estimations import BasicAttributes
from domain.shared.fields import written
from domain.shared.refusal import Refusal


class EventNotFound(Refusal):
    """The event is unknown, foreign or deleted."""

    detail = "Event with id '{}' not found"


TOP_MATCH: Final = "top_match"
"""The key of the best match in recorded events."""

MODELS: Final = "models"
"""The key of the networks that made the results of a recorded event."""

_OF_THE_LOG: Final = frozenset({TOP_MATCH, MODELS})


def _text(value: UUID | None) -> str | None:
    return None if value is None else str(value)


@dataclass(frozen=True, slots=True)
class GeoPosition:
    """A place on earth, in degrees."""

    longitude: float
    latitude: float


@dataclass(frozen=True, slots=True)
class Location:
    """Where an event happened, as far as it was told."""

    city: str | None = None
    area: str | None = None
    district: str | None = None
    street: str | None = None
    house_number: str | None = None
    geo_position: GeoPosition | None = None

    def as_dict(self) -> dict[str, Any]:
        """The contract's `Location`: only what was told."""
        names = ("city", "area", "district", "street", "house_number")
        shown = {name: value for name in names if (value := getattr(self, name)) is not None}
        if (place := self.geo_position) is not None:
            shown["geo_position"] = {"longitude": place.longitude, "latitude": place.latitude}
        return shown


@dataclass(frozen=True, slots=True)
class EventSample:
    """A face or body that was detected; `detection` is the contract's, `sample_id` if stored."""

    kind: str
    detection: Mapping[str, Any]
    sample_id: UUID | None = None

    def as_dict(self) -> dict[str, Any]:
        """The contract's `EventSampleFace` or `EventSampleBody`."""
        stored = self.sample_id is not None
        return {
            "sample_id": _text(self.sample_id),
            "detection": self.detection,
            "url": f"/6/samples/{self.kind}/{self.sample_id}" if stored else None,
        }


@dataclass(frozen=True, slots=True)
class EventDetection:
    """One person in one image; `detect_ts` is in seconds from the start of a video."""

    filename: str
    detect_time: datetime
    face: EventSample | None = None
    body: EventSample | None = None
    detect_ts: float | None = None
    image_origin: str | None = None

    def as_dict(self) -> dict[str, Any]:
        """The contract's `EventDetection`."""
        return {
            "filename": self.filename,
            "samples": {
                "face": None if self.face is None else self.face.as_dict(),
                "body": None if self.body is None else self.body.as_dict(),
            },
            "detect_time": written(self.detect_time),
            "detect_ts": self.detect_ts,
            "image_origin": self.image_origin,
        }


@dataclass(frozen=True, slots=True)
class EventFaceAttributes:
    """What was extracted of the face; `attribute_id` if it is kept as a temporary attribute.

    `reason` says why the descriptor was dropped, if it was.
    """

    score: float | None = None
    samples: tuple[UUID, ...] = ()
    basic_attributes: BasicAttributes | None = None
    attribute_id: UUID | None = None
    reason: FilterReason | None = None

    def as_dict(self) -> dict[str, Any]:
        """The contract's `EventFaceAttributes`."""
        stored = self.attribute_id is not None
        shown: dict[str, Any] = {
            "attribute_id": _text(self.attribute_id),
            "url": f"/6/attributes/{self.attribute_id}" if stored else None,
            "samples": [str(sample_id) for sample_id in self.samples],
        }
        if self.basic_attributes is not None:
            shown["basic_attributes"] = self.basic_attributes.as_dict()
        if self.score is not None:
            reasons = [] if self.reason is None else [self.reason.as_dict()]
            shown["score"] = round(self.score, 6)
            shown["filter"] = {"is_filtered": bool(reasons), "filter_reasons": reasons}
        return shown


@dataclass(frozen=True, slots=True)
class EventBodyAttributes:
    """What was extracted of the body."""

    score: float
    samples: tuple[UUID, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """The contract's `EventBodyAttributes`."""
        samples = [str(sample_id) for sample_id in self.samples]
        return {"score": round(self.score, 6), "samples": samples}


@dataclass(frozen=True, slots=True)
class EventFace:
    """The face that was created of an event."""

    face_id: UUID
    account_id: UUID
    event_id: UUID
    create_time: datetime
    user_data: str = ""
    external_id: str = ""
    avatar: str = ""
    lists: tuple[UUID, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """The contract's `EventFace`."""
        return {
            "face_id": str(self.face_id),
            "account_id": str(self.account_id),
            "event_id": str(self.event_id),
            "user_data": self.user_data,
            "create_time": written(self.create_time),
            "external_id": self.external_id,
            "avatar": self.avatar,
            "lists": [str(list_id) for list_id in self.lists],
            "url": f"/6/faces/{self.face_id}",
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class HandlerEvent:
    """What a handler saw of one person.

    `stored` says whether the event can be read later. `face_estimations` and
    `body_estimations` are those of several detections taken together.
    """

    event_id: UUID
    detections: tuple[EventDetection, ...]
    stored: bool = True
    face_attributes: EventFaceAttributes | None = None
    body_attributes: EventBodyAttributes | None = None
    face: EventFace | None = None
    matches: tuple[EventMatch, ...] = ()
    face_estimations: FaceEstimations | None = None
    body_estimations: BodyEstimations | None = None
    source: str | None = None
    tags: tuple[str, ...] = ()
    external_id: str = ""
    user_data: str = ""
    location: Location = Location()
    track_id: str | None = None
    stream_id: UUID | None = None
    meta: Mapping[str, Any] | None = None

    def as_dict(self) -> dict[str, Any]:
        """The contract's `GeneratedEvent`."""
        face, body = self.face_estimations, self.body_estimations
        return {
            "event_id": str(self.event_id),
            "url": f"/6/events/{self.event_id}" if self.stored else None,
            "face_attributes": self.face_attributes and self.face_attributes.as_dict(),
            "body_attributes": self.body_attributes and self.body_attributes.as_dict(),
            "source": self.source,
            "tags": list(self.tags),
            "external_id": self.external_id,
            "user_data": self.user_data,
            "face": None if self.face is None else self.face.as_dict(),
            "matches": [match.as_dict() for match in self.matches],
            "location": self.location.as_dict(),
            "detections": [detection.as_dict() for detection in self.detections],
            "track_id": self.track_id,
            "aggregate_estimations": {
                "face": {"attributes": {} if face is None else face.as_dict()},
                "body": {"attributes": {} if body is None else body.as_dict()},
            },
            "stream_id": _text(self.stream_id),
            "meta": None if self.meta is None else dict(self.meta),
        }

    def recorded(self) -> dict[str, Any]:
        """What the log keeps: the event as answered, and its best match, which targets may hide."""
        best = top_match(self.matches)
        return self.as_dict() if best is None else {**self.as_dict(), TOP_MATCH: best.as_dict()}


def answered(recorded: Mapping[str, Any]) -> dict[str, Any]:
    """A recorded event as it is answered and sent."""
    return {name: value for name, value in recorded.items() if name not in _OF_THE_LOG}


def ws_message(
    recorded: Mapping[str, Any],
    handler_id: UUID | None,
    create_time: datetime,
    end_time: datetime,
    request_id: str,
) -> dict[str, Any]:
    """The contract's `WsMessage` about a recorded event."""
    return {
        "event": answered(recorded),
        "handler_id": _text(handler_id),
        "event-create-time": written(create_time),
        "event-end-time": written(end_time),
        "Luna-Request-id": request_id,
    }


def callback_message(
    recorded: Mapping[str, Any],
    account_id: UUID,
    handler_id: UUID | None,
    create_time: datetime,
    end_time: datetime,
) -> dict[str, Any]:
    """What callbacks are sent about a recorded event."""
    return {
        "event_type": "handler",
        "account_id": str(account_id),
        "handler_id": _text(handler_id),
        "event_create_time": written(create_time),
        "event_end_time": written(end_time),
        "event": answered(recorded),
    }
