"""Values for the fields of any event class, made from its type hints."""

import types
from datetime import UTC, datetime
from enum import Enum
from typing import Any, ClassVar, Literal, Union, get_args, get_origin, get_type_hints
from uuid import NAMESPACE_OID, UUID, uuid5

from hypothesis import strategies as st

JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)

_SIMPLE: dict[Any, st.SearchStrategy[Any]] = {
    str: st.text(max_size=20),
    int: st.integers(-(2**63), 2**63 - 1),
    bool: st.booleans(),
    float: st.floats(allow_nan=False, allow_infinity=False),
    UUID: st.uuids(),
    datetime: st.datetimes(min_value=datetime(1970, 1, 1), timezones=st.just(UTC)),
    Any: JSON_VALUES,
    types.NoneType: st.none(),
}
_EXAMPLES: dict[Any, Any] = {
    str: "text",
    int: 7,
    bool: True,
    float: 0.25,
    UUID: uuid5(NAMESPACE_OID, "selene"),
    datetime: datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC),
    Any: {"numbers": [1, 2.5], "text": "t", "nothing": None},
}


def fields_of(event_class: type[Any]) -> dict[str, Any]:
    """The type hint of each field that an event of the class has."""
    hints = get_type_hints(event_class)
    wanted = {n: h for n, h in hints.items() if get_origin(h) is not ClassVar}
    return {**wanted, "originator_id": UUID}


def strategy_for(hint: Any) -> st.SearchStrategy[Any]:
    """Any value of the type; a `TypeError` for one that no log can hold."""
    if hint in _SIMPLE:
        return _SIMPLE[hint]
    origin, arguments = get_origin(hint), get_args(hint)
    if isinstance(hint, type) and issubclass(hint, Enum):
        return st.sampled_from(list(hint))
    if origin is Literal:
        return st.sampled_from(arguments)
    if origin in (Union, types.UnionType):
        return st.one_of([strategy_for(a) for a in arguments])
    if origin is tuple and Ellipsis not in arguments:
        return st.tuples(*map(strategy_for, arguments))
    if origin in (list, tuple, set, frozenset):
        items = st.lists(strategy_for(arguments[0]), max_size=3)
        return items.map(origin)
    if origin is dict:
        return st.dictionaries(*map(strategy_for, arguments), max_size=3)
    raise TypeError(f"no log can hold {hint}: use text, numbers, UUIDs, times, lists and dicts")


def events_of(event_class: type[Any]) -> st.SearchStrategy[Any]:
    """Any event of the class."""
    return st.fixed_dictionaries(
        {
            **{name: strategy_for(hint) for name, hint in fields_of(event_class).items()},
            "originator_version": st.integers(1, 2**31),
        }
    ).map(lambda values: made(event_class, values))


def example_for(hint: Any) -> Any:
    """One value of the type, always the same."""
    if hint in _EXAMPLES:
        return _EXAMPLES[hint]
    origin, arguments = get_origin(hint), get_args(hint)
    if isinstance(hint, type) and issubclass(hint, Enum):
        return next(iter(hint))
    if origin is Literal:
        return arguments[0]
    if origin in (Union, types.UnionType):
        return example_for(next(a for a in arguments if a is not types.NoneType))
    if origin is tuple and Ellipsis not in arguments:
        return tuple(map(example_for, arguments))
    if origin in (list, tuple, set, frozenset):
        return origin([example_for(arguments[0])])
    if origin is dict:
        return {example_for(arguments[0]): example_for(arguments[1])}
    raise TypeError(f"no example of {hint}")


def made(event_class: type[Any], values: dict[str, Any]) -> Any:
    """An event with these fields, whatever its constructor would say."""
    event = object.__new__(event_class)
    object.__setattr__(event, "__dict__", dict(values))
    return event


def has_type(value: Any, hint: Any) -> bool:
    """Whether the value is of the type, through all containers."""
    origin, arguments = get_origin(hint), get_args(hint)
    if hint is Any:
        return True
    if origin is Literal:
        return value in arguments
    if origin in (Union, types.UnionType):
        return any(has_type(value, a) for a in arguments)
    if origin is dict:
        return isinstance(value, dict) and all(
            has_type(k, arguments[0]) and has_type(v, arguments[1]) for k, v in value.items()
        )
    if origin is tuple and Ellipsis not in arguments:
        return isinstance(value, tuple) and all(map(has_type, value, arguments))
    if origin in (list, tuple, set, frozenset):
        return isinstance(value, origin) and all(has_type(v, arguments[0]) for v in value)
    if hint is float:
        return isinstance(value, float | int)
    return type(value) is hint
