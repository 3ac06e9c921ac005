"""The match policy: with whom the detected are compared, and whom of those an event names."""

from datetime import datetime
from typing import Annotated, Final, Literal, Self

from pydantic import Field, ValidationInfo, field_validator

from domain.policies.filters import AttributesFilters, Label
from domain.shared.fields import (
    Absent,
    EmotionId,
    EthnicGroupId,
    ExternalId,
    GenderId,
    Id,
    Latitude,
    LivenessId,
    Longitude,
    MaskId,
    Probability,
    Record,
    Source,
    Tag,
    Text,
    TimeOrNow,
    TrackId,
    UserData,
    Whole,
    resolved,
)

DEFAULT_LIMIT: Final = 3
MOST_CANDIDATES: Final = 1000

FACE_TARGETS: Final = (
    *("face_id", "account_id", "event_id", "user_data", "create_time", "external_id", "avatar"),
    *("lists", "similarity"),
)
"""Fields of a face that a candidate may show."""

EVENT_TARGETS: Final = (
    *("create_time", "end_time", "event_id", "handler_id", "external_id", "source", "top_match"),
    *("match_result", "face_detections", "face_id", "attach_result", "gender", "age", "emotion"),
    *("ethnic_group", "liveness", "body_detections", "tags", "user_data", "location", "mask"),
    *("track_id", "account_id", "stream_id", "deepfake", "meta", "body_basic_attributes"),
    *("upper_body", "lower_body", "accessories", "similarity"),
)
"""Fields of an event that a candidate may show."""

GENERAL_EVENT_TARGETS: Final = (
    *("event_id", "account_id", "event_type", "event_create_time", "event_end_time", "event"),
    "similarity",
)
"""Fields of a general event that a candidate may show."""

FACES_SHOW: Final = (
    *("face_id", "external_id", "user_data", "create_time", "lists", "avatar", "event_id"),
    "account_id",
)
EVENTS_SHOW: Final = (
    *("event_id", "external_id", "user_data", "create_time", "handler_id"),
    "source",
)
"""Fields that candidates of a handler show when its policy does not choose."""

Delta = Annotated[float, Field(strict=True, ge=0, le=90, allow_inf_nan=False)]


class GeoFilter(Record):
    """A box around a place: degrees to each side of the origin."""

    origin_longitude: Longitude
    origin_latitude: Latitude
    longitude_delta: Delta = 0.01
    latitude_delta: Delta = 0.01


_BOUNDS: Final = tuple(
    f"{time}__{bound}"
    for time in ("create_time", "end_time", "insert_time")
    for bound in ("gte", "lt")
)


class _CreatedBetween(Record):
    create_time__gte: Absent[TimeOrNow] = None
    create_time__lt: Absent[TimeOrNow] = None

    def resolved(self, now: datetime) -> Self:
        """The same candidates, with bounds that are relative to `now` made absolute."""
        given = {name: getattr(self, name, None) for name in _BOUNDS}
        return self.model_copy(
            update={name: resolved(value, now) for name, value in given.items() if value}
        )


class FaceFilters(_CreatedBetween):
    """Which faces are meant; all conditions hold, a list means any of it."""

    face_ids: Absent[tuple[Id, ...]] = None
    account_id: Absent[Id] = None
    external_ids: Absent[tuple[ExternalId, ...]] = None
    user_data: Absent[UserData] = None
    face_id__gte: Absent[Id] = None
    face_id__lt: Absent[Id] = None
    list_id: Absent[Id] = None


class _SomewhereBetween(_CreatedBetween):
    event_ids: Absent[tuple[Id, ...]] = None
    account_id: Absent[Id] = None
    event_id__gte: Absent[Id] = None
    event_id__lt: Absent[Id] = None
    sources: Absent[tuple[Source, ...]] = None
    cities: Absent[tuple[Text, ...]] = None
    areas: Absent[tuple[Text, ...]] = None
    districts: Absent[tuple[Text, ...]] = None
    streets: Absent[tuple[Text, ...]] = None
    house_numbers: Absent[tuple[Text, ...]] = None
    geo_position: Absent[GeoFilter] = None
    track_ids: Absent[tuple[TrackId, ...]] = None
    end_time__gte: Absent[TimeOrNow] = None
    end_time__lt: Absent[TimeOrNow] = None


