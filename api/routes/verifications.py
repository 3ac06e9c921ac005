"""Verifiers at work: whether images or descriptors show one person."""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Query, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from api.authentication import AccountId, may_use
from api.dependencies import Send, ServicesDep
from api.errors import answers
from api.http.answers import json_answer
from api.http.refusals import BadApiBody, BadContentType, BadQuery, PayloadTooLarge
from api.images_in_request import DESCRIPTOR_TYPES, IMAGE_TYPES, images_in_request
from api.pipelines.compare_raw import compare_raw
from api.pipelines.models_used import models_header
from api.pipelines.verification_objects import VerificationObjects
from api.pipelines.verify import VerifierRun
from api.schemas.matcher import MatchRawRequest
from api.schemas.verifications import (
    INPUT,
    VerificationQuery,
    VerificationResponse,
    VerifyRawResponse,
)
from domain.attributes import AttributeNotFound
from domain.events import EventNotFound
from domain.faces import FaceNotFound
from domain.matching import BadReference, NoDescriptor, NotComparable, ReferenceNotFound
from domain.policies.verify import VerifierPolicies
from domain.shared.detections import ImageType
from domain.shared.fields import Id
from domain.shared.image_refusals import ModelsBusy, MultipleFaces, NoModelForRole, TooManyImages
from domain.verifiers import VerifierNotFound
from projections.verifiers import get_verifier

router = APIRouter(prefix="/verifiers", tags=["verifiers"])

_ACCEPTED: Final = IMAGE_TYPES | DESCRIPTOR_TYPES
_USE: Final = Depends(may_use("verify", "verifier_id"))


@router.post(
    "/{verifier_id}/verifications",
    response_model=VerificationResponse,
    openapi_extra=INPUT,
    responses=answers(
        VerifierNotFound,
        BadQuery,
        BadApiBody,
        BadContentType,
        PayloadTooLarge,
        TooManyImages,
        MultipleFaces,
        NoModelForRole,
        ModelsBusy,
        FaceNotFound,
        EventNotFound,
        AttributeNotFound,
        ReferenceNotFound,
        NoDescriptor,
    ),
    dependencies=[_USE],
)
async def post_verifier(
    verifier_id: Id,
    request: Request,
    query: Annotated[VerificationQuery, Query()],
    services: ServicesDep,
    send: Send,
    account_id: AccountId,
) -> Response:
    """Compare the faces in images, or raw descriptors, with the objects that the query names.

    Objects of one kind are named: faces, events, attributes, or faces by external id. Only a
    similarity above the verifier's threshold has status true; all objects are answered, best
    first. The header Selene-Models names the networks that made the answer.
    """
    row = await run_in_threadpool(get_verifier, services.reader, account_id, verifier_id)
    given = await images_in_request(request, services.image_limits, accepted=_ACCEPTED)
    features = services.models.descriptors()
    objects = VerificationObjects(services.reader, services.attributes, features, account_id)
    wanted = await objects.find(query)
    run = VerifierRun(
        services=services,
        send=send,
        account_id=account_id,
        policies=VerifierPolicies.model_validate(row["policies"]),
        image_type=ImageType(query.image_type),
        use_exif=bool(query.use_exif_info),
    )
    answer = await run.answer(given.images, wanted)
    return json_answer(answer, headers=models_header(run.used))


@router.post(
    "/{verifier_id}/raw",
    response_model=VerifyRawResponse,
    responses=answers(VerifierNotFound, BadApiBody, BadContentType, BadReference, NotComparable),
    dependencies=[_USE],
)
async def raw_verification(
    verifier_id: Id, body: MatchRawRequest, services: ServicesDep, account_id: AccountId
) -> Any:
    """Compare every reference of the body with every candidate of the body, and judge each."""
    row = await run_in_threadpool(get_verifier, services.reader, account_id, verifier_id)
    policies = VerifierPolicies.model_validate(row["policies"])
    matches = [
        {
            "reference_id": one.reference_id,
            "matches": [
                {
                    "candidate_id": label,
                    "similarity": round(similarity, 6),
                    "status": policies.is_same(similarity),
                }
                for label, similarity in one.candidates
            ],
        }
        for one in await compare_raw(services, body, account_id)
    ]
    return {"matches": matches}
