"""What /matcher is asked."""

from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import Field, ValidationInfo, field_validator, model_validator

from api.schemas.attributes import EncodedBytes
from domain.policies.match import (
    EVENT_TARGETS,
    FACE_TARGETS,
    MOST_CANDIDATES,
    EventCandidateFilters,
    FaceCandidateFilters,
)
from domain.shared.fields import Absent, Id, Probability, Record, Text, Whole

DEFAULT_LIMIT = 5
ATTRIBUTE_TARGETS = ("attribute_id", "account_id", "create_time", "similarity")
_UUIDS = ("face", "event", "attribute")

FaceReferenceType = Literal[
    "face", "event", "attribute", "face_external_id", "event_external_id", "event_track_id"
]
BodyReferenceType = Literal["event", "event_external_id", "event_track_id"]
MatchOrderName = Literal["similarity", "create_time_asc", "create_time_desc"]
Label = Annotated[Text, Field(min_length=1, max_length=128)]


class RawDescriptor(Record):
    """The bare numbers of a descriptor, with its version."""

    descriptor: EncodedBytes
    version: Whole


class RawEntity(Record):
    """A descriptor in the body, under a name of the caller's."""

    id: Label
    type: Literal["xpk_file", "sdk_descriptor", "raw_descriptor"]
    data: EncodedBytes | RawDescriptor

    @model_validator(mode="after")
    def _data_fits_type(self) -> Self:
        if (self.type == "raw_descriptor") != isinstance(self.data, RawDescriptor):
            raise ValueError(f"data of this shape is no {self.type}")
        return self


class FaceReference(Record):
    """An object whose face descriptor is looked for."""

    type: FaceReferenceType
    id: Label

    @field_validator("id")
    @classmethod
    def _is_an_id(cls, given: str, info: ValidationInfo) -> str:
        return _checked_id(given, info)


class BodyReference(Record):
    """An event whose body descriptor is looked for."""

    type: BodyReferenceType
    id: Label

    @field_validator("id")
    @classmethod
    def _is_an_id(cls, given: str, info: ValidationInfo) -> str:
        return _checked_id(given, info)


def _checked_id(given: str, info: ValidationInfo) -> str:
    if info.data.get("type") in _UUIDS:
        try:
            return str(UUID(given))
        except ValueError:
            raise ValueError("the id must be a UUID") from None
    return given


class CandidateSets(Record):
    """What all sets of candidates have."""

    limit: Annotated[int, Field(strict=True, ge=1, le=MOST_CANDIDATES)] = DEFAULT_LIMIT
    targets: Absent[tuple[Text, ...]] = None
    threshold: Probability = 0.0
    order: MatchOrderName = "similarity"

    def known(self, targets: tuple[str, ...]) -> Self:
        """The set itself, unless it names a target that is none."""
        for name in self.targets or ():
            if name not in targets:
                permitted = ", ".join(targets)
                raise ValueError(f"unexpected value '{name}'; permitted: {permitted}")
        return self

    def shown(self, targets: tuple[str, ...]) -> tuple[str, ...]:
        """The fields that candidates show, similarity included."""
        return targets if self.targets is None else self.targets


class CandidateFaces(CandidateSets):
    """Faces to compare with."""

    filters: FaceCandidateFilters

    @model_validator(mode="after")
    def _targets_are_known(self) -> Self:
        return self.known(FACE_TARGETS)


class CandidateEvents(CandidateSets):
    """Events to compare with."""

    filters: EventCandidateFilters

    @model_validator(mode="after")
    def _targets_are_known(self) -> Self:
        return self.known(EVENT_TARGETS)


class AttributeCandidateFilters(Record):
    """Which temporary attributes are candidates."""

    origin: Literal["attributes"]
    attribute_ids: Annotated[tuple[Id, ...], Field(min_length=1, max_length=MOST_CANDIDATES)]
    account_id: Absent[Id] = None


class CandidateAttributes(CandidateSets):
    """Temporary attributes to compare with."""

    filters: AttributeCandidateFilters

    @model_validator(mode="after")
    def _targets_are_known(self) -> Self:
        return self.known(ATTRIBUTE_TARGETS)


Candidates = CandidateFaces | CandidateEvents | CandidateAttributes
_References = Field(min_length=1, max_length=30)


class MatchFacesRequest(Record):
    """The body of `POST /6/matcher/faces`."""

    references: Annotated[tuple[FaceReference | RawEntity, ...], _References]
    candidates: Annotated[tuple[Candidates, ...], Field(max_length=30)]


class MatchBodiesRequest(Record):
    """The body of `POST /6/matcher/bodies`."""

    references: Annotated[tuple[BodyReference | RawEntity, ...], _References]
    candidates: Annotated[tuple[CandidateEvents, ...], _References]


class MatchRawRequest(Record):
    """The body of `POST /6/matcher/raw`."""

    references: Annotated[tuple[RawEntity, ...], Field(min_length=1, max_length=1000)]
    candidates: Annotated[tuple[RawEntity, ...], Field(min_length=1, max_length=1000)]
