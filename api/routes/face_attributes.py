"""The attributes that a face owns."""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, Field

from api.authentication import AccountId, AccountIdAsQuery, MaybeAccountId, permitted
from api.dependencies import Attributes, ReadDb, Send
from api.descriptor_versions import Versions
from api.errors import answers
from api.http.fields import CommaList
from api.pipelines.take_attributes import content_for_face
from api.schemas.attributes import (
    FaceAttributeInput,
    FaceAttributesView,
    FaceAttributeTarget,
    SamplesView,
    only,
)
from commands.faces import PutFaceAttributes, RemoveFaceAttributes
from domain.attributes import AttributeNotFound, SameVersionTwice
from domain.faces import FaceNotFound
from domain.shared.biometrics import BadDescriptor
from domain.shared.fields import Id
from projections import faces

router = APIRouter(prefix="/faces/{face_id}/attributes", tags=["faces"])

_MISSING: Final = answers(FaceNotFound)
_VIEW: Final = Depends(permitted("face", "view"))
_EDIT: Final = Depends(permitted("face", "modification"))


class FaceAttributesQuery(BaseModel):
    """What to show of a face's attributes; the default version is that of the pack in use."""

    targets: Annotated[list[FaceAttributeTarget] | None, CommaList] = None
    descriptor_version: Annotated[int, Field(ge=0, le=0xFFFF)] | None = None


@router.put(
    "",
    status_code=204,
    responses=answers(FaceNotFound, AttributeNotFound, BadDescriptor, SameVersionTwice),
    dependencies=[_EDIT],
)
async def put_face_attributes(
    face_id: Id,
    body: FaceAttributeInput,
    send: Send,
    attributes: Attributes,
    versions: Versions,
    account_id: AccountId,
) -> None:
    """Replace all attributes of a face."""
    content = await content_for_face(body, account_id, attributes, versions)
    await send(PutFaceAttributes(account_id=account_id, face_id=face_id, attribute=content))


@router.get(
    "",
    response_model=FaceAttributesView,
    response_model_exclude_unset=True,
    responses=_MISSING,
    dependencies=[_VIEW],
)
def get_face_attributes(
    face_id: Id,
    db: ReadDb,
    versions: Versions,
    account_id: MaybeAccountId,
    wanted: Annotated[FaceAttributesQuery, Query()],
) -> Any:
    """Get the attributes of a face; nulls and empty lists if it has none."""
    version = wanted.descriptor_version
    found = faces.get_face_attributes(
        db, account_id, face_id, versions.default if version is None else version
    )
    return {"attributes": only(found, wanted.targets)}


@router.delete("", status_code=204, responses=_MISSING, dependencies=[_EDIT])
async def delete_face_attributes(face_id: Id, send: Send, account_id: AccountIdAsQuery) -> None:
    """Remove the attributes of a face; the face stays."""
    await send(RemoveFaceAttributes(account_id=account_id, face_id=face_id))


@router.get("/samples", response_model=SamplesView, responses=_MISSING, dependencies=[_VIEW])
def get_face_attribute_samples(face_id: Id, db: ReadDb, account_id: MaybeAccountId) -> Any:
    """Get the ids of the samples that a face's attributes were taken from."""
    return {"samples": faces.get_face_samples(db, account_id, face_id)}
