"""One image as the whole body of a request: what is stored is an image, and of its true type."""

from starlette.requests import Request

from api.http.negotiation import media_type
from api.http.refusals import BadContentType, PayloadTooLarge
from api.images_in_request import BASE64_TYPES, IMAGE_TYPES, ImageLimits, images_in_request
from domain.shared.image_refusals import TooManyBytes, UndecodableImage

_PNG = b"\x89PNG\r\n\x1a\n"


async def raw_image(request: Request, largest: int) -> tuple[bytes, str]:
    """The bytes of the image and their type, which may be another than the client said."""
    kind = media_type(request.headers.get("content-type", ""))
    if BASE64_TYPES.get(kind, kind) not in IMAGE_TYPES:
        raise BadContentType
    found = await images_in_request(request, ImageLimits(count=1, bytes=largest))
    (image,) = found.images
    if isinstance(image.error, TooManyBytes):
        raise PayloadTooLarge
    if image.error is not None:
        raise image.error
    data = image.data or b""
    if (true_type := image_type(data)) is None:
        raise UndecodableImage("it begins like none of the formats that are stored")
    return data, true_type


def image_type(data: bytes) -> str | None:
    """The media type that the first bytes of an image name, if it is one that is stored."""
    if data.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if data.startswith(_PNG):
        return "image/png"
    if data.startswith(b"BM"):
        return "image/bmp"
    if data.startswith((b"II*\0", b"MM\0*")):
        return "image/tiff"
    if data[:1] == b"P" and data[1:2] in b"123456" and data[2:3].isspace():
        return "image/x-portable-pixmap"
    return None
