"""What is wrong with a value of a body, in words that do not depend on how this is written."""

from collections.abc import Mapping
from typing import Any, Final, get_args

from pydantic_core.core_schema import ErrorType

_OBJECT: Final = "value is not a valid object"
_LIST: Final = "value is not a valid list"
_INTEGER: Final = "value is not a valid integer"
_NUMBER: Final = "value is not a valid number"
_FLAG: Final = "value is neither true nor false"
_STRING: Final = "value is not a valid string"
_TIME: Final = "value is not a valid date and time"
_UUID: Final = "value is not a valid UUID"
_URL: Final = "value is not a valid URL"
_OTHER: Final = "value is not valid"

_MESSAGES: Final[Mapping[str, str]] = {
    "missing": "field required",
    "json_invalid": "Invalid JSON: {error}",
    "literal_error": "unexpected value; permitted: {expected}",
    "enum": "unexpected value; permitted: {expected}",
    "union_tag_invalid": "unexpected value of {discriminator}; permitted: {expected_tags}",
    "union_tag_not_found": "field {discriminator} required",
    "none_required": "value must be null",
    "greater_than": "value must be greater than {gt}",
    "greater_than_equal": "value must be at least {ge}",
    "less_than": "value must be less than {lt}",
    "less_than_equal": "value must be at most {le}",
    "multiple_of": "value must be a multiple of {multiple_of}",
    "finite_number": "value is not a finite number",
    "too_short": "there must be at least {min_length} items",
    "too_long": "there must be at most {max_length} items",
    "string_too_short": "there must be at least {min_length} characters",
    "string_too_long": "there must be at most {max_length} characters",
    "string_pattern_mismatch": "value does not match the pattern {pattern}",
    "bytes_too_short": "there must be at least {min_length} bytes",
    "bytes_too_long": "there must be at most {max_length} bytes",
    **dict.fromkeys(
        ("model_type", "model_attributes_type", "dataclass_type", "dict_type", "mapping_type"),
        _OBJECT,
    ),
    **dict.fromkeys(("list_type", "tuple_type", "set_type", "iterable_type"), _LIST),
    **dict.fromkeys(("int_type", "int_parsing", "int_parsing_size", "int_from_float"), _INTEGER),
    **dict.fromkeys(("float_type", "float_parsing", "decimal_type", "decimal_parsing"), _NUMBER),
    **dict.fromkeys(("bool_type", "bool_parsing"), _FLAG),
    **dict.fromkeys(("string_type", "string_unicode", "bytes_type"), _STRING),
    **dict.fromkeys(("datetime_type", "datetime_parsing", "timezone_aware"), _TIME),
    **dict.fromkeys(("uuid_type", "uuid_parsing", "uuid_version"), _UUID),
    **dict.fromkeys(("url_type", "url_parsing", "url_scheme"), _URL),
}
_OF_RULES: Final = frozenset({"value_error", "assertion_error"})
"""Kinds of problems that our own rules tell in their own words."""

_PYDANTIC: Final = frozenset(get_args(ErrorType)) - _OF_RULES


def message_of(kind: str, said: str, context: Mapping[str, Any]) -> str:
    """The message of a problem, from its kind and context or else from what was `said` of it."""
    if kind in ("too_short", "too_long") and context.get("field_type") == "Value":
        kind = f"string_{kind}"  # a text whose length is looked at after a rule of ours
    if kind in _PYDANTIC:
        known = {**context, "expected": str(context.get("expected", "")).replace(" or ", ", ")}
        return _MESSAGES.get(kind, _OTHER).format_map(known)
    return said.removeprefix("Value error, ").removeprefix("Assertion failed, ")
