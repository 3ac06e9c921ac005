"""Groups of streams, the same in both generations of the contract."""

import asyncio
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from starlette.responses import Response

from api.authentication import ChosenAccountId, MaybeAccountId, chosen_of, permitted
from api.dependencies import ReadDb, Send
from api.errors import answers
from api.http.answers import json_answer
from api.http.refusals import BadBody
from api.schemas.stream_groups import (
    GroupCreate,
    GroupCreated,
    GroupPatch,
    GroupsCount,
    GroupsPage,
    GroupView,
    Linking,
)
from commands.stream_groups import CreateGroup, DeleteGroup, DescribeGroup
from commands.streams import LinkStreams
from domain.shared.fields import Id
from domain.shared.ids import new_id
from domain.stream_groups import GroupNameTaken, GroupNotFound
from domain.stream_statuses import StreamNotFound
from projections import stream_groups as groups
from projections.database import Reader

_VIEW: Final = Depends(permitted("video_group", "view"))
_MAKE: Final = Depends(permitted("video_group", "creation"))
_EDIT: Final = Depends(permitted("video_group", "modification"))
_DELETE: Final = Depends(permitted("video_group", "deletion"))


async def create_group(body: GroupCreate, send: Send, scope: MaybeAccountId) -> Response:
    """Make a group; its name is the only one of the account."""
    if scope is not None and body.account_id != scope:
        raise BadBody("account_id", "another account than the one that asks")
    made = CreateGroup(group_id=new_id(), **body.model_dump())
    try:
        group_id = await send(made)
    except GroupNameTaken:
        raise GroupNameTaken(body.group_name) from None
    answer = {"group_id": group_id, "group_name": body.group_name}
    return json_answer(answer, 201, {"Location": f"/1/groups/{group_id}"})


def get_groups(
    db: ReadDb, scope: MaybeAccountId, wanted: Annotated[groups.GroupFilter, Query()]
) -> Any:
    """Find groups, oldest first."""
    return {"groups": groups.list_groups(db, chosen_of(scope, wanted.account_id), wanted)}


def count_groups(
    db: ReadDb, scope: MaybeAccountId, wanted: Annotated[groups.GroupConditions, Query()]
) -> Any:
    """Count groups."""
    return {"groups_count": groups.count_groups(db, chosen_of(scope, wanted.account_id), wanted)}


def get_group(group_id: Id, db: ReadDb, scope: ChosenAccountId) -> Any:
    """Get a group."""
    return groups.get_group(db, scope, group_id)


async def patch_group(
    group_id: Id, body: GroupPatch, db: ReadDb, send: Send, scope: ChosenAccountId
) -> None:
    """Change the description of a group."""
    owner = await _owner(db, scope, group_id)
    described = DescribeGroup(account_id=owner, group_id=group_id, description=body.description)
    await send(described)


async def delete_group(group_id: Id, db: ReadDb, send: Send, scope: ChosenAccountId) -> None:
    """Remove a group; its streams stay."""
    await send(DeleteGroup(account_id=await _owner(db, scope, group_id), group_id=group_id))


async def linker(body: Linking, db: ReadDb, send: Send, scope: ChosenAccountId) -> None:
    """Put streams into a group or take them out: all, or none if one is missing."""
    linking = LinkStreams(
        account_id=await _owner(db, scope, body.group_id),
        group_id=body.group_id,
        stream_ids=tuple(body.stream_ids),
        attach=body.action == "attach",
    )
    await send(linking)


async def _owner(db: Reader, scope: UUID | None, group_id: UUID) -> UUID:
    row = await asyncio.to_thread(groups.get_group, db, scope, group_id)
    account_id: UUID = row["account_id"]
    return account_id


_MISSING: Final = answers(GroupNotFound)
_LINKED: Final = answers(GroupNotFound, StreamNotFound)


def add_groups(router: APIRouter, version: str) -> None:
    """Add the routes of groups to those of streams."""

    def add(method: str, path: str, endpoint: Any, tag: str = "groups", **options: Any) -> None:
        name = endpoint.__name__ + version
        router.add_api_route(path, endpoint, methods=[method], name=name, tags=[tag], **options)

    one = "/groups/{group_id}"
    add("POST", "/groups", create_group, status_code=201, response_model=GroupCreated,
        responses=answers(GroupNameTaken), dependencies=[_MAKE])  # fmt: skip
    add("GET", "/groups", get_groups, response_model=GroupsPage, dependencies=[_VIEW])
    add("GET", "/groups/count", count_groups, response_model=GroupsCount, dependencies=[_VIEW])
    add("GET", one, get_group, response_model=GroupView, responses=_MISSING, dependencies=[_VIEW])
    add("PATCH", one, patch_group, status_code=204, responses=_MISSING, dependencies=[_EDIT])
    add("DELETE", one, delete_group, status_code=204, responses=_MISSING, dependencies=[_DELETE])
    add("PATCH", "/linker", linker, "linker", status_code=204, responses=_LINKED,
        dependencies=[_EDIT])  # fmt: skip
