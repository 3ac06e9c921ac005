"""Objects: JSON, PDF, ZIP and text files of users, under ids."""

from functools import partial
from typing import Any, Final

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from api.authentication import AccountId, MaybeAccountId, permitted
from api.dependencies import BlobStore, ReadDb, Send
from api.errors import answers
from api.http.answers import created, file_answer, file_head
from api.http.body import decoded_json
from api.http.negotiation import JSON, media_type
from api.http.refusals import BadContentType, PayloadTooLarge
from api.pipelines.keep_files import drop_blob, keep_object, read_file
from api.schemas.stored_files import OBJECT_TYPES, ObjectCreated, file_of, raw_body
from commands.objects import DeleteObject
from domain.objects import ObjectNotFound
from domain.shared.fields import Id
from projections.objects import get_object as find_object

router = APIRouter(prefix="/objects", tags=["objects"])

_MISSING: Final = answers(ObjectNotFound)
_FILE: Final[dict[int | str, dict[str, Any]]] = {**file_of(*OBJECT_TYPES), **_MISSING}
_VIEW: Final = Depends(permitted("object", "view"))


@router.post(
    "",
    status_code=201,
    response_model=ObjectCreated,
    openapi_extra=raw_body(*OBJECT_TYPES),
    responses=answers(BadContentType, PayloadTooLarge),
    dependencies=[Depends(permitted("object", "creation"))],
)
async def create_objects(
    request: Request, send: Send, blobs: BlobStore, account_id: AccountId
) -> Response:
    """Store a file of any size that a request may have; JSON must be well formed."""
    kind = media_type(request.headers.get("content-type", ""))
    if kind not in OBJECT_TYPES:
        raise BadContentType
    data = await request.body()
    if kind == JSON:
        decoded_json(data)
    object_id = await keep_object(send, blobs, account_id, data, kind)
    return created(f"/6/objects/{object_id}", request, object_id=object_id)


@router.get("/{object_id}", response_class=Response, responses=_FILE, dependencies=[_VIEW])
async def get_object(
    object_id: Id, db: ReadDb, blobs: BlobStore, account_id: MaybeAccountId
) -> Response:
    """Get an object, as it was stored and with its own type."""
    read = partial(find_object, db, account_id, object_id)
    return file_answer(*await read_file(blobs, read))


@router.head("/{object_id}", response_class=Response, responses=_MISSING, dependencies=[_VIEW])
def check_object(object_id: Id, db: ReadDb, account_id: MaybeAccountId) -> Response:
    """Whether an object is there, how large and of what type."""
    found = find_object(db, account_id, object_id)
    return file_head(found.size, found.content_type)


@router.delete(
    "/{object_id}",
    status_code=204,
    responses=_MISSING,
    dependencies=[Depends(permitted("object", "deletion"))],
)
async def delete_object(object_id: Id, send: Send, blobs: BlobStore, account_id: AccountId) -> None:
    """Remove an object."""
    await drop_blob(blobs, await send(DeleteObject(account_id=account_id, object_id=object_id)))
