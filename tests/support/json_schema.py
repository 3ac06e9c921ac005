"""Values of a JSON schema: random ones, and ones at and beyond each of its bounds."""

from collections.abc import Iterator
from typing import Any, NamedTuple
from uuid import UUID

from hypothesis import strategies as st

from tests.support.contract_schemas import Schema, alternatives

Path = tuple[str | int, ...]

_SIMPLE = {"uuid": str(UUID(int=1)), "date-time": "2020-01-02T03:04:05Z"}


class Place(NamedTuple):
    """Somewhere in a schema: how to get there, and what may be there."""

    path: Path
    schema: Schema


def smallest(schema: Schema) -> Any:
    """A simple value of a schema: an object has what is required."""
    one = alternatives(schema)[0][0]
    if "enum" in one:
        return one["enum"][0]
    if "examples" in one:
        return one["examples"][0]
    match one["type"]:
        case "object":
            properties = one.get("properties", {})
            return {name: smallest(properties[name]) for name in one.get("required", [])}
        case "array":
            return [smallest(one["items"]) for _ in range(one.get("minItems", 0))]
        case "string":
            if one.get("pattern", "").startswith("^now"):
                return "now-2y"
            return _SIMPLE.get(one.get("format", ""), "a")
        case "integer" | "number":
            return one.get("minimum", 0)
        case _:
            return False


def places(schema: Schema, path: Path = ()) -> Iterator[Place]:
    """Every place in a schema, the first item standing for all of an array."""
    for one in alternatives(schema)[0]:
        if one["type"] is None:  # nothing but null may be there
            continue
        yield Place(path, one)
        for name, inner in one.get("properties", {}).items():
            yield from places(inner, (*path, name))
        if "items" in one:
            yield from places(one["items"], (*path, 0))


def value_with(schema: Schema, path: Path, value: Any) -> Any:
    """A value of the schema that has `value` at the path, and what is required around it."""
    if not path:
        return value
    for one in alternatives(schema)[0]:
        in_array = isinstance(path[0], int)
        inner = one.get("items") if in_array else one.get("properties", {}).get(path[0])
        if inner is None or not any(place.path == path[1:] for place in places(inner)):
            continue
        made = smallest(one)
        if isinstance(path[0], int):
            return [value_with(inner, path[1:], value)]
        return {**made, path[0]: value_with(inner, path[1:], value)}
    raise KeyError(path)


def at_bounds(schema: Schema) -> Iterator[tuple[Any, Any]]:
    """Pairs of a value at a bound and the nearest one beyond it."""
    step = 1 if schema["type"] == "integer" else 0.001
    if "minimum" in schema:
        yield schema["minimum"], schema["minimum"] - step
    if "maximum" in schema:
        yield schema["maximum"], schema["maximum"] + step
    if "maxLength" in schema and "pattern" not in schema:
        yield "x" * schema["maxLength"], "x" * (schema["maxLength"] + 1)
    if "maxItems" in schema:
        item = smallest(schema["items"])
        yield [item] * schema["maxItems"], [item] * (schema["maxItems"] + 1)
    if "enum" in schema and schema["type"] == "integer":
        yield max(schema["enum"]), max(schema["enum"]) + 1
        yield min(schema["enum"]), min(schema["enum"]) - 1


def values(schema: Schema) -> st.SearchStrategy[Any]:
    """Random values of a schema."""
    options, null = alternatives(schema)
    strategies = [_values(option) for option in options]
    return st.one_of(*strategies, *([st.none()] if null else []))


def _values(schema: Schema) -> st.SearchStrategy[Any]:
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    match schema["type"]:
        case "object":
            return _objects(schema)
        case "array":
            least = schema.get("minItems", 0)
            most = min(schema.get("maxItems", 3), max(3, least))
            return st.lists(values(schema["items"]), min_size=least, max_size=most)
        case "string":
            return _texts(schema)
        case "integer":
            return st.integers(schema.get("minimum", -100), schema.get("maximum", 100))
        case "number":
            low, high = schema.get("minimum", -1e6), schema.get("maximum", 1e6)
            return st.floats(low, high, allow_nan=False)
        case _:
            return st.booleans()


def _objects(schema: Schema) -> st.SearchStrategy[Any]:
    properties = {name: values(inner) for name, inner in schema.get("properties", {}).items()}
    required = set(schema.get("required", []))
    return st.fixed_dictionaries(
        {name: inner for name, inner in properties.items() if name in required},
        optional={name: inner for name, inner in properties.items() if name not in required},
    )


def _texts(schema: Schema) -> st.SearchStrategy[str]:
    if schema.get("format") == "uuid":
        return st.uuids().map(str)
    if schema.get("format") == "date-time":
        return st.datetimes().map(lambda time: f"{time.isoformat()}Z")
    if "pattern" in schema:
        pattern = schema["pattern"].replace("$", r"\Z").replace(r"\d", "[0-9]")
        return st.from_regex(pattern).filter(
            lambda text: len(text) <= schema.get("maxLength", len(text)) and "\0" not in text
        )
    letters = st.characters(codec="utf-8", exclude_characters="\0")
    return st.text(letters, max_size=schema.get("maxLength", 20))
