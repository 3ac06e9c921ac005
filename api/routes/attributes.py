"""Temporary attributes: descriptors and basic attributes that are gone after their lifetime."""

import asyncio
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel, Field
from starlette.responses import Response

from api.attribute_in_request import ATTRIBUTE_BODY, attribute_in_request
from api.authentication import AccountId, MaybeAccountId, permitted
from api.dependencies import Attributes, Context, ServicesDep
from api.descriptor_versions import Versions
from api.errors import answers
from api.http.answers import created
from api.http.fields import CommaList
from api.http.refusals import BadContentType
from api.pipelines.repeat import answered_once
from api.pipelines.take_attributes import forget_attributes
from api.schemas.attributes import (
    LONGEST_LIST,
    AttributeCreated,
    AttributesView,
    AttributeTarget,
    AttributeView,
    SamplesView,
    only,
)
from domain.attributes import AttributeNotFound, SameVersionTwice
from domain.shared.biometrics import BadDescriptor
from domain.shared.fields import Id
from projections.temporary_attributes import DEFAULT_TTL_S, LONGEST_TTL_S, TemporaryAttribute

router = APIRouter(prefix="/attributes", tags=["attributes"])

_MISSING: Final = answers(AttributeNotFound)
_VIEW: Final = Depends(permitted("attribute", "view"))
Ttl = Annotated[int, Query(ge=1, le=LONGEST_TTL_S, description="Lifetime in seconds.")]


class AttributeQuery(BaseModel):
    """What to show of an attribute; the default version is that of the model pack in use."""

    targets: Annotated[list[AttributeTarget] | None, CommaList] = None
    descriptor_version: Annotated[int, Field(ge=0, le=0xFFFF)] | None = None


class AttributesQuery(AttributeQuery):
    """Which attributes to show, and what of them."""

    attribute_ids: Annotated[list[Id], CommaList, Field(min_length=1, max_length=LONGEST_LIST)]


@router.post(
    "",
    status_code=201,
    response_model=AttributeCreated,
    openapi_extra=ATTRIBUTE_BODY,
    responses=answers(BadDescriptor, SameVersionTwice, BadContentType),
    dependencies=[Depends(permitted("attribute", "creation"))],
)
async def create_attributes(
    request: Request,
    services: ServicesDep,
    versions: Versions,
    context: Context,
    account_id: AccountId,
    ttl: Ttl = DEFAULT_TTL_S,
) -> Response:
    """Create a temporary attribute from descriptors, basic attributes or both."""
    content = await attribute_in_request(request, versions)
    attributes = services.attributes

    async def make() -> UUID:
        (made,) = await asyncio.to_thread(attributes.put, account_id, [content], ttl)
        return made

    async def undo(made: UUID) -> None:
        await forget_attributes(attributes, account_id, [made])

    attribute_id = await answered_once(
        services.writer, services.kept_answers, context, account_id, make, undo
    )
    return created(f"/6/attributes/{attribute_id}", attribute_id=attribute_id)


@router.get(
    "",
    response_model=AttributesView,
    response_model_exclude_unset=True,
    dependencies=[_VIEW],
)
def get_attributes(
    attributes: Attributes,
    versions: Versions,
    account_id: MaybeAccountId,
    wanted: Annotated[AttributesQuery, Query()],
) -> Any:
    """Get those of the temporary attributes that are still there."""
    found = attributes.find(account_id, wanted.attribute_ids)
    version = _version(wanted, versions)
    return {"attributes": [_shown(one, version, wanted.targets) for one in found]}


@router.get(
    "/{attribute_id}",
    response_model=AttributeView,
    response_model_exclude_unset=True,
    responses=_MISSING,
    dependencies=[_VIEW],
)
def get_attribute(
    attribute_id: Id,
    attributes: Attributes,
    versions: Versions,
    account_id: MaybeAccountId,
    wanted: Annotated[AttributeQuery, Query()],
) -> Any:
    """Get a temporary attribute."""
    found = attributes.get(account_id, attribute_id)
    return _shown(found, _version(wanted, versions), wanted.targets)


@router.delete(
    "/{attribute_id}",
    status_code=204,
    responses=_MISSING,
    dependencies=[Depends(permitted("attribute", "deletion"))],
)
def delete_attribute(attribute_id: Id, attributes: Attributes, account_id: AccountId) -> None:
    """Remove a temporary attribute before its time."""
    attributes.delete(account_id, attribute_id)


@router.get(
    "/{attribute_id}/samples",
    response_model=SamplesView,
    responses=_MISSING,
    dependencies=[_VIEW],
)
def get_attribute_samples(
    attribute_id: Id, attributes: Attributes, account_id: MaybeAccountId
) -> Any:
    """Get the ids of the samples that an attribute was made from."""
    return {"samples": attributes.get(account_id, attribute_id).content.samples}


def _version(wanted: AttributeQuery, versions: Versions) -> int | None:
    asked = wanted.descriptor_version
    return versions.default if asked is None else asked


def _shown(
    attribute: TemporaryAttribute, version: int | None, targets: list[AttributeTarget] | None
) -> dict[str, Any]:
    content = attribute.content
    vectors = {descriptor.version: descriptor.data for descriptor in content.descriptors}
    values = {
        "create_time": attribute.create_time,
        "attribute_id": attribute.attribute_id,
        "account_id": attribute.account_id,
        "face_descriptor_samples": content.face_descriptor_samples,
        "basic_attributes_samples": content.basic_attributes_samples,
        "face_descriptor": None if version is None else vectors.get(version),
        "basic_attributes": content.basic_attributes,
    }
    return only(values, targets)
