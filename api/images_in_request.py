"""The images of a request, whichever of the accepted forms they come in."""

import base64
import binascii
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Annotated, Any, Final
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.requests import Request

from api.authentication import Identity, identity
from api.http.body import decoded_json, decoded_msgpack
from api.http.fields import Text
from api.http.multipart import Part, parts_of
from api.http.negotiation import JSON, MSGPACK, media_type
from api.http.refusals import BadBody, BadContentType
from api.http.validation import refusal_of
from domain.shared.fields import Time
from domain.shared.image_refusals import TooManyBytes, TooManyImages
from domain.shared.refusal import Refusal

RAW_IMAGE: Final = "raw image"
"""The file name of an image that has none."""

IMAGE_TYPES: Final = frozenset(
    {"image/jpeg", "image/png", "image/bmp", "image/x-portable-pixmap", "image/tiff"}
)
BASE64_TYPES: Final = {
    "image/x-jpeg-base64": "image/jpeg",
    "image/x-png-base64": "image/png",
    "image/x-bmp-base64": "image/bmp",
    "image/x-tiff-base64": "image/tiff",
    "image/x-portable-pixmap-base64": "image/x-portable-pixmap",
}
SDK_DESCRIPTOR: Final = "application/x-sdk-descriptor"
XPK: Final = "application/x-vl-xpk"
DESCRIPTOR_TYPES: Final = frozenset({SDK_DESCRIPTOR, XPK})
BASE64_DESCRIPTORS: Final = {
    "application/x-sdk-descriptor-base64": SDK_DESCRIPTOR,
    "application/x-vl-xpk-base64": XPK,
    "applicaition/x-vl-xpk-base64": XPK,  # spelled so in the contract, and sent so by clients
}
_UNNAMED: Final = frozenset({"", "application/octet-stream"})
_ID: Final = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_STORED = re.compile(rf"(?:/\d+/(images|samples(?:/faces|/bodies)?)/)?({_ID})")


class BadImageType(Refusal):
    """The part or the image says it has a type that is not accepted."""

    detail = "Bad content type of image '{}'"


class BadBase64(Refusal):
    """The image should be Base64 and is not."""

    detail = "Failed convert bytes to '{}'"


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageLimits:
    """How many images one request may hold, and how many bytes each of them."""

    count: int = 100
    bytes: int = 32 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestImage:
    """One image as sent: its bytes, or where they are, or why there are none."""

    filename: str = RAW_IMAGE
    content_type: str = ""
    data: bytes | None = field(default=None, repr=False)
    url: str | None = None
    image_id: UUID | None = None
    sample_id: UUID | None = None
    detect_time: datetime | None = None
    detect_ts: float | None = None
    image_origin: str | None = None
    error: Refusal | None = None


@dataclass(frozen=True, slots=True)
class ImagesInRequest:
    """The images in the order sent, and the other fields beside them (policies, meta, ...)."""

    images: Sequence[RequestImage]
    fields: Mapping[str, Any]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class _Detected(_Strict):
    detect_time: Time | None = None
    detect_ts: float | None = None


class _Url(_Detected):
    url: Text
    filename: Text | None = None


class _Sample(_Detected):
    sample_id: UUID


class _Stored(_Detected):
    image_id: UUID


class _Inline(_Detected):
    image: str
    filename: Text = RAW_IMAGE
    content_type: str = ""
    image_origin: Annotated[Text, Field(min_length=1, max_length=256)] | None = None


_SOME: Final = Field(min_length=1)


class _Document(BaseModel):
    urls: Annotated[list[str | _Url], _SOME] = []
    samples: Annotated[list[UUID | _Sample], _SOME] = []
    images: Annotated[list[str | _Url | _Sample | _Stored | _Inline], _SOME] = []


_KEYS: Final = frozenset(_Document.model_fields)


async def images_in_request(
    request: Request,
    limits: ImageLimits,
    *,
    accepted: frozenset[str] = IMAGE_TYPES,
    fields: frozenset[str] = frozenset(),
) -> ImagesInRequest:
    """Read all images; a broken image is an `error` value, a broken request a refusal.

    `accepted` are the types of bodies and parts, Base64 forms included with each of them;
    `fields` are the names of JSON values that may lie beside the images.
    """
    header = request.headers.get("content-type", "")
    kind = media_type(header)
    if kind in (JSON, MSGPACK):
        raw = await request.body()
        value = decoded_json(raw) if kind == JSON else decoded_msgpack(raw)
        found = _of_document(value, limits, fields)
    elif kind == "multipart/form-data":
        parts = parts_of(await request.body(), header, limits.count + len(fields))
        found = _of_parts(parts, limits, accepted, fields)
    elif (plain := _plain_type(kind)) in accepted:
        image = sent_image(RAW_IMAGE, plain, await request.body(), limits, encoded=plain != kind)
        found = ImagesInRequest([image], {})
    else:
        raise BadContentType
    if not found.images:
        raise BadBody("", "at least one image is required")
    if len(found.images) > limits.count:
        raise TooManyImages(len(found.images), limits.count)
    if any(image.image_id or image.sample_id for image in found.images):
        _demand(await identity(request), found.images)
    return found


