"""Examples in the OpenAPI document: made from the schemas, with values that names suggest.

What a schema says of itself (`examples`, `json_schema_extra`) goes before what names suggest.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from api.http.negotiation import JSON, MSGPACK
from api.openapi_bodies import BY_SCHEMA, ID

Schema = Mapping[str, Any]

_TIME: Final = "2026-03-01T09:30:00Z"
_END_TIME: Final = "2026-03-01T17:30:00Z"
_LATER: Final = re.compile("end_time|__lt|last_|deletion|expire")
_DESCRIPTOR: Final = "AACAPwAAAAAAAAAAAAAAAA=="
_DEEPEST: Final = 12

_BY_NAME: Final[Mapping[str, Any]] = {
    **dict.fromkeys(("user_data", "name", "stream_name"), "Ann Lee"),
    "account_type": "user",
    "age": 29,
    "avatar": f"/6/samples/faces/{ID}",
    "area": "Harbour",
    "city": "Town",
    "cron": "0 8 * * 1-5",
    "description": "main entrance",
    "descriptor": _DESCRIPTOR,
    "detail": "Face with id not found",
    "district": "North",
    "event_type": "crowd",
    "external_id": "A-1",
    "external_url": f"https://selene.example/6/faces/{ID}",
    "filename": "entrance.jpg",
    "group_name": "entrances",
    "house_number": "12a",
    "image_origin": f"/6/images/{ID}",
    "label": "staff",
    "latitude": 55.75,
    "login": "ann@selene.example",
    "longitude": 37.62,
    "origin": "https://selene.example",
    "password": "correct horse battery",
    "probability": 0.97,
    "reference": "rtsp://camera.example/1",
    "similarity": 0.97,
    "source": "gate",
    "street": "Quay",
    "track_id": "track-1",
    "url": f"/6/faces/{ID}",
    "urls": ["https://camera.example/entrance.jpg"],
}
"""What fields of these names are like, where their schema permits it."""

_BY_FORMAT: Final[Mapping[str, Any]] = {
    "uuid": ID,
    "date-time": _TIME,
    "date": "2026-03-01",
    "uri": "https://selene.example/events",
    "byte": _DESCRIPTOR,
    "base64": _DESCRIPTOR,
    "binary": _DESCRIPTOR,
}


class Examples:
    """Makes values of the schemas of one document."""

    def __init__(self, document: Schema) -> None:
        self._schemas: Schema = document.get("components", {}).get("schemas", {})

    def of(self, schema: Schema, *, whole: bool) -> Any:
        """A value of the schema; `whole`: with all that may be there, not what must be alone."""
        return self._value(schema, "", whole, 0)

    def _value(self, schema: Schema, name: str, whole: bool, depth: int) -> Any:
        told = BY_SCHEMA.get(schema.get("$ref", "").rpartition("/")[2])
        if told is not None:
            return told
        schema = self._named(schema)
        for key in ("examples", "example"):
            if key in schema:
                return schema[key][0] if key == "examples" else schema[key]
        if "const" in schema or "enum" in schema:
            known = [schema["const"]] if "const" in schema else schema["enum"]
            return _BY_NAME[name] if _BY_NAME.get(name) in known else known[0]
        if options := self._options(schema):
            return self._value(options[0], name, whole, depth)
        kind = schema.get("type")
        if isinstance(kind, list):
            kind = next((one for one in kind if one != "null"), "null")
        match kind:
            case "object":
                return self._object(schema, whole, depth)
            case "array":
                return self._array(schema, name, whole, depth)
            case "string":
                return _text(schema, name)
            case "integer" | "number":
                return _number(schema, name, kind)
            case "boolean":
                return bool(schema.get("default", True))
            case "null":
                return None
        return {}

    def _named(self, schema: Schema) -> Schema:
        while "$ref" in schema:
            rest = {key: value for key, value in schema.items() if key != "$ref"}
            schema = {**self._schemas[schema["$ref"].rpartition("/")[2]], **rest}
        if "allOf" in schema and len(schema["allOf"]) == 1:
            schema = {**self._named(schema["allOf"][0]), **schema}
        return schema

    def _options(self, schema: Schema) -> list[Schema]:
        """The alternatives to null; those that say most come first."""
        options = [self._named(one) for one in schema.get("anyOf", schema.get("oneOf", ()))]
        return [one for one in options if one.get("type") != "null"]

    def _object(self, schema: Schema, whole: bool, depth: int) -> dict[str, Any]:
        properties: Schema = schema.get("properties", {})
        required = schema.get("required", ())
        shown = [
            name
            for name in properties
            if name in required or (depth < _DEEPEST and (whole or name in _BY_NAME))
        ]
        found = {name: self._value(properties[name], name, whole, depth + 1) for name in shown}
        more = schema.get("additionalProperties")
        if not properties and isinstance(more, dict) and more and whole:
            found["name"] = self._value(more, "", whole, depth + 1)
        return found

    def _array(self, schema: Schema, name: str, whole: bool, depth: int) -> list[Any]:
        if isinstance(suggested := _BY_NAME.get(name), list):
            return suggested
        if fixed := schema.get("prefixItems"):
            return [self._value(one, "", whole, depth + 1) for one in fixed]
        least = schema.get("minItems", 0)
        if "items" not in schema or (depth >= _DEEPEST and least == 0):
            return []
        item = self._value(schema["items"], name.removesuffix("s"), whole, depth + 1)
        return [item] * max(least, min(1, schema.get("maxItems", 1)))


def _text(schema: Schema, name: str) -> str:
    if schema.get("format") == "date-time" and _LATER.search(name):
        return _END_TIME
    if schema.get("format") in _BY_FORMAT:
        return str(_BY_FORMAT[schema["format"]])
    suggested = _BY_NAME.get(name)
    longest = schema.get("maxLength", 1000)
    if isinstance(suggested, str) and len(suggested) <= longest and "pattern" not in schema:
        return suggested
    if isinstance(schema.get("default"), str) and schema["default"]:
        return str(schema["default"])
    if name.endswith("_id") or name == "id":
        return ID[:longest]
    return "a" * max(schema.get("minLength", 1), 1) if "pattern" in schema else "text"[:longest]


def _number(schema: Schema, name: str, kind: str) -> float:
    found = _nearest(schema, name, kind)
    return int(found) if kind == "integer" else found


def _nearest(schema: Schema, name: str, kind: str) -> float:
    least = schema.get("minimum", schema.get("exclusiveMinimum"))
    most = schema.get("maximum", schema.get("exclusiveMaximum"))
    suggested = _BY_NAME.get(name)
    if (
        isinstance(suggested, int if kind == "integer" else float)
        and (least is None or suggested >= least)
        and (most is None or suggested <= most)
    ):
        return suggested
    default: Any = schema.get("default")
    if isinstance(default, int | float) and not isinstance(default, bool):
        return float(default)
    if "exclusiveMinimum" in schema:
        return float(schema["exclusiveMinimum"] + 1)
    nearest = 1.0 if least is None else max(float(least), 1.0)
    return nearest if most is None else min(nearest, float(most))


def add_examples(document: dict[str, Any]) -> None:
    """An example for every JSON body and every successful answer in JSON that has a schema."""
    examples = Examples(document)
    for content, whole in _contents(document):
        told = content.get(JSON, {})
        if "example" in told or "examples" in told or not told.get("schema"):
            continue
        example = examples.of(told["schema"], whole=whole)
        content[JSON] = {**told, "example": example}
        if MSGPACK in content:  # the same thing in another form needs no second example
            content[MSGPACK] = told


def _contents(document: dict[str, Any]) -> Iterator[tuple[dict[str, Any], bool]]:
    """What bodies and answers contain; answers are shown whole."""
    for item in document.get("paths", {}).values():
        for operation in item.values():
            yield operation.get("requestBody", {}).get("content", {}), False
            for status, answer in operation.get("responses", {}).items():
                if status.startswith("2"):
                    yield answer.get("content", {}), True
