"""Bodies about handler events."""

from itertools import pairwise
from typing import Annotated, Any, Final, Self
from uuid import UUID

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from api.errors import ErrorBody
from api.schemas.event_parts import AggregateEstimations, BasicAttributes, Detection
from domain.policies.filters import Label
from domain.policies.match import MOST_CANDIDATES
from domain.shared.fields import (
    Absent,
    ExternalId,
    Id,
    Probability,
    Record,
    Source,
    Tag,
    Text,
    Time,
    TrackId,
    UserData,
)
from domain.shared.places import Location

MOST_DETECTIONS: Final = 100
MOST_MATCHES: Final = 30
MOST_TAGS: Final = 100


def _unwrapped(value: Any) -> Any:
    """Some clients send {"samples": [...]} for the list itself."""
    return value["samples"] if isinstance(value, dict) and list(value) == ["samples"] else value


SampleIds = Annotated[list[Id], BeforeValidator(_unwrapped)]


class MatchedFace(Record):
    """A face that was found similar."""

    face_id: Absent[Id] = None
    account_id: Absent[Id] = None
    event_id: Id | None = None
    user_data: Absent[UserData] = None
    create_time: Absent[Time] = None
    external_id: Absent[ExternalId] = None
    avatar: Absent[Annotated[Text, Field(max_length=256)]] = None
    lists: Absent[list[Id]] = None


class MatchedEvent(Record):
    """An event that was found similar, with any of its fields."""

    model_config = ConfigDict(frozen=True, extra="allow")

    event_id: Absent[Id] = None
    create_time: Absent[Time] = None
    external_id: Text | None = None
    user_data: Absent[Text] = None
    handler_id: Id | None = None
    source: Text | None = None


class MatchCandidate(Record):
    """A face or an event that was found similar."""

    face: Absent[MatchedFace] = None
    event: Absent[MatchedEvent] = None
    similarity: Probability

    @model_validator(mode="after")
    def _one_of_two(self) -> Self:
        if (self.face is None) == (self.event is None):
            raise ValueError("a candidate is either a face or an event")
        return self


def _sorted(candidates: list[MatchCandidate]) -> list[MatchCandidate]:
    for better, worse in pairwise(candidates):
        if worse.similarity > better.similarity:
            raise ValueError("candidates must be sorted, the most similar first")
    return candidates


class Match(Record):
    """Whom one match policy found, the most similar first."""

    label: Label
    candidates: Annotated[
        list[MatchCandidate], Field(max_length=MOST_CANDIDATES), AfterValidator(_sorted)
    ]


class RawFaceAttributes(Record):
    """What was extracted of the face; `descriptor` is an SDK container in Base64."""

    attribute_id: Id | None = None
    basic_attributes: Absent[BasicAttributes] = None
    score: Absent[Probability] = None
    samples: Absent[SampleIds] = None
    descriptor: Absent[Text] = None
    url: Text | None = None


class RawBodyAttributes(Record):
    """What was extracted of the body; `descriptor` is an SDK container in Base64."""

    score: Absent[Probability] = None
    samples: Absent[SampleIds] = None
    descriptor: Absent[Text] = None


class RawFace(Record):
    """The face that belongs to the event."""

    face_id: Absent[Id] = None
    event_id: Absent[Id] = None
    external_id: Absent[ExternalId] = None
    user_data: Absent[UserData] = None
    lists: Absent[list[Id]] = None
    url: Absent[Text] = None


class RawEvent(Record):
    """An event that was made elsewhere."""

    detections: Annotated[list[Detection], Field(max_length=MOST_DETECTIONS)] = []
    source: Absent[Source] = None
    location: Absent[Location] = None
    external_id: ExternalId = ""
    user_data: UserData = ""
    track_id: Absent[TrackId] = None
    face: Absent[RawFace] = None
    matches: Annotated[list[Match], Field(max_length=MOST_MATCHES)] | None = None
    face_attributes: RawFaceAttributes | None = None
    body_attributes: RawBodyAttributes | None = None
    aggregate_estimations: Absent[AggregateEstimations] = None
    tags: Annotated[list[Tag], Field(max_length=MOST_TAGS)] = []
    meta: dict[str, Any] | None = None
    create_time: Absent[Time] = None
    end_time: Absent[Time] = None

    def recorded(self, event_id: UUID) -> dict[str, Any]:
        """The event as the log keeps it: in the shape of generated ones, without descriptors."""
        given = self.model_dump(
            mode="json", exclude_unset=True, exclude={"create_time", "end_time"}
        )
        for name in ("face_attributes", "body_attributes"):
            if given.get(name) is not None:
                given[name].pop("descriptor", None)
        aggregate = {"face": None, "body": None, **given.get("aggregate_estimations", {})}
        return {
            "face_attributes": None,
            "body_attributes": None,
            "source": None,
            "tags": [],
            "external_id": "",
            "user_data": "",
            "face": None,
            "matches": [],
            "location": {},
            "detections": [],
            "track_id": None,
            "stream_id": None,
            "meta": None,
            **given,
            "aggregate_estimations": {
                name: one if one is not None else {"attributes": {}}
                for name, one in aggregate.items()
            },
            "event_id": str(event_id),
            "url": f"/6/events/{event_id}",
        }


class EventCreated(BaseModel):
    """Where a new event is."""

    event_id: UUID
    url: str


class ProcessedImage(BaseModel):
    """What became of one image of a request: status 1 processed, 0 failed."""

    filename: str
    status: int
    error: ErrorBody
    exif: dict[str, Any] | None = None
    image_estimations: dict[str, Any] | None = None


class FilteredDetections(BaseModel):
    """Faces that made no event."""

    face_detections: list[dict[str, Any]]


class GenerateEventsResponse(BaseModel):
    """What a handler made of a request: its images in order, its events, and whom it dropped."""

    images: list[ProcessedImage]
    events: list[dict[str, Any]]
    filtered_detections: FilteredDetections


class EventsPage(BaseModel):
    """A page of events; with targets each has only the fields asked for."""

    events: list[dict[str, Any]]
