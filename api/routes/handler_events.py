"""Handlers at work: images in, events out."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Depends, Header, Query, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from api.authentication import AccountId, may_use
from api.dependencies import Context, Send, SendFunction, ServicesDep
from api.errors import answers
from api.http.answers import json_answer
from api.http.refusals import BadApiBody, BadContentType, PayloadTooLarge
from api.images_in_request import DESCRIPTOR_TYPES, IMAGE_TYPES, images_in_request
from api.pipelines.compose_events import Told
from api.pipelines.handle_images import HandlerRun
from api.pipelines.match_candidates import match_stage
from api.pipelines.models_used import models_header
from api.pipelines.repeat import answered_before
from api.schemas.events import GenerateEventsResponse
from api.schemas.handling import (
    FIELDS,
    INPUT,
    GenerateEventsQuery,
    meta_of,
    policies_of,
    time_of,
)
from api.schemas.stream_events import StreamEventsSource
from api.services import Services
from commands.command import RequestContext
from commands.recognitions import StoreRecognitions
from domain.handlers import (
    DescriptorsNotAggregated,
    HandlerNotFound,
    NotDynamic,
    PoliciesMissing,
    policies_to_run,
)
from domain.policies.policies import Policies
from domain.shared.biometrics import BadDescriptor
from domain.shared.detections import ImageType
from domain.shared.fields import Id
from domain.shared.image_refusals import ModelsBusy, MultipleFaces, NoModelForRole, TooManyImages
from projections.handlers import get_handler

router = APIRouter(prefix="/handlers", tags=["handlers"])

_ACCEPTED: Final = IMAGE_TYPES | DESCRIPTOR_TYPES
EventTime = Annotated[str | None, Header(description="RFC 3339; anything else is ignored.")]


@router.post(
    "/{handler_id}/events",
    status_code=201,
    response_model=GenerateEventsResponse,
    openapi_extra=INPUT,
    responses=answers(
        HandlerNotFound,
        NotDynamic,
        PoliciesMissing,
        BadApiBody,
        BadContentType,
        TooManyImages,
        MultipleFaces,
        NoModelForRole,
        BadDescriptor,
        DescriptorsNotAggregated,
        PayloadTooLarge,
        ModelsBusy,
    ),
    dependencies=[Depends(may_use("emit_events", "handler_id"))],
)
async def generate_events(
    handler_id: Id,
    request: Request,
    query: Annotated[GenerateEventsQuery, Query()],
    services: ServicesDep,
    context: Context,
    send: Send,
    account_id: AccountId,
    luna_event_time: EventTime = None,
    luna_event_end_time: EventTime = None,
) -> Response:
    """Run a handler over images or raw descriptors: one event per person, or one of all.

    A dynamic handler is given its `policies` as a part of a multipart body. Everything is on
    disk when it is answered, also where a policy says `wait_saving: 0`. The header
    Selene-Models names the networks that made the answer.
    """
    known = await answered_before(services.kept_answers, context, account_id, StoreRecognitions)
    if known is not None:
        return json_answer(known, 201)
    row = await run_in_threadpool(get_handler, services.reader, account_id, handler_id)
    given = await images_in_request(
        request, services.image_limits, accepted=_ACCEPTED, fields=FIELDS
    )
    policies = policies_to_run(handler_id, row["policies"], policies_of(given.fields))
    told = _told(query, luna_event_time, luna_event_end_time, meta_of(given.fields))
    run = _run_of(services, send, context, account_id, handler_id, policies, told, query)
    answer = await run.answer(given.images)
    return json_answer(answer, 201, models_header(run.used))


@router.post(
    "/{handler_id}/events/stream",
    status_code=201,
    response_model=GenerateEventsResponse,
    responses=answers(
        HandlerNotFound,
        PoliciesMissing,
        TooManyImages,
        MultipleFaces,
        NoModelForRole,
        PayloadTooLarge,
        ModelsBusy,
    ),
    dependencies=[Depends(may_use("emit_events", "handler_id"))],
)
async def emit_stream_events(
    handler_id: Id,
    body: StreamEventsSource,
    query: Annotated[GenerateEventsQuery, Query()],
    services: ServicesDep,
    context: Context,
    send: Send,
    account_id: AccountId,
    luna_event_time: EventTime = None,
    luna_event_end_time: EventTime = None,
) -> Response:
    """Run a handler over frames: events as of images, which are sent in JSON or MessagePack."""
    known = await answered_before(services.kept_answers, context, account_id, StoreRecognitions)
    if known is not None:
        return json_answer(known, 201)
    if len(body.sources) > services.image_limits.count:
        raise TooManyImages(len(body.sources), services.image_limits.count)
    row = await run_in_threadpool(get_handler, services.reader, account_id, handler_id)
    policies = policies_to_run(handler_id, row["policies"], None)
    told = _told(query, luna_event_time, luna_event_end_time)
    told = replace(told, aggregate=told.aggregate or bool(body.aggregate_attributes))
    run = _run_of(services, send, context, account_id, handler_id, policies, told, query)
    answer = await run.answer([one.image(services.image_limits) for one in body.sources])
    return json_answer(answer, 201, models_header(run.used))


def _told(
    query: GenerateEventsQuery,
    event_time: str | None,
    event_end_time: str | None,
    meta: Mapping[str, Any] | None = None,
) -> Told:
    now = datetime.now(UTC)
    create_time = time_of(event_time) or now
    return Told(
        now=now,
        create_time=create_time,
        end_time=time_of(event_end_time) or create_time,
        external_id=query.external_id,
        user_data=query.user_data,
        source=query.source,
        track_id=query.track_id,
        stream_id=query.stream_id,
        tags=tuple(query.tags or ()),
        location=query.location,
        meta=meta,
        aggregate=bool(query.aggregate_attributes),
    )


def _run_of(
    services: Services,
    send: SendFunction,
    context: RequestContext,
    account_id: UUID,
    handler_id: UUID,
    policies: Policies,
    told: Told,
    query: GenerateEventsQuery,
) -> HandlerRun:
    return HandlerRun(
        services=services,
        matching=match_stage(services),
        send=send,
        account_id=account_id,
        handler_id=handler_id,
        request_id=context.request_id,
        policies=policies,
        told=told,
        image_type=ImageType(query.image_type),
        use_exif=bool(query.use_exif_info),
    )
