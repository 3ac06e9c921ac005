"""Faces in images, each kept as a sample."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import Response

from api.authentication import AccountId, permitted
from api.dependencies import Send, ServicesDep
from api.errors import answers
from api.http.answers import json_answer
from api.http.refusals import BadContentType, PayloadTooLarge
from api.images_in_request import images_in_request
from api.pipelines.detector import DetectorRun
from api.pipelines.models_used import models_header
from api.schemas.eyes import DetectorQuery
from api.schemas.eyes_answers import DetectorAnswer
from api.schemas.image_bodies import IMAGES
from domain.shared.detections import ImageType
from domain.shared.image_refusals import ModelsBusy, MultipleFaces, NoModelForRole

router = APIRouter(tags=["detector"])


@router.post(
    "/detector",
    status_code=201,
    response_model=DetectorAnswer,
    openapi_extra=IMAGES,
    responses=answers(BadContentType, MultipleFaces, NoModelForRole, PayloadTooLarge, ModelsBusy),
    dependencies=[Depends(permitted("face_sample", "creation"))],
)
async def detect_faces(
    request: Request,
    query: Annotated[DetectorQuery, Query()],
    services: ServicesDep,
    send: Send,
    account_id: AccountId,
) -> Response:
    """Find faces, keep a sample of each that no threshold drops, and estimate what is asked.

    The header Selene-Models names the networks that made the answer.
    """
    given = await images_in_request(request, services.image_limits)
    kind = ImageType.FACE_WARP if query.warped_image else ImageType.RAW
    images = await services.images.load(given.images, account_id, kind)
    run = DetectorRun(services.models, services.blobs, send, query)
    shown = await run.answer(images, account_id)
    return json_answer(shown, 201, models_header(run.used))
