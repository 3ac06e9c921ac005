"""Matching: references against faces, events, attributes, or each other."""

import asyncio
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Response

from api.authentication import Caller, Identity, MaybeAccountId
from api.dependencies import ServicesDep
from api.errors import answers
from api.http.refusals import BadApiBody, BadContentType
from api.pipelines.candidates import CandidateSearch, CandidateSet, Found
from api.pipelines.compare_raw import compare_raw
from api.pipelines.references import Reference, References
from api.schemas.matcher import (
    ATTRIBUTE_TARGETS,
    CandidateAttributes,
    Candidates,
    MatchBodiesRequest,
    MatchFacesRequest,
    MatchRawRequest,
    RawEntity,
)
from api.services import Services
from domain.attributes import AttributeNotFound
from domain.events import EventNotFound
from domain.faces import FaceNotFound
from domain.matching import BadReference, NoDescriptor, NotComparable, ReferenceNotFound
from domain.policies.match import EVENT_TARGETS, FACE_TARGETS, FaceCandidateFilters
from domain.shared.biometrics import Descriptor, DescriptorKind
from domain.shared.matching_refusals import MatchingAway, TooManySearches
from ray_cluster.matching import MatchOrder

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
    return await _match(services, references, body.candidates, account_id, answer)


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
    return await _match(services, references, body.candidates, account_id, answer)


@router.post("/raw", status_code=201, responses=answers(BadReference, NotComparable))
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


def _demand(caller: Identity, body: MatchFacesRequest | MatchBodiesRequest) -> None:
    """Refuse what the token may not compare; descriptors in the body need no permission."""
    stored = [one.type for one in body.references if not isinstance(one, RawEntity)]
    compared = {kind.partition("_")[0] for kind in stored}
    compared |= {one.filters.origin.removesuffix("s") for one in body.candidates}
    for resource in sorted(compared):
        caller.demand(resource, "matching")


def _references(services: Services, account_id: UUID | None) -> References:
    features = services.models.descriptors()
    return References(services.reader, services.attributes, features, account_id)


async def _match(
    services: Services,
    references: Sequence[Reference],
    sets: Sequence[Candidates],
    account_id: UUID | None,
    answer: Response,
) -> list[dict[str, Any]]:
    """One item per reference, in it one result per candidate set, both in the order asked.

    Headers tell the place in the log that the index had reached, and whether it was exact.
    """
    search = CandidateSearch(services.reader, services.matching)
    descriptors = [reference.descriptor for reference in references]
    results = await asyncio.gather(
        *(_search(services, search, descriptors, wanted, account_id) for wanted in sets)
    )
    if search.position is not None:
        answer.headers["Selene-Match-Position"] = str(search.position)
        answer.headers["Selene-Match-Exact"] = "true" if search.exact else "false"
    return [
        {
            "reference": reference.shown,
            "matches": [
                {"result": result[number], "filters": wanted.filters.as_dict()}
                for wanted, result in zip(sets, results, strict=True)
            ],
        }
        for number, reference in enumerate(references)
    ]


async def _search(
    services: Services,
    search: CandidateSearch,
    references: Sequence[Descriptor],
    wanted: Candidates,
    account_id: UUID | None,
) -> list[Found]:
    if isinstance(wanted, CandidateAttributes):
        return await _attributes(services, references, wanted, account_id)
    of_faces = isinstance(wanted.filters, FaceCandidateFilters)
    candidates = CandidateSet(
        wanted.filters,
        wanted.limit,
        wanted.threshold,
        wanted.shown(FACE_TARGETS if of_faces else EVENT_TARGETS),
        MatchOrder(wanted.order),
    )
    return await search.search(references, candidates, account_id)


async def _attributes(
    services: Services,
    references: Sequence[Descriptor],
    wanted: CandidateAttributes,
    account_id: UUID | None,
) -> list[Found]:
    """Temporary attributes are few and named by id: they are compared one by one."""
    account = account_id or wanted.filters.account_id
    ids = list(dict.fromkeys(wanted.filters.attribute_ids))
    kept = await asyncio.to_thread(services.attributes.find, account, ids)
    shown = wanted.shown(ATTRIBUTE_TARGETS)
    found: list[Found] = []
    for reference in references:
        vectors = [
            (attribute, Descriptor(DescriptorKind.FACE, one.version, one.data))
            for attribute in kept
            for one in attribute.content.descriptors
            if one.version == reference.version
        ]
        scores = await services.matching.similarities(reference, [v for _, v in vectors])
        hits = [
            (score, attribute)
            for score, (attribute, _) in zip(scores, vectors, strict=True)
            if score >= wanted.threshold
        ]
        hits.sort(key=lambda hit: (-hit[0], hit[1].attribute_id))
        del hits[wanted.limit :]
        if wanted.order != "similarity":
            newest = wanted.order == "create_time_desc"
            hits.sort(key=lambda hit: hit[1].create_time, reverse=newest)
        row: Found = []
        for score, attribute in hits:
            fields = {n: getattr(attribute, n) for n in shown if n != "similarity"}
            hit: dict[str, Any] = {"attribute": fields}
            if "similarity" in shown:
                hit["similarity"] = round(score, 6)
            row.append(hit)
        found.append(row)
    return found
