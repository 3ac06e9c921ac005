"""How OpenAPI shows the bodies of routes that take images in any of the accepted forms."""

from typing import Any, Final

from api.images_in_request import BASE64_TYPES, IMAGE_TYPES

_TEXT: Final = {"type": "string"}
_ID: Final = {"type": "string", "format": "uuid"}
_TIMES: Final = {
    "detect_time": {"type": "string", "format": "date-time"},
    "detect_ts": {"type": "number", "description": "Seconds from the start of a video."},
}


def _object(required: str, properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "required": [required], "properties": properties}


def _list_of(*kinds: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "minItems": 1, "items": {"oneOf": list(kinds)}}


_URL: Final = _object("url", {"url": _TEXT, "filename": _TEXT, **_TIMES})
_SAMPLE: Final = _object("sample_id", {"sample_id": _ID, **_TIMES})
_STORED: Final = _object("image_id", {"image_id": _ID, **_TIMES})
_INLINE: Final = _object(
    "image",
    {
        "image": {"type": "string", "format": "byte"},
        "filename": _TEXT,
        "content_type": _TEXT,
        "image_origin": {
            "type": "string",
            "maxLength": 256,
            "description": "Where the frame is kept that the image was cut from.",
        },
        **_TIMES,
    },
)
_DOCUMENT: Final = {
    "type": "object",
    "properties": {
        "urls": _list_of(_TEXT, _URL),
        "samples": _list_of(_ID, _SAMPLE),
        "images": _list_of(_TEXT, _URL, _SAMPLE, _STORED, _INLINE),
    },
}
_PARTS: Final = {
    "type": "object",
    "properties": {
        "images": {"type": "array", "items": {"type": "string", "format": "binary"}, "minItems": 1}
    },
}


def image_bodies() -> dict[str, Any]:
    """The `openapi_extra` of a route that reads its images with `images_in_request`."""
    plain = {kind: {"schema": {"type": "string", "format": "binary"}} for kind in IMAGE_TYPES}
    encoded = {kind: {"schema": {"type": "string", "format": "byte"}} for kind in BASE64_TYPES}
    content = {
        "application/json": {"schema": _DOCUMENT},
        "multipart/form-data": {"schema": _PARTS},
        **dict(sorted(plain.items())),
        **encoded,
    }
    return {"requestBody": {"required": True, "content": content}}


IMAGES: Final = image_bodies()
