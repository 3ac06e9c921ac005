"""Groups of streams, as the API itself has them: the same groups as the streams service's."""

import asyncio
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import Response

from api.authentication import AccountId, ChosenAccountId, permitted
from api.dependencies import ReadDb, Send
from api.errors import answers
from api.http.answers import created
from api.routes import stream_groups as shared
from api.routes.stream_actions import ActionWanted
from api.schemas.stream_groups import (
    GroupCreated,
    GroupsCount,
    GroupsPage,
    GroupView,
    OwnGroup,
)
from commands.stream_groups import CreateGroup, DeleteGroup
from commands.streams import DeleteStreams, DirectStreams
from domain.shared.fields import Id
from domain.stream_groups import GroupNameTaken, GroupNotFound
from domain.stream_statuses import StreamNotFound
from projections.stream_groups import get_group, streams_of_group

router = APIRouter(tags=["groups"])

_MISSING: Final = answers(GroupNotFound)
_VIEW: Final = Depends(permitted("video_group", "view"))
_MAKE: Final = Depends(permitted("video_group", "creation"))
_EDIT: Final = Depends(permitted("video_group", "modification"))
_DELETE: Final = Depends(permitted("video_group", "deletion"))
_EDIT_STREAMS: Final = Depends(permitted("video_stream", "modification"))
_DELETE_STREAMS: Final = Depends(permitted("video_stream", "deletion"))
_ONE: Final = "/groups/{group_id}"


@router.post(
    "/groups",
    status_code=201,
    response_model=GroupCreated,
    responses=answers(GroupNameTaken),
    dependencies=[_MAKE],
)
async def create_group(
    body: OwnGroup, request: Request, send: Send, account_id: AccountId
) -> Response:
    """Make a group; its name is the only one of the account."""
    made = CreateGroup(account_id=account_id, **body.model_dump())
    try:
        group_id = await send(made)
    except GroupNameTaken:
        raise GroupNameTaken(body.group_name) from None
    url = f"/6/groups/{group_id}"
    return created(url, request, group_id=group_id, group_name=body.group_name)


@router.delete(_ONE, status_code=204, responses=_MISSING, dependencies=[_DELETE])
async def delete_group(
    group_id: Id,
    request: Request,
    db: ReadDb,
    send: Send,
    account_id: ChosenAccountId,
    with_streams: Annotated[bool, Query(description="Its streams go first.")] = False,
) -> None:
    """Remove a group; its streams stay unless it is said that they go, too."""
    if with_streams:
        await permitted("video_stream", "deletion")(request)
        await delete_group_streams(group_id, db, send, account_id)
    row = await asyncio.to_thread(get_group, db, account_id, group_id)
    await send(DeleteGroup(account_id=row["account_id"], group_id=group_id))


@router.delete(
    _ONE + "/streams",
    status_code=204,
    responses=_MISSING,
    dependencies=[_EDIT, _DELETE_STREAMS],
)
async def delete_group_streams(
    group_id: Id, db: ReadDb, send: Send, account_id: ChosenAccountId
) -> None:
    """Remove the streams of a group, all at once; the group stays."""
    row = await asyncio.to_thread(get_group, db, account_id, group_id)
    owner = row["account_id"]
    if ids := await asyncio.to_thread(streams_of_group, db, owner, group_id):
        await send(DeleteStreams(account_id=owner, stream_ids=tuple(ids)))


@router.patch(
    _ONE + "/streams",
    status_code=204,
    responses=_MISSING,
    dependencies=[_EDIT, _EDIT_STREAMS],
)
async def patch_group_streams(
    group_id: Id, wanted: ActionWanted, db: ReadDb, send: Send, account_id: ChosenAccountId
) -> None:
    """Pause the streams of a group, or let them go on; those at their end are left."""
    row = await asyncio.to_thread(get_group, db, account_id, group_id)
    owner, stop = row["account_id"], wanted.stops
    if ids := await asyncio.to_thread(streams_of_group, db, owner, group_id):
        await send(DirectStreams(account_id=owner, stream_ids=tuple(ids), stop=stop, strict=False))


def _add(method: str, path: str, endpoint: Any, name: str, **options: Any) -> None:
    router.add_api_route(path, endpoint, methods=[method], name=name, **options)


_add("GET", "/groups", shared.get_groups, "get_groups", response_model=GroupsPage,
     dependencies=[_VIEW])  # fmt: skip
_add("GET", "/groups/count", shared.count_groups, "count_groups", response_model=GroupsCount,
     dependencies=[_VIEW])  # fmt: skip
_add("GET", _ONE, shared.get_group, "get_group", response_model=GroupView, responses=_MISSING,
     dependencies=[_VIEW])  # fmt: skip
_add("PATCH", _ONE, shared.patch_group, "patch_group", status_code=204, responses=_MISSING,
     dependencies=[_EDIT])  # fmt: skip
_add("PATCH", "/linker", shared.linker, "link", status_code=204,
     responses=answers(GroupNotFound, StreamNotFound), dependencies=[_EDIT])  # fmt: skip
