"""Events: what handlers saw, and what clients say they saw elsewhere."""

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
from api.http.fields import CommaList, Flag
from api.pipelines.save_event import new_event
from api.schemas.events import EventCreated, EventsPage, RawEvent
from commands.events import DeleteEvents, SaveEvent
from domain.events import EventNotFound
from domain.handlers import HandlerNotFound, NotDynamic
from domain.shared.biometrics import BadDescriptor
from domain.shared.fields import Id
from projections import events

router = APIRouter(tags=["events"])

_MISSING: Final = answers(EventNotFound)
_VIEW: Final = Depends(permitted("event", "view"))
_Targets = Annotated[list[events.EventTarget] | None, CommaList, Query()]


class EventsQuery(events.EventFilter):
    """The query parameters of a list of events; `account_id` chooses among those readable."""

    account_id: Id | None = None


class DeletedEventsQuery(events.DeletedEventFilter):
    """The query parameters of a list of deleted events."""

    account_id: Id | None = None


@router.get("/events", response_model=EventsPage, dependencies=[_VIEW])
def get_events(
    db: ReadDb, account_id: MaybeAccountId, wanted: Annotated[EventsQuery, Query()]
) -> Response:
    """Find events by creation time; those of the last month unless ids or times are limited."""
    chosen = chosen_of(account_id, wanted.account_id)
    return json_answer({"events": events.list_events(db, chosen, wanted)})


@router.get("/events/deleted", response_model=EventsPage, dependencies=[_VIEW])
def get_deleted_events(
    db: ReadDb, account_id: MaybeAccountId, wanted: Annotated[DeletedEventsQuery, Query()]
) -> Response:
    """Find deleted events by the time of their deletion: only which and when."""
    chosen = chosen_of(account_id, wanted.account_id)
    return json_answer({"events": events.list_deleted_events(db, chosen, wanted)})


@router.get("/events/{event_id}", responses=_MISSING, dependencies=[_VIEW])
def get_event(
    event_id: Id, db: ReadDb, account_id: ChosenAccountId, target: _Targets = None
) -> Response:
    """Get an event."""
    return json_answer(events.get_event(db, account_id, event_id, target))


@router.head("/events/{event_id}", responses=_MISSING, dependencies=[_VIEW])
def check_event(event_id: Id, db: ReadDb, account_id: ChosenAccountId) -> Response:
    """Say whether an event is there."""
    events.event_descriptor_ids(db, account_id, event_id)
    return Response()


@router.delete(
    "/events/{event_id}",
    status_code=204,
    responses=_MISSING,
    dependencies=[Depends(permitted("event", "deletion"))],
)
async def delete_event(event_id: Id, send: Send, account_id: AccountId) -> None:
    """Delete an event with its descriptors; its samples stay."""
    await send(DeleteEvents(account_id=account_id, event_ids=(event_id,)))


@router.post(
    "/handlers/{handler_id}/events/raw",
    tags=["handlers"],
    status_code=201,
    response_model=EventCreated,
    responses={
        202: {"model": EventCreated, "description": "The event is stored; nobody waited."},
        **answers(HandlerNotFound, NotDynamic, BadDescriptor),
    },
    dependencies=[Depends(permitted("event", "creation"))],
)
async def save_event(
    handler_id: Id,
    body: RawEvent,
    services: ServicesDep,
    context: Context,
    send: Send,
    account_id: AccountId,
    wait_saving: Annotated[Flag, Query(description="0: answer 202.")] = 1,
) -> Response:
    """Save an event that was made elsewhere, and tell subscribers of it.

    The event is on disk before either answer: what was accepted is never lost.
    """
    wanted = SaveEvent(
        account_id=account_id,
        handler_id=handler_id,
        event=new_event(body, handler_id, services.models.descriptors()),
        request_id=context.request_id,
    )
    event_id = await send(wanted)
    url = f"/6/events/{event_id}"
    answer = json_answer({"event_id": event_id, "url": url}, 201 if wait_saving else 202)
    answer.headers["Location"] = url
    return answer
