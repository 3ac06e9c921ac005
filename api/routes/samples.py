"""Samples: warps of faces and bodies under ids, below /6/samples and, for faces, /5/samples."""

import asyncio
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from api.authentication import AccountId, Caller, Identity
from api.blobs import Blobs
from api.dependencies import BlobStore, ReadDb, Send, SendFunction, ServicesDep
from api.errors import answers
from api.http.answers import created, file_answer, file_head
from api.http.refusals import BadContentType, PayloadTooLarge
from api.pipelines.keep_files import drop_blob, keep_samples, read_file
from api.raw_image import raw_image
from api.schemas.stored_files import RAW_IMAGE, STORED_IMAGE, SampleCreated
from commands.samples import DeleteSample
from domain.samples import SampleNotFound
from domain.shared.biometrics import DescriptorKind
from domain.shared.enums import SamplesType
from domain.shared.fields import Id
from domain.shared.image_refusals import BadBodyWarp, BadFaceWarp, UndecodableImage
from projections.database import Reader
from projections.samples import get_sample as find_sample

router = APIRouter(prefix="/samples", tags=["samples"])
previous_router = APIRouter(prefix="/5/samples", tags=["samples"])

_FACES: Final = SamplesType.FACES
_KINDS: Final = {SamplesType.FACES: DescriptorKind.FACE, SamplesType.BODIES: DescriptorKind.BODY}
_MISSING: Final = answers(SampleNotFound)
_FILE: Final[dict[int | str, dict[str, Any]]] = {**STORED_IMAGE, **_MISSING}


@dataclass(frozen=True, slots=True)
class _Samples:
    """The stored samples as one caller may see and delete them."""

    db: Reader
    blobs: Blobs
    caller: Identity

    def allow(self, kind: SamplesType, action: str) -> None:
        resource = "face_sample" if kind is SamplesType.FACES else "body_sample"
        self.caller.demand(resource, action)

    async def file(self, kind: SamplesType, sample_id: UUID) -> Response:
        self.allow(kind, "view")
        read = partial(find_sample, self.db, self.caller.scope, kind, sample_id)
        return file_answer(*await read_file(self.blobs, read))

    async def head(self, kind: SamplesType, sample_id: UUID) -> Response:
        self.allow(kind, "view")
        found = await asyncio.to_thread(find_sample, self.db, self.caller.scope, kind, sample_id)
        return file_head(found.size, found.content_type)

    async def delete(
        self, kind: SamplesType, sample_id: UUID, account_id: UUID, send: SendFunction
    ) -> None:
        self.allow(kind, "deletion")
        wanted = DeleteSample(account_id=account_id, sample_type=kind, sample_id=sample_id)
        await drop_blob(self.blobs, await send(wanted))


async def _samples(db: ReadDb, blobs: BlobStore, caller: Caller) -> _Samples:
    return _Samples(db, blobs, caller)


Samples = Annotated[_Samples, Depends(_samples)]


@router.post(
    "/{samples_type}",
    status_code=201,
    response_model=SampleCreated,
    openapi_extra=RAW_IMAGE,
    responses=answers(UndecodableImage, BadFaceWarp, BadBodyWarp, BadContentType, PayloadTooLarge),
)
async def save_sample(
    samples_type: SamplesType,
    request: Request,
    account_id: AccountId,
    samples: Samples,
    send: Send,
    services: ServicesDep,
) -> Response:
    """Store a ready warp: 250x250 pixels of a face, or 128x256 of a body."""
    samples.allow(samples_type, "creation")
    data, kind = await raw_image(request, services.settings.limits.image_bytes)
    await services.models.decode_warps([data], _KINDS[samples_type])
    (sample_id,) = await keep_samples(send, services.blobs, account_id, samples_type, [data], kind)
    return created(f"/6/samples/{samples_type}/{sample_id}", sample_id=sample_id)


@router.get("/{samples_type}/{sample_id}", response_class=Response, responses=_FILE)
async def get_sample(samples_type: SamplesType, sample_id: Id, samples: Samples) -> Response:
    """Get a sample, as it was stored."""
    return await samples.file(samples_type, sample_id)


@router.head("/{samples_type}/{sample_id}", response_class=Response, responses=_MISSING)
async def check_sample(samples_type: SamplesType, sample_id: Id, samples: Samples) -> Response:
    """Whether a sample is there, how large and of what type."""
    return await samples.head(samples_type, sample_id)


@router.delete("/{samples_type}/{sample_id}", status_code=204, responses=_MISSING)
async def delete_sample(
    samples_type: SamplesType, sample_id: Id, account_id: AccountId, samples: Samples, send: Send
) -> None:
    """Remove a sample."""
    await samples.delete(samples_type, sample_id, account_id, send)


@router.get("/{sample_id}", response_class=Response, responses=_FILE)
async def get_face_sample(sample_id: Id, samples: Samples) -> Response:
    """Get a face sample by the path that avatars have."""
    return await samples.file(_FACES, sample_id)


@router.head("/{sample_id}", response_class=Response, responses=_MISSING)
async def check_face_sample(sample_id: Id, samples: Samples) -> Response:
    """Whether a face sample is there, how large and of what type."""
    return await samples.head(_FACES, sample_id)


@router.delete("/{sample_id}", status_code=204, responses=_MISSING)
async def delete_face_sample(
    sample_id: Id, account_id: AccountId, samples: Samples, send: Send
) -> None:
    """Remove a face sample."""
    await samples.delete(_FACES, sample_id, account_id, send)


@previous_router.get("/{sample_id}", response_class=Response, responses=_FILE)
async def get_sample_previous(sample_id: Id, samples: Samples) -> Response:
    """Get a face sample by the path of the previous version."""
    return await samples.file(_FACES, sample_id)


@previous_router.head("/{sample_id}", response_class=Response, responses=_MISSING)
async def check_sample_previous(sample_id: Id, samples: Samples) -> Response:
    """Whether a face sample is there, by the path of the previous version."""
    return await samples.head(_FACES, sample_id)


@previous_router.delete("/{sample_id}", status_code=204, responses=_MISSING)
async def delete_sample_previous(
    sample_id: Id, account_id: AccountId, samples: Samples, send: Send
) -> None:
    """Remove a face sample by the path of the previous version."""
    await samples.delete(_FACES, sample_id, account_id, send)
