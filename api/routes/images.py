"""Images: what clients sent, under ids."""

from functools import partial
from typing import Any, Final

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from api.authentication import AccountId, MaybeAccountId, permitted
from api.dependencies import BlobStore, ReadDb, Send, ServicesDep
from api.errors import answers
from api.http.answers import created, file_answer, file_head
from api.http.refusals import BadContentType, PayloadTooLarge
from api.pipelines.keep_files import drop_blob, keep_images, read_file
from api.raw_image import raw_image
from api.schemas.stored_files import RAW_IMAGE, STORED_IMAGE, ImageCreated
from commands.images import DeleteImage
from domain.images import ImageNotFound
from domain.shared.fields import Id
from domain.shared.image_refusals import UndecodableImage
from projections.images import get_image as find_image

router = APIRouter(prefix="/images", tags=["images"])

_MISSING: Final = answers(ImageNotFound)
_FILE: Final[dict[int | str, dict[str, Any]]] = {**STORED_IMAGE, **_MISSING}
_VIEW: Final = Depends(permitted("image", "view"))


@router.post(
    "",
    status_code=201,
    response_model=ImageCreated,
    openapi_extra=RAW_IMAGE,
    responses=answers(UndecodableImage, BadContentType, PayloadTooLarge),
    dependencies=[Depends(permitted("image", "creation"))],
)
async def create_images(
    request: Request, send: Send, services: ServicesDep, account_id: AccountId
) -> Response:
    """Store a source image."""
    data, kind = await raw_image(request, services.settings.limits.image_bytes)
    (image_id,) = await keep_images(send, services.blobs, account_id, [data], kind)
    return created(f"/6/images/{image_id}", request, image_id=image_id)


@router.get("/{image_id}", response_class=Response, responses=_FILE, dependencies=[_VIEW])
async def get_image(
    image_id: Id, db: ReadDb, blobs: BlobStore, account_id: MaybeAccountId
) -> Response:
    """Get an image, as it was stored."""
    read = partial(find_image, db, account_id, image_id)
    return file_answer(*await read_file(blobs, read))


@router.head("/{image_id}", response_class=Response, responses=_MISSING, dependencies=[_VIEW])
def check_image(image_id: Id, db: ReadDb, account_id: MaybeAccountId) -> Response:
    """Whether an image is there, how large and of what type."""
    found = find_image(db, account_id, image_id)
    return file_head(found.size, found.content_type)


@router.delete(
    "/{image_id}",
    status_code=204,
    responses=_MISSING,
    dependencies=[Depends(permitted("image", "deletion"))],
)
async def delete_image(image_id: Id, send: Send, blobs: BlobStore, account_id: AccountId) -> None:
    """Remove an image."""
    await drop_blob(blobs, await send(DeleteImage(account_id=account_id, image_id=image_id)))
