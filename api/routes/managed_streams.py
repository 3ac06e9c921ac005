"""Streams, as the video manager below /6 has them: the same streams, in its own words."""

import asyncio
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from api.authentication import AccountId, Caller, ChosenAccountId, MaybeAccountId, chosen_of
from api.dependencies import ReadDb, Send
from api.errors import answers
from api.http.answers import created, json_answer
from api.pipelines import managed_streams as work
from api.pipelines.streams import owner_of
from api.routes import streams_shared as shared
from api.routes.lambdas import DISABLED
from api.routes.stream_actions import ActionWanted
from api.routes.streams_shared import DELETE, EDIT, MAKE, VIEW
from api.schemas.managed_logs import ManagedLogsQuery, shown_log
from api.schemas.managed_streams import (
    ManagedStreamCreate,
    ManagedStreamMade,
    ManagedStreamsPage,
    ManagedStreamsToDelete,
    Target,
    shown,
)
from api.schemas.streams import LogsDeleted, LogsPage, StreamMade, StreamsCount
from commands.streams import CreateStream, DeleteStreams, DirectStreams, ReplaceStream
from domain.analytics import BadParameters
from domain.schedule_templates import TooManyIntervals
from domain.schedules import ScheduleNotFound
from domain.shared.fields import CommaList, Id, Time
from domain.stream_groups import GroupNotFound
from domain.stream_statuses import NoRestream, NotProcessed, StreamNotFound
from domain.streams_content.v6 import NotOurKwargs
from projections import managed_streams, stream_logs, streams
from projections.managed_streams import ManagedConditions, ManagedFilter
from projections.stream_progress import forget_progress

router = APIRouter(prefix="/streams", tags=["managed streams"])

_MISSING: Final = answers(StreamNotFound)
_NAMED: Final = (
    GroupNotFound, work.UnknownAnalytic, BadParameters, ScheduleNotFound, TooManyIntervals,
    NotOurKwargs,
)  # fmt: skip
_ONE: Final = "/{stream_id}"
_Targets = Annotated[list[Target] | None, CommaList, Query()]


class StreamsQuery(ManagedFilter):
    """Which page of streams to find, and what of them; query parameters of `GET /6/streams`."""

    targets: Annotated[list[Target] | None, CommaList] = None


@router.post(
    "",
    status_code=201,
    response_model=ManagedStreamMade,
    responses=answers(*_NAMED),
    dependencies=[MAKE],
)
async def create_stream(
    body: ManagedStreamCreate,
    request: Request,
    db: ReadDb,
    send: Send,
    account_id: AccountId,
    caller: Caller,
) -> Response:
    """Make a stream; it waits for an agent that has all of its analytics."""
    fields = await asyncio.to_thread(work.command_fields, body, db, account_id)
    _demand_handlers(fields, caller)
    made = await send(CreateStream(**fields))
    return created(f"/6/streams/{made['stream_id']}", request, **made)


@router.get("", response_model=ManagedStreamsPage, dependencies=[VIEW])
def get_streams(
    db: ReadDb, scope: MaybeAccountId, wanted: Annotated[StreamsQuery, Query()]
) -> Response:
    """Find streams, oldest first unless asked otherwise."""
    rows = managed_streams.list_managed(db, chosen_of(scope, wanted.account_id), wanted)
    return json_answer({"streams": [shown(row, wanted.targets) for row in rows]})


@router.delete("", status_code=204, dependencies=[DELETE])
async def delete_streams(
    body: ManagedStreamsToDelete, db: ReadDb, send: Send, account_id: AccountId
) -> None:
    """Remove those of the streams that are there."""
    await send(DeleteStreams(account_id=account_id, stream_ids=tuple(body.stream_ids)))
    rows = await asyncio.to_thread(streams.get_streams, db, body.stream_ids)
    there = {row["stream_id"] for row in rows}
    gone = [one for one in body.stream_ids if one not in there]
    await asyncio.to_thread(forget_progress, db, gone)


