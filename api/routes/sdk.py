"""Stateless estimation: what images show, with nothing stored."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request

from api.authentication import MaybeAccountId
from api.dependencies import ServicesDep
from api.errors import answers
from api.http.refusals import BadContentType, PayloadTooLarge
from api.images_in_request import images_in_request
from api.pipelines.sdk import sdk_answer
from api.schemas.eyes import SdkQuery
from domain.shared.detections import ImageType
from domain.shared.image_refusals import ModelsBusy, MultipleFaces, NoModelForRole

router = APIRouter(tags=["sdk"])


@router.post(
    "/sdk",
    responses=answers(
        BadContentType, MultipleFaces, NoModelForRole, PayloadTooLarge, ModelsBusy
    ),
)
async def sdk(
    request: Request,
    query: Annotated[SdkQuery, Query()],
    services: ServicesDep,
    account_id: MaybeAccountId,
) -> dict[str, Any]:
    """Find faces and bodies and estimate what the query asks for; nothing is stored."""
    given = await images_in_request(request, services.image_limits)
    kind = ImageType(query.image_type)
    images = await services.images.load(given.images, account_id, kind)
    return await sdk_answer(services.models, images, query)
