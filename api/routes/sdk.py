"""Stateless estimation: what images show, with nothing stored."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import Response

from api.authentication import MaybeAccountId, permitted
from api.dependencies import ServicesDep
from api.errors import answers
from api.http.answers import json_answer
from api.http.refusals import BadContentType, PayloadTooLarge
from api.images_in_request import images_in_request
from api.pipelines.models_used import models_header
from api.pipelines.sdk import SdkRun
from api.schemas.eyes import SdkQuery
from api.schemas.eyes_answers import SdkAnswer
from api.schemas.image_bodies import IMAGES
from domain.shared.detections import ImageType
from domain.shared.image_refusals import ModelsBusy, MultipleFaces, NoModelForRole

router = APIRouter(tags=["sdk"])


@router.post(
    "/sdk",
    response_model=SdkAnswer,
    openapi_extra=IMAGES,
    responses=answers(BadContentType, MultipleFaces, NoModelForRole, PayloadTooLarge, ModelsBusy),
    dependencies=[Depends(permitted("resources", "view"))],
)
async def sdk(
    request: Request,
    query: Annotated[SdkQuery, Query()],
    services: ServicesDep,
    account_id: MaybeAccountId,
) -> Response:
    """Find faces and bodies and estimate what the query asks for; nothing is stored.

    The header Selene-Models names the networks that made the answer.
    """
    given = await images_in_request(request, services.image_limits)
    images = await services.images.load(given.images, account_id, ImageType(query.image_type))
    run = SdkRun(services.models, query)
    shown = await run.answer(images)
    return json_answer(shown, headers=models_header(run.used))
