"""The attribute that a request brings in: JSON, MessagePack, or a form with a descriptor file."""

from typing import Any, Final

from pydantic import TypeAdapter, ValidationError
from starlette.requests import Request

from api.descriptor_versions import DescriptorVersions
from api.http.body import decoded_json
from api.http.multipart import parts_of
from api.http.negotiation import decoded, media_type
from api.http.refusals import BadBody
from api.http.validation import refusal_of
from api.schemas.attributes import AttributeData
from domain.attributes import AttributeContent, DescriptorData
from domain.shared.biometrics import BadDescriptor, decode_container

FORM: Final = "multipart/form-data"
_FILE: Final = "xpk"
_MOST_PARTS: Final = 8
_DATA: Final = TypeAdapter[Any](AttributeData)

_SHAPES: Final = ("AttributeByBoth", "AttributeByBasic", "AttributeByDescriptors")
ATTRIBUTE_BODY: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": {"oneOf": [{"$ref": f"#/components/schemas/{s}"} for s in _SHAPES]}
            },
            FORM: {
                "schema": {
                    "type": "object",
                    "properties": {_FILE: {"type": "string", "format": "binary"}},
                }
            },
        },
    }
}
"""The `openapi_extra` of a route that reads its attribute here."""


async def attribute_in_request(request: Request, versions: DescriptorVersions) -> AttributeContent:
    """The content; a form may hold the fields of the JSON body, and its file overrides them.

    The file is an SDK container: what this service itself answers as `sdk_descriptor`.
    """
    header = request.headers.get("content-type", "")
    raw = await request.body()
    if media_type(header) != FORM:
        value = await (await decoded(request)).json() if raw else None
        return _content(value, versions)
    parts = parts_of(raw, header, _MOST_PARTS)
    found = {part.name: part.data for part in parts}
    if len(found) < len(parts):
        raise BadBody("", "a field is given twice")
    if _FILE in found:
        return _of_file(found[_FILE], versions)
    return _content({name: decoded_json(data) for name, data in found.items()}, versions)


def _content(value: Any, versions: DescriptorVersions) -> AttributeContent:
    try:
        data = _DATA.validate_python(value)
    except ValidationError as wrong:
        problems = [{**one, "loc": ("body", *one["loc"])} for one in wrong.errors()]
        raise refusal_of(problems, value, BadBody) from None
    return versions.content_of(data)


def _of_file(data: bytes, versions: DescriptorVersions) -> AttributeContent:
    try:
        found = decode_container(data)
        versions.check(found)
    except BadDescriptor as bad:
        raise BadDescriptor(f"{_FILE}: {bad.args[0]}") from None
    return AttributeContent((DescriptorData(found.version, found.data),))
