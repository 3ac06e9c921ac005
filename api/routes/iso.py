"""Frontal photos against ISO/IEC 19794-5, with nothing stored."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import Response

from api.authentication import MaybeAccountId, permitted
from api.dependencies import ServicesDep
from api.errors import answers
from api.http.answers import json_answer
from api.http.refusals import BadContentType, PayloadTooLarge
from api.images_in_request import images_in_request
from api.pipelines.iso import IsoRun
from api.pipelines.models_used import models_header
from api.schemas.image_bodies import IMAGES
from api.schemas.iso import IsoAnswer, IsoQuery
from domain.shared.detections import ImageType
from domain.shared.image_refusals import ModelsBusy, NoModelForRole

router = APIRouter(tags=["iso"])


@router.post(
    "/iso",
    response_model=IsoAnswer,
    openapi_extra=IMAGES,
    responses=answers(BadContentType, NoModelForRole, PayloadTooLarge, ModelsBusy),
    dependencies=[Depends(permitted("resources", "view"))],
)
async def iso(
    request: Request,
    query: Annotated[IsoQuery, Query()],
    services: ServicesDep,
    account_id: MaybeAccountId,
) -> Response:
    """Check every face; `status` is 1 when each check that was made passed.

    Several faces are an error of their image (11038) unless `multiface_policy` says otherwise.

    The header Selene-Checks-Off names the checks that could not be made: of a warp, or for want
    of a model. The header Selene-Models names the networks that made the answer.
    """
    given = await images_in_request(request, services.image_limits)
    images = await services.images.load(given.images, account_id, ImageType(query.image_type))
    run = IsoRun(
        services.models,
        multiface_policy=query.multiface_policy,
        extract_exif=bool(query.extract_exif),
    )
    shown = await run.answer(images)
    return json_answer(shown, headers={**models_header(run.used), **run.header})
