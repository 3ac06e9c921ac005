"""Attributes of stored samples."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query
from starlette.responses import Response

from api.authentication import AccountId, Caller, permitted
from api.dependencies import ServicesDep
from api.errors import answers
from api.http.answers import json_answer
from api.http.refusals import BadContentType, BadQuery
from api.pipelines.extractor import ExtractorRun
from api.pipelines.models_used import models_header
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
    query: Annotated[ExtractorQuery, Query()],
    services: ServicesDep,
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
    shown = await run.answer(sample_ids, account_id)
    return json_answer(shown, 201, models_header(run.used))