@router.get("/count", response_model=StreamsCount, dependencies=[VIEW])
def count_streams(
    db: ReadDb, scope: MaybeAccountId, wanted: Annotated[ManagedConditions, Query()]
) -> Any:
    """Count streams."""
    owner = chosen_of(scope, wanted.account_id)
    return {"streams_count": managed_streams.count_managed(db, owner, wanted)}


@router.get("/logs", response_model=LogsPage, dependencies=[VIEW])
def get_streams_logs(
    db: ReadDb, scope: MaybeAccountId, wanted: Annotated[ManagedLogsQuery, Query()]
) -> Response:
    """Find records of what became of streams after they were made, newest first."""
    owner = chosen_of(scope, wanted.account_id)
    rows = stream_logs.list_logs(db, owner, wanted.of_all, later=True)
    return json_answer({"logs": [shown_log(row, wanted.targets) for row in rows]})


@router.delete("/logs", response_model=LogsDeleted, dependencies=[DELETE])
async def delete_streams_logs(
    db: ReadDb, send: Send, account_id: AccountId, log_time__lt: Time | None = None
) -> Response:
    """Clear the account's records older than a time, or all; the last one of each stream stays."""
    return await shared.delete_streams_logs(db, send, account_id, log_time__lt)


@router.get(_ONE, responses=_MISSING, dependencies=[VIEW])
def get_stream(
    stream_id: Id, db: ReadDb, scope: ChosenAccountId, targets: _Targets = None
) -> Response:
    """Get a stream."""
    return json_answer(shown(streams.get_stream(db, scope, stream_id), targets))


@router.head(_ONE, responses=_MISSING, dependencies=[VIEW])
def check_stream(stream_id: Id, db: ReadDb, scope: ChosenAccountId) -> Response:
    """Say whether a stream is there."""
    streams.get_stream(db, scope, stream_id)
    return Response()


@router.get("/{stream_id}/restream", responses=answers(NoRestream), openapi_extra=DISABLED)
async def get_restream(stream_id: Id) -> None:
    """Say that streams are not sent on here."""
    raise NoRestream


@router.put(
    _ONE,
    response_model=StreamMade,
    responses=answers(StreamNotFound, *_NAMED),
    dependencies=[EDIT],
)
async def replace_stream(
    stream_id: Id,
    body: ManagedStreamCreate,
    db: ReadDb,
    send: Send,
    account_id: AccountId,
    caller: Caller,
) -> Any:
    """Make a stream another one, with the next version; whoever has it must take it anew."""
    fields = await asyncio.to_thread(work.command_fields, body, db, account_id)
    _demand_handlers(fields, caller)
    version = await send(ReplaceStream(stream_id=stream_id, **fields))
    return {"stream_id": stream_id, "version": version}


@router.patch(
    _ONE, status_code=204, responses=answers(StreamNotFound, NotProcessed), dependencies=[EDIT]
)
async def patch_stream(
    stream_id: Id, wanted: ActionWanted, db: ReadDb, send: Send, scope: ChosenAccountId
) -> None:
    """Pause a stream or let it go on; one that has come to its end can only begin anew."""
    owner: UUID = await owner_of(db, scope, stream_id)
    await send(DirectStreams(account_id=owner, stream_ids=(stream_id,), stop=wanted.stops))


@router.delete(_ONE, status_code=204, responses=_MISSING, dependencies=[DELETE])
async def delete_stream(stream_id: Id, db: ReadDb, send: Send, scope: ChosenAccountId) -> None:
    """Remove a stream; its log stays, and says so."""
    await shared.remove_stream(stream_id, db, send, scope)


def _demand_handlers(fields: dict[str, Any], caller: Caller) -> None:
    """A token makes no stream that would run handlers which it may not run itself."""
    for one in fields["content"]["analytics"]:
        handler = one["event_handler"]
        if handler is not None and handler["authorization"].get("token") is None:
            caller.demand_use("emit_events", UUID(handler["handler_id"]))