class EventFilters(_SomewhereBetween):
    """Which events are meant; all conditions hold, a list means any of it, all of tags."""

    handler_ids: Absent[tuple[Id, ...]] = None
    external_ids: Absent[tuple[ExternalId, ...]] = None
    top_matching_candidates_label: Absent[Text] = None
    top_similar_object_ids: Absent[tuple[Id, ...]] = None
    top_similar_external_ids: Absent[tuple[ExternalId, ...]] = None
    top_similar_object_similarity__gte: Absent[Probability] = None
    top_similar_object_similarity__lt: Absent[Probability] = None
    age__gte: Absent[Whole] = None
    age__lt: Absent[Whole] = None
    gender: Absent[GenderId] = None
    emotions: Absent[tuple[EmotionId, ...]] = None
    liveness: Absent[tuple[LivenessId, ...]] = None
    masks: Absent[tuple[MaskId, ...]] = None
    ethnic_groups: Absent[tuple[EthnicGroupId, ...]] = None
    face_ids: Absent[tuple[Id, ...]] = None
    user_data: Absent[Text] = None
    tags: Absent[tuple[Tag, ...]] = None


class GeneralEventFilters(_SomewhereBetween):
    """Which general events are meant; all conditions hold, a list means any of it."""

    event_type: Absent[tuple[Text, ...]] = None
    insert_time__gte: Absent[TimeOrNow] = None
    insert_time__lt: Absent[TimeOrNow] = None
    stream_ids: Absent[tuple[Id, ...]] = None


class FaceCandidateFilters(FaceFilters):
    """Which faces are candidates."""

    origin: Literal["faces"]


class EventCandidateFilters(EventFilters):
    """Which events are candidates."""

    origin: Literal["events"]


class GeneralEventCandidateFilters(GeneralEventFilters):
    """Which general events are candidates."""

    origin: Literal["general_events"]


CandidateFilters = FaceCandidateFilters | EventCandidateFilters | GeneralEventCandidateFilters
"""Candidates that the match index knows."""

MatchPolicyCandidates = Annotated[
    FaceCandidateFilters | EventCandidateFilters, Field(discriminator="origin")
]
"""Who is compared with: faces or events of the account."""


class DescriptorPolicy(Record):
    """Which descriptor of the detected is compared."""

    descriptor_type: Literal["face", "body"] = "face"


class MatchPolicy(Record):
    """One comparison: for whom it is made, with whom, and how many of the best are named."""

    label: Label
    candidates: MatchPolicyCandidates
    filters: AttributesFilters = AttributesFilters()
    limit: Absent[Annotated[int, Field(strict=True, ge=1, le=MOST_CANDIDATES)]] = None
    targets: Absent[tuple[Text, ...]] = None
    threshold: Absent[Probability] = None
    descriptor: DescriptorPolicy = DescriptorPolicy()

    @field_validator("targets")
    @classmethod
    def _known_targets(cls, given: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        candidates = info.data.get("candidates")
        if candidates is not None:
            known = FACE_TARGETS if candidates.origin == "faces" else EVENT_TARGETS
            if unknown := [name for name in given if name not in known]:
                raise ValueError(f"unexpected value '{unknown[0]}'; permitted: {', '.join(known)}")
        return given

    @field_validator("descriptor")
    @classmethod
    def _comparable(cls, given: DescriptorPolicy, info: ValidationInfo) -> DescriptorPolicy:
        candidates = info.data.get("candidates")
        if given.descriptor_type == "body" and getattr(candidates, "origin", "") == "faces":
            raise ValueError("faces have no body descriptors; body candidates are events")
        return given

    @property
    def best(self) -> int:
        """How many candidates are named at most."""
        return DEFAULT_LIMIT if self.limit is None else self.limit

    @property
    def least(self) -> float:
        """The similarity from which a candidate is named."""
        return 0.0 if self.threshold is None else self.threshold

    @property
    def shown(self) -> tuple[str, ...]:
        """The fields that candidates show beside their similarity."""
        if self.targets is not None:
            return tuple(name for name in self.targets if name != "similarity")
        return FACES_SHOW if self.candidates.origin == "faces" else EVENTS_SHOW
