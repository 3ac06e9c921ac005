"""Attributes of stored samples."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import Response

from api.authentication import AccountId, Caller, permitted
from api.dependencies import Context, ServicesDep
from api.errors import answers
from api.http.answers import json_answer, outside
from api.http.refusals import BadContentType, BadQuery
from api.pipelines.extractor import ExtractorRun
from api.pipelines.models_used import models_header
from api.pipelines.repeat import answered_once
from api.pipelines.take_attributes import forget_attributes
from api.schemas.eyes import ExtractorQuery, SampleIds
from api.schemas.eyes_answers import ExtractAnswer
from domain.samples import SampleNotFound
from domain.shared.image_refusals import ModelsBusy, NoModelForRole

router = APIRouter(tags=["attributes"])


@router.post(
    "/extractor",
    status_code=201,
    response_model=list[ExtractAnswer],
    responses=answers(BadContentType, SampleNotFound, NoModelForRole, ModelsBusy),
    dependencies=[Depends(permitted("attribute", "creation"))],
)
async def extract_attributes(
    sample_ids: SampleIds,
    request: Request,
    query: Annotated[ExtractorQuery, Query()],
    services: ServicesDep,
    context: Context,
    account_id: AccountId,
    caller: Caller,
) -> Response:
    """Extract descriptors and basic attributes from face samples as temporary attributes.

    The header Selene-Models names the networks that made the answer.
    """
    caller.demand("face_sample", "view")
    if not (query.extract_descriptor or query.extract_basic_attributes):
        raise BadQuery("extract_descriptor, extract_basic_attributes")
    run = ExtractorRun(services.models, services.images, services.attributes, query)

    async def make() -> list[Any]:
        shown = await run.answer(sample_ids, account_id)
        return [shown, models_header(run.used)]

    async def undo(made: list[Any]) -> None:
        ids = [one["attribute_id"] for one in made[0] if one["attribute_id"] is not None]
        await forget_attributes(services.attributes, account_id, ids)

    shown, headers = await answered_once(
        services.writer, services.kept_answers, context, account_id, make, undo
    )
    for one in shown:
        if one["url"] is not None:
            one["external_url"] = outside(request, one["url"])
    return json_answer(shown, 201, headers)
