"""General events: what clients saw, of types and in words of their own."""

from typing import Annotated, Final

from fastapi import APIRouter, Depends, Query
from starlette.responses import Response

from api.authentication import (
    AccountId,
    ChosenAccountId,
    MaybeAccountId,
    chosen_of,
    permitted,
)
from api.dependencies import Context, ReadDb, Send, ServicesDep
from api.errors import answers
from api.http.answers import json_answer
from api.http.fields import Flag
from api.pipelines.save_general_events import new_general_events
from api.schemas.event_statistics import EventStats, GeneralEventStatsQuery
from api.schemas.general_events import (
    GeneralEventDescriptors,
    GeneralEvents,
    GeneralEventsCreated,
    GeneralEventsPage,
    PublishGeneralEvent,
)
from commands.events import PublishMessages
from commands.general_events import DeleteGeneralEvents, SaveGeneralEvents
from domain.general_events import GeneralEventNotFound
from domain.shared.biometrics import BadDescriptor
from domain.shared.fields import Id
from projections import general_events
from projections.event_statistics import GENERAL_EVENTS, TooManyGroups, event_statistics
from projections.events import DeletedEventFilter, list_deleted_events

router = APIRouter(prefix="/general_events", tags=["general events"])

_MISSING: Final = answers(GeneralEventNotFound)
_VIEW: Final = Depends(permitted("event", "view"))
_CREATION: Final = Depends(permitted("event", "creation"))


class GeneralEventsQuery(general_events.GeneralEventFilter):
    """The query parameters of a list of general events."""

    account_id: Id | None = None


class DeletedGeneralEventsQuery(DeletedEventFilter):
    """The query parameters of a list of deleted general events."""

    account_id: Id | None = None


@router.post(
    "",
    status_code=201,
    response_model=GeneralEventsCreated,
    responses={
        202: {"model": GeneralEventsCreated, "description": "They are stored; nobody waited."},
        **answers(BadDescriptor),
    },
    dependencies=[_CREATION],
)
async def save_general_events(
    body: GeneralEvents,
    services: ServicesDep,
    send: Send,
    account_id: AccountId,
    wait_events_saving: Annotated[Flag, Query(description="0: answer 202.")] = 1,
) -> Response:
    """Save events of any type, all or none; they are on disk before either answer."""
    wanted = new_general_events(body, account_id, services.models.descriptors())
    ids = await send(SaveGeneralEvents(account_id=account_id, events=wanted))
    made = [{"event_id": i, "url": f"/6/general_events/{i}"} for i in ids]
    return json_answer({"events": made}, 201 if wait_events_saving else 202)


@router.get("", response_model=GeneralEventsPage, dependencies=[_VIEW])
def get_general_events(
    db: ReadDb, account_id: MaybeAccountId, wanted: Annotated[GeneralEventsQuery, Query()]
) -> Response:
    """Find general events, by creation time; `event.<path>` is a condition on what they say."""
    chosen = chosen_of(account_id, wanted.account_id)
    return json_answer({"events": general_events.list_general_events(db, chosen, wanted)})


@router.get("/deleted", response_model=GeneralEventsPage, dependencies=[_VIEW])
def get_deleted_general_events(
    db: ReadDb, account_id: MaybeAccountId, wanted: Annotated[DeletedGeneralEventsQuery, Query()]
) -> Response:
    """Find deleted general events by the time of their deletion: only which and when."""
    chosen = chosen_of(account_id, wanted.account_id)
    table = general_events.DELETED_GENERAL_EVENTS
    return json_answer({"events": list_deleted_events(db, chosen, wanted, table)})


class GeneralEventDescriptorsQuery(general_events.GeneralEventDescriptorFilter):
    """The query parameters of a list of descriptors of general events."""

    account_id: Id | None = None


@router.get("/descriptors", dependencies=[_VIEW])
def get_general_event_descriptors(
    db: ReadDb,
    account_id: MaybeAccountId,
    wanted: Annotated[GeneralEventDescriptorsQuery, Query()],
) -> GeneralEventDescriptors:
    """The descriptors of general events that have any, by creation time of the events."""
    chosen = chosen_of(account_id, wanted.account_id)
    found = general_events.list_general_event_descriptors(db, chosen, wanted)
    return GeneralEventDescriptors.model_validate({"events": found})


@router.post(
    "/stats",
    response_model=EventStats,
    responses=answers(TooManyGroups),
    dependencies=[_VIEW],
)
def get_general_events_stats(
    body: GeneralEventStatsQuery, db: ReadDb, account_id: MaybeAccountId
) -> Response:
    """Count general events, or take extremes and averages, by fields and by time."""
    return json_answer(event_statistics(db, account_id, body.asked(), GENERAL_EVENTS))


@router.post("/publish", status_code=204, dependencies=[_CREATION])
async def general_publish_one(
    body: PublishGeneralEvent, send: Send, context: Context, account_id: AccountId
) -> None:
    """Tell the account's subscribers to general events of one that is kept nowhere."""
    message = body.message(account_id, context.request_id)
    await send(PublishMessages(account_id=account_id, messages=(message,)))


@router.get("/{event_id}", responses=_MISSING, dependencies=[_VIEW])
def get_general_event(event_id: Id, db: ReadDb, account_id: ChosenAccountId) -> Response:
    """Get a general event."""
    return json_answer(general_events.get_general_event(db, account_id, event_id))


@router.head("/{event_id}", responses=_MISSING, dependencies=[_VIEW])
def check_general_event(event_id: Id, db: ReadDb, account_id: ChosenAccountId) -> Response:
    """Say whether a general event is there."""
    general_events.get_general_event(db, account_id, event_id)
    return Response()


@router.delete(
    "/{event_id}",
    status_code=204,
    responses=_MISSING,
    dependencies=[Depends(permitted("event", "deletion"))],
)
async def delete_general_event(event_id: Id, send: Send, account_id: AccountId) -> None:
    """Delete a general event with its descriptors."""
    await send(DeleteGeneralEvents(account_id=account_id, event_ids=(event_id,)))
