"""Whether living people stand before the camera, with nothing stored."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import Response

from api.authentication import MaybeAccountId, permitted
from api.dependencies import ServicesDep
from api.errors import answers
from api.http.answers import json_answer
from api.http.refusals import BadApiBody, BadContentType, PayloadTooLarge
from api.images_in_request import images_in_request
from api.pipelines.liveness import LivenessRun
from api.pipelines.models_used import models_header
from api.schemas.liveness import FIELDS, INPUT, LivenessAnswer, LivenessQuery, check_beside
from domain.shared.detections import ImageType
from domain.shared.image_refusals import ModelsBusy, NoModelForRole

router = APIRouter(tags=["liveness"])


@router.post(
    "/liveness",
    response_model=LivenessAnswer,
    openapi_extra=INPUT,
    responses=answers(BadApiBody, BadContentType, NoModelForRole, PayloadTooLarge, ModelsBusy),
    dependencies=[Depends(permitted("resources", "view"))],
)
async def predict_liveness(
    request: Request,
    query: Annotated[LivenessQuery, Query()],
    services: ServicesDep,
    account_id: MaybeAccountId,
) -> Response:
    """Tell for each image with one face how probably it shows a living person.

    Below a quality of 0.5 the verdict is unknown, above it real from a probability of 0.5 on.
    The header Selene-Models names the networks that made the answer.
    """
    given = await images_in_request(request, services.image_limits, fields=FIELDS)
    check_beside(given.fields)
    images = await services.images.load(given.images, account_id, ImageType.RAW)
    run = LivenessRun(services.models, aggregate=bool(query.aggregate))
    shown = await run.answer(images)
    return json_answer(shown, headers=models_header(run.used))