def _demand(caller: Identity, images: Sequence[RequestImage]) -> None:
    """Refuse stored files that the token may not see; a sample is a face's or a body's."""
    if any(image.image_id for image in images):
        caller.demand("image", "view")
    if any(image.sample_id for image in images):
        bodies = caller.permissions is not None and caller.permissions.allows("body_sample", "view")
        caller.demand("body_sample" if bodies else "face_sample", "view")


def _plain_type(kind: str) -> str:
    return BASE64_TYPES.get(kind) or BASE64_DESCRIPTORS.get(kind) or kind


def sent_image(
    filename: str, kind: str, data: bytes, limits: ImageLimits, *, encoded: bool, **when: Any
) -> RequestImage:
    """An image of bytes at hand, decoded if it came as Base64; `when` it was detected."""
    image = RequestImage(filename=filename, content_type=kind, **when)
    if len(data) > (limits.bytes * 4 // 3 + 4 if encoded else limits.bytes):
        return replace(image, error=TooManyBytes(len(data), limits.bytes))
    if encoded:
        try:
            data = base64.b64decode(bytes(data).translate(None, b"\r\n"), validate=True)
        except binascii.Error:
            return replace(image, error=BadBase64(kind))
    return replace(image, data=data)


def _of_parts(
    parts: Sequence[Part], limits: ImageLimits, accepted: frozenset[str], names: frozenset[str]
) -> ImagesInRequest:
    images: list[RequestImage] = []
    fields: dict[str, Any] = {}
    for part in parts:
        if part.name in names:
            if part.name in fields:
                raise BadBody(part.name, "field is given twice")
            fields[part.name] = decoded_json(part.data)
            continue
        filename = part.filename or RAW_IMAGE
        plain = _plain_type(part.content_type)
        if plain not in accepted and plain not in _UNNAMED:
            images.append(RequestImage(filename=filename, error=BadImageType(filename)))
            continue
        encoded = plain != part.content_type
        images.append(sent_image(filename, plain, part.data, limits, encoded=encoded))
    return ImagesInRequest(images, fields)


def _of_document(value: Any, limits: ImageLimits, names: frozenset[str]) -> ImagesInRequest:
    if not isinstance(value, dict):
        raise BadBody("", "an object is expected")
    if unknown := sorted(map(str, value.keys() - names - _KEYS)):
        raise BadBody("", f"Additional properties are not allowed ('{unknown[0]}' was unexpected)")
    lists = [value[key] for key in _KEYS & value.keys()]
    count = sum(len(items) for items in lists if isinstance(items, list))
    if count > limits.count:  # before each of them is looked at
        raise TooManyImages(count, limits.count)
    asked = {key: value[key] for key in _KEYS & value.keys()}
    try:
        document = _Document.model_validate(asked)
    except ValidationError as wrong:
        problems = [{**one, "loc": ("body", *one["loc"])} for one in wrong.errors()]
        raise refusal_of(problems, value, BadBody) from None
    items = [*document.urls, *document.samples, *document.images]
    images = [_referred(item, limits) for item in items]
    return ImagesInRequest(images, {key: value[key] for key in names & value.keys()})


def _referred(item: Any, limits: ImageLimits) -> RequestImage:
    match item:
        case UUID():
            return RequestImage(filename=str(item), sample_id=item)
        case str():
            return _linked(RequestImage(filename=item, url=item))
        case _Url():
            image = RequestImage(filename=item.filename or item.url, url=item.url)
            return _linked(_when(image, item))
        case _Sample():
            image = RequestImage(filename=str(item.sample_id), sample_id=item.sample_id)
        case _Stored():
            image = RequestImage(filename=str(item.image_id), image_id=item.image_id)
        case _Inline():
            kind = _plain_type(item.content_type)
            data = item.image.encode("utf-8", "replace")
            image = sent_image(item.filename, kind, data, limits, encoded=True)
            if kind not in IMAGE_TYPES | _UNNAMED:
                image = replace(image, data=None, error=BadImageType(item.filename))
            image = replace(image, image_origin=item.image_origin)
    return _when(image, item)


def _when(image: RequestImage, item: _Detected) -> RequestImage:
    return replace(image, detect_time=item.detect_time, detect_ts=item.detect_ts)


def _linked(image: RequestImage) -> RequestImage:
    """An id, or a path such as "/6/images/{image_id}", is a stored image and no URL."""
    own = _STORED.fullmatch(image.url or "")
    if own is None:
        return image
    stored = UUID(own[2])
    if own[1] in (None, "images"):
        return replace(image, url=None, image_id=stored)
    return replace(image, url=None, sample_id=stored)
