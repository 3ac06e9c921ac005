"""Faces."""

from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import Response

from api.authentication import (
    AccountId,
    MaybeAccountId,
    identity,
    permitted,
    required_account,
)
from api.batching import BatchLoader
from api.dependencies import (
    Attributes,
    FaceLoader,
    ReadDb,
    Send,
    SendFunction,
    get_attributes,
    get_face_loader,
    get_send,
)
from api.descriptor_versions import Versions, descriptor_versions
from api.errors import answers
from api.http.answers import created, json_answer
from api.http.fields import CommaList, Flag
from api.http.quick import body_value, path_id, quickly, read_body
from api.pipelines.take_attributes import content_for_face
from api.schemas.faces import (
    FaceCreate,
    FaceCreated,
    FaceIds,
    FacePatch,
    FacesCount,
    FacesPage,
    FaceView,
)
from commands.faces import CreateFace, DeleteFaces, EditFace
from domain.attributes import AttributeContent, AttributeNotFound, SameVersionTwice
from domain.faces import FaceNotFound, FacesNotFound
from domain.lists import ListsNotFound
from domain.shared.biometrics import BadDescriptor
from domain.shared.fields import Id, written
from domain.shared.ids import new_id
from projections import faces
from projections.database import Row

router = APIRouter(prefix="/faces", tags=["faces"])

_MISSING: Final = answers(FaceNotFound)
_VIEW: Final = Depends(permitted("face", "view"))
_DELETE: Final = Depends(permitted("face", "deletion"))


async def _created(
    given: FaceCreate, account_id: UUID, send: SendFunction, content: AttributeContent | None
) -> Response:
    wanted = CreateFace(
        account_id=account_id,
        face_id=new_id(),
        user_data=given.user_data,
        external_id=given.external_id,
        avatar=given.avatar,
        event_id=given.event_id,
        attribute=content,
        list_ids=tuple(given.lists or ()),
    )
    face_id = await send(wanted)
    return created(f"/6/faces/{face_id}", face_id=face_id)


async def _create_face(request: Request) -> Response:
    value = await body_value(request)
    account_id = await required_account(request)
    (await identity(request)).demand("face", "creation")
    given = FaceCreate() if value is None else read_body(FaceCreate, value)
    content = None
    if given.attribute is not None:
        attributes, versions = await get_attributes(request), await descriptor_versions(request)
        content = await content_for_face(given.attribute, account_id, attributes, versions)
    return await _created(given, account_id, await get_send(request), content)


@router.post(
    "",
    status_code=201,
    response_model=FaceCreated,
    responses=answers(ListsNotFound, AttributeNotFound, BadDescriptor, SameVersionTwice),
    dependencies=[Depends(permitted("face", "creation"))],
)
@quickly(_create_face)
async def create_face(
    send: Send,
    attributes: Attributes,
    versions: Versions,
    account_id: AccountId,
    body: FaceCreate | None = None,
) -> Response:
    """Create a face, with attributes and in lists if given."""
    given, content = body or FaceCreate(), None
    if given.attribute is not None:
        content = await content_for_face(given.attribute, account_id, attributes, versions)
    return await _created(given, account_id, send, content)


@router.get("", response_model=FacesPage, response_model_exclude_unset=True, dependencies=[_VIEW])
def get_faces(
    db: ReadDb, account_id: MaybeAccountId, wanted: Annotated[faces.FaceFilter, Query()]
) -> Any:
    """Find faces, newest first."""
    return {"faces": faces.list_faces(db, account_id, wanted)}


@router.delete("", status_code=204, responses=answers(FacesNotFound), dependencies=[_DELETE])
async def delete_faces(
    body: FaceIds,
    send: Send,
    account_id: AccountId,
    ignore: Annotated[Flag, Query(description="1: unknown faces are no error.")] = 0,
) -> None:
    """Remove faces with their attributes, all or none."""
    face_ids = tuple(body.face_ids)
    await send(DeleteFaces(account_id=account_id, face_ids=face_ids, ignore_missing=bool(ignore)))


@router.get("/count", response_model=FacesCount, dependencies=[_VIEW])
def get_faces_count(
    db: ReadDb, account_id: MaybeAccountId, wanted: Annotated[faces.FaceConditions, Query()]
) -> Any:
    """Count faces."""
    return {"faces_count": faces.count_faces(db, account_id, wanted)}


@router.get("/attributes/count", response_model=FacesCount, dependencies=[_VIEW])
def get_face_attribute_count(db: ReadDb, account_id: MaybeAccountId) -> Any:
    """Count faces that have attributes."""
    return {"faces_count": faces.count_faces_with_attributes(db, account_id)}


async def _shown(
    face_id: UUID,
    loader: BatchLoader[UUID, Row],
    account_id: UUID | None,
    targets: list[faces.FaceTarget] | None,
) -> Response:
    row = faces.owned_face(await loader.get(face_id), account_id, face_id)
    shown = {**row, "create_time": written(row["create_time"])}
    return json_answer(shown if targets is None else {name: shown[name] for name in targets})


async def _get_face(request: Request) -> Response:
    face_id, loader = path_id(request, "face_id"), await get_face_loader(request)
    caller = await identity(request)
    caller.demand("face", "view")
    return await _shown(face_id, loader, caller.scope, None)


@router.get("/{face_id}", response_model=FaceView, responses=_MISSING, dependencies=[_VIEW])
@quickly(_get_face)
async def get_face(
    face_id: Id,
    loader: FaceLoader,
    account_id: MaybeAccountId,
    targets: Annotated[list[faces.FaceTarget] | None, CommaList, Query()] = None,
) -> Response:
    """Get a face."""
    return await _shown(face_id, loader, account_id, targets)


@router.patch(
    "/{face_id}",
    status_code=204,
    responses=_MISSING,
    dependencies=[Depends(permitted("face", "modification"))],
)
async def patch_face(face_id: Id, body: FacePatch, send: Send, account_id: AccountId) -> None:
    """Change what is said about a face; what is absent stays."""
    changes = {name: getattr(body, name) for name in body.model_fields_set}
    await send(EditFace(account_id=account_id, face_id=face_id, changes=changes))


@router.delete("/{face_id}", status_code=204, responses=_MISSING, dependencies=[_DELETE])
async def delete_face(face_id: Id, send: Send, account_id: AccountId) -> None:
    """Remove a face with its attributes; its samples stay."""
    try:
        await send(DeleteFaces(account_id=account_id, face_ids=(face_id,)))
    except FacesNotFound:
        raise FaceNotFound(face_id) from None
