"""Lists of faces."""

import asyncio
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import Response

from api.authentication import AccountId, MaybeAccountId, permitted
from api.dependencies import ReadDb, Send
from api.errors import answers
from api.http.answers import created
from api.http.fields import Flag
from api.pipelines.delete_lists import deletion
from api.schemas.lists import (
    LinkFaces,
    ListCreate,
    ListCreated,
    ListIds,
    ListPatch,
    ListsCount,
    ListsPage,
    ListView,
)
from commands.faces import AttachFaces, DetachFaces
from commands.lists import CreateList, EditList, RetireLists
from domain.faces import FacesNotFound
from domain.lists import ListNotFound, ListsNotFound
from domain.shared.fields import Id
from projections import lists

router = APIRouter(prefix="/lists", tags=["lists"])

_MISSING: Final = answers(ListNotFound)
_ACCEPTED: Final[dict[int | str, dict[str, Any]]] = {
    202: {"description": "The faces are removed in the background, then the list."}
}
_VIEW: Final = Depends(permitted("list", "view"))
_EDIT: Final = Depends(permitted("list", "modification"))
_DELETE: Final = Depends(permitted("list", "deletion"))
WithFaces = Annotated[Flag, Query(description="1 also removes all faces of the list.")]


@router.post(
    "",
    status_code=201,
    response_model=ListCreated,
    dependencies=[Depends(permitted("list", "creation"))],
)
async def create_list(
    request: Request, send: Send, account_id: AccountId, body: ListCreate | None = None
) -> Response:
    """Create an empty list."""
    user_data = "" if body is None else body.user_data
    list_id = await send(CreateList(account_id=account_id, user_data=user_data))
    return created(f"/6/lists/{list_id}", request, list_id=list_id)


@router.get("", response_model=ListsPage, dependencies=[_VIEW])
def get_lists(
    db: ReadDb, account_id: MaybeAccountId, wanted: Annotated[lists.ListFilter, Query()]
) -> Any:
    """Find lists, newest first."""
    return {"lists": lists.list_lists(db, account_id, wanted)}


@router.delete(
    "",
    status_code=204,
    responses={**_ACCEPTED, **answers(ListsNotFound)},
    dependencies=[_DELETE],
)
async def delete_lists(
    body: ListIds, send: Send, db: ReadDb, account_id: AccountId, with_faces: WithFaces = 0
) -> Response:
    """Remove lists, all or none; their faces stay unless asked otherwise."""
    list_ids = tuple(body.list_ids)
    if with_faces:
        await send(RetireLists(account_id=account_id, list_ids=list_ids))
        return Response(status_code=202)
    await send(await asyncio.to_thread(deletion, db, account_id, list_ids))
    return Response(status_code=204)


@router.get("/count", response_model=ListsCount, dependencies=[_VIEW])
def get_lists_count(
    db: ReadDb, account_id: MaybeAccountId, wanted: Annotated[lists.ListConditions, Query()]
) -> Any:
    """Count lists."""
    return {"lists_count": lists.count_lists(db, account_id, wanted)}


@router.get("/{list_id}", response_model=ListView, responses=_MISSING, dependencies=[_VIEW])
def get_list(list_id: Id, db: ReadDb, account_id: MaybeAccountId) -> Any:
    """Get a list; its faces are found below /6/faces."""
    return lists.get_list(db, account_id, list_id)


@router.patch("/{list_id}", status_code=204, responses=_MISSING, dependencies=[_EDIT])
async def patch_list(list_id: Id, body: ListPatch, send: Send, account_id: AccountId) -> None:
    """Replace the user data of a list."""
    await send(EditList(account_id=account_id, list_id=list_id, user_data=body.user_data))


@router.delete(
    "/{list_id}", status_code=204, responses={**_ACCEPTED, **_MISSING}, dependencies=[_DELETE]
)
async def delete_list(
    list_id: Id, send: Send, db: ReadDb, account_id: AccountId, with_faces: WithFaces = 0
) -> Response:
    """Remove a list; its faces stay unless asked otherwise."""
    try:
        if with_faces:
            await send(RetireLists(account_id=account_id, list_ids=(list_id,)))
            return Response(status_code=202)
        await send(await asyncio.to_thread(deletion, db, account_id, (list_id,)))
    except ListsNotFound:
        raise ListNotFound(list_id) from None
    return Response(status_code=204)


@router.patch(
    "/{list_id}/faces",
    status_code=204,
    responses=answers(ListNotFound, FacesNotFound),
    dependencies=[_EDIT],
)
async def link_faces(list_id: Id, body: LinkFaces, send: Send, account_id: AccountId) -> None:
    """Attach faces to a list or detach them, all or none."""
    kind = AttachFaces if body.action == "attach" else DetachFaces
    await send(kind(account_id=account_id, list_id=list_id, face_ids=tuple(body.face_ids)))
