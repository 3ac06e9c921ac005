"""Matching: references against faces, events, attributes, or each other."""

import re
from typing import Any, Final
from uuid import UUID

from fastapi import APIRouter, Depends, Response

from api.authentication import Caller, ChosenAccountId, Identity, MaybeAccountId, permitted
from api.dependencies import ServicesDep
from api.errors import answers
from api.http.refusals import BadApiBody, BadContentType
from api.pipelines.compare_raw import compare_raw
from api.pipelines.match_sets import match_sets
from api.pipelines.references import References
from api.schemas.general_matcher import MatchGeneralEventsRequest
from api.schemas.matcher import (
    MatchBodiesRequest,
    MatchFacesRequest,
    MatchRawRequest,
    RawEntity,
)
from api.services import Services
from domain.attributes import AttributeNotFound
from domain.events import EventNotFound
from domain.faces import FaceNotFound
from domain.general_events import GeneralEventNotFound
from domain.matching import BadReference, NoDescriptor, NotComparable, ReferenceNotFound
from domain.shared.biometrics import DescriptorKind
from domain.shared.matching_refusals import MatchingAway, TooManySearches

_NAMED_BY: Final = re.compile("_(external|track)_id$")
router = APIRouter(prefix="/matcher", tags=["matcher"])

_REFUSALS = answers(
    BadApiBody,
    BadContentType,
    BadReference,
    NoDescriptor,
    FaceNotFound,
    EventNotFound,
    AttributeNotFound,
    ReferenceNotFound,
    TooManySearches,
    MatchingAway,
)


@router.post("/faces", responses=_REFUSALS)
async def match_faces(
    body: MatchFacesRequest,
    services: ServicesDep,
    caller: Caller,
    account_id: MaybeAccountId,
    answer: Response,
) -> list[dict[str, Any]]:
    """Match face descriptors with faces, events or attributes."""
    _demand(caller, body)
    found = _references(services, account_id)
    references = await found.find(body.references, DescriptorKind.FACE)
    return await match_sets(services, references, body.candidates, account_id, answer)


@router.post("/bodies", responses=_REFUSALS)
async def match_bodies(
    body: MatchBodiesRequest,
    services: ServicesDep,
    caller: Caller,
    account_id: MaybeAccountId,
    answer: Response,
) -> list[dict[str, Any]]:
    """Match body descriptors with events."""
    _demand(caller, body)
    found = _references(services, account_id)
    references = await found.find(body.references, DescriptorKind.BODY)
    return await match_sets(services, references, body.candidates, account_id, answer)


@router.post("/general_events", responses={**_REFUSALS, **answers(GeneralEventNotFound)})
async def match_general_events(
    body: MatchGeneralEventsRequest,
    services: ServicesDep,
    caller: Caller,
    account_id: ChosenAccountId,
    answer: Response,
) -> list[dict[str, Any]]:
    """Match descriptors of one kind with general events, events, faces or attributes."""
    _demand(caller, body)
    kind = DescriptorKind(body.descriptor_type)
    found = _references(services, account_id).of_version(kind, body.descriptor_version)
    references = await found.find(body.references, kind)
    scaled = [body.scaling(one.filters.origin) for one in body.candidates]
    return await match_sets(services, references, body.candidates, account_id, answer, scaled)


@router.post(
    "/raw",
    status_code=201,
    responses=answers(BadReference, NotComparable),
    dependencies=[Depends(permitted("resources", "matching"))],
)
async def matching_raw(
    body: MatchRawRequest, services: ServicesDep, account_id: MaybeAccountId
) -> dict[str, Any]:
    """Compare every reference of the body with every candidate of the body."""
    matches = [
        {
            "reference_id": one.reference_id,
            "matches": [
                {"candidate_id": label, "similarity": round(similarity, 6)}
                for label, similarity in one.candidates
            ],
        }
        for one in await compare_raw(services, body, account_id)
    ]
    return {"matches": matches}


_RESOURCES: Final = {
    "faces": "face",
    "attributes": "attribute",
    "events": "event",
    "general_events": "event",
}
"""What tokens call the things of an origin, which references are named after."""


def _demand(
    caller: Identity, body: MatchFacesRequest | MatchBodiesRequest | MatchGeneralEventsRequest
) -> None:
    """Refuse what the token may not compare; descriptors in the body need no permission."""
    stored = [one.type for one in body.references if not isinstance(one, RawEntity)]
    compared = {_RESOURCES[f"{_NAMED_BY.sub('', kind)}s"] for kind in stored}
    compared |= {_RESOURCES[one.filters.origin] for one in body.candidates}
    for resource in sorted(compared):
        caller.demand(resource, "matching")


def _references(services: Services, account_id: UUID | None) -> References:
    features = services.models.descriptors()
    return References(services.reader, services.attributes, features, account_id)
