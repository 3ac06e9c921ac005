"""What /matcher/general_events is asked."""

import math
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import Field, ValidationInfo, field_validator, model_validator

from api.schemas.matcher import (
    CandidateAttributes,
    CandidateEvents,
    CandidateFaces,
    CandidateSets,
    FaceReferenceType,
    Label,
    RawEntity,
)
from domain.policies.match import GENERAL_EVENT_TARGETS, GeneralEventCandidateFilters
from domain.shared.fields import Absent, Number, Record

GeneralReferenceType = FaceReferenceType | Literal["general_event", "general_event_track_id"]
_UUIDS = ("face", "event", "attribute", "general_event")
_ONLY_FACES = ("faces", "attributes")


class GeneralReference(Record):
    """An object whose descriptor is looked for."""

    type: GeneralReferenceType
    id: Label

    @field_validator("id")
    @classmethod
    def _is_an_id(cls, given: str, info: ValidationInfo) -> str:
        if info.data.get("type") in _UUIDS:
            try:
                return str(UUID(given))
            except ValueError:
                raise ValueError("the id must be a UUID") from None
        return given


class CandidateGeneralEvents(CandidateSets):
    """General events to compare with."""

    filters: GeneralEventCandidateFilters

    @model_validator(mode="after")
    def _targets_are_known(self) -> Self:
        return self.known(GENERAL_EVENT_TARGETS)


class PlattScaling(Record):
    """How similarities are normalised: s becomes 1 / (1 + exp(-(a * s + b))).

    `object_type` names the candidates that it is for; all of them without.
    """

    a: Annotated[Number, Field(gt=0, le=1e6)]
    b: Annotated[Number, Field(ge=-1e6, le=1e6)]
    object_type: Absent[Literal["general_events", "events", "faces", "attributes"]] = None

    def normalised(self, similarity: float) -> float:
        """The similarity that is answered for one of the match index."""
        exponent = self.a * similarity + self.b
        if exponent < 0:  # neither side may overflow
            return math.exp(exponent) / (1 + math.exp(exponent))
        return 1 / (1 + math.exp(-exponent))

    def least(self, threshold: float) -> float:
        """The similarity of the match index from which the normalised one can pass."""
        if threshold <= 0 or threshold >= 1:
            return threshold
        found = (math.log(threshold / (1 - threshold)) - self.b) / self.a
        return min(max(found - _ROUNDING, 0.0), 1.0)


_ROUNDING = 1e-6

GeneralCandidates = CandidateGeneralEvents | CandidateEvents | CandidateFaces | CandidateAttributes
_Several = Field(min_length=1, max_length=30)


class MatchGeneralEventsRequest(Record):
    """The body of `POST /6/matcher/general_events`; one kind of descriptors is compared."""

    descriptor_type: Literal["face", "body"]
    descriptor_version: Absent[Annotated[int, Field(strict=True, ge=0, le=0xFFFF)]] = None
    plat_coef: Absent[Annotated[tuple[PlattScaling, ...], Field(max_length=30)]] = None
    references: Annotated[tuple[GeneralReference | RawEntity, ...], _Several]
    candidates: Annotated[tuple[GeneralCandidates, ...], _Several]

    @model_validator(mode="after")
    def _comparable(self) -> Self:
        if self.descriptor_type == "body":
            for one in self.candidates:
                if one.filters.origin in _ONLY_FACES:
                    raise ValueError(f"{one.filters.origin} have no body descriptors")
            for reference in self.references:
                if reference.type in ("face", "attribute", "face_external_id"):
                    raise ValueError(f"a reference {reference.type} has no body descriptor")
        return self

    def scaling(self, object_type: str) -> PlattScaling | None:
        """How similarities of such candidates are normalised, if they are."""
        wanted = (object_type, None)
        return next((s for s in self.plat_coef or () if s.object_type in wanted), None)
