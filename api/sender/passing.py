"""How one filter judges a message: where it looks, and what passes."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from domain.shared.enums import NamedId

Message = Mapping[str, Any]
"""The contract's WsMessage; user-made events in it may hold anything."""


class Wanted(Protocol):
    """Which messages a subscriber wants."""

    def passes(self, message: Message) -> bool:
        """Whether this is one of them."""
        ...


def is_general(message: Message) -> bool:
    """Whether the message is about a general event, not about what a handler saw."""
    return "event_type" in message


def at(value: Any, *path: str) -> Any:
    """What a path of names leads to in JSON; None where it leads nowhere."""
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return value


def items(value: Any) -> Sequence[Any]:
    """The items of a list; of anything else none."""
    return value if isinstance(value, list) else ()


def estimated(event: Any, kind: str, *path: str) -> Iterator[Any]:
    """What was estimated of the face or the body: over all images, else in each detection."""
    together = at(event, "aggregate_estimations", kind, "attributes", *path)
    if together is not None:
        yield together
        return
    for detection in items(at(event, "detections")):
        found = at(detection, "samples", kind, "detection", "attributes", *path)
        if found is not None:
            yield found


def is_number(value: Any) -> bool:
    """Whether JSON calls the value a number."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def top_similarity(message: Message) -> Iterator[Any]:
    """The similarity of the best candidate of all matches, if there is one."""
    found = [
        similarity
        for match in items(at(message, "event", "matches"))
        for candidate in items(at(match, "candidates"))
        if is_number(similarity := at(candidate, "similarity"))
    ]
    if found:
        yield max(found)


def labels(message: Message) -> Iterator[Any]:
    """The labels of matches that found somebody."""
    for match in items(at(message, "event", "matches")):
        if items(at(match, "candidates")):
            yield at(match, "label")


@dataclass(frozen=True, slots=True)
class Match:
    """How a filter field judges a message: the values it looks at, and what passes."""

    values: Callable[[Message], Iterator[Any]]
    passes: Callable[[Any, Any], bool]

    def __call__(self, message: Message, wanted: Any) -> bool:
        """Whether one of the values passes; a value that is not there does not."""
        return any(self.passes(value, wanted) for value in self.values(message))


Values = Callable[[Message], Iterator[Any]]


def of_event(*path: str) -> Values:
    """What the event says at a path."""

    def find(message: Message) -> Iterator[Any]:
        if (found := at(message, "event", *path)) is not None:
            yield found

    return find


def of_face(*path: str) -> Values:
    """What was estimated of the face."""
    return lambda message: estimated(at(message, "event"), "face", *path)


def of_body(*path: str) -> Values:
    """What was estimated of the body."""
    return lambda message: estimated(at(message, "event"), "body", *path)


def any_of(values: Values) -> Match:
    """The value is one of the wanted ones."""

    def one_of(value: Any, wanted: Sequence[Any]) -> bool:
        return isinstance(value, str | int) and not isinstance(value, bool) and value in wanted

    return Match(values, one_of)


def any_id(values: Values) -> Match:
    """The value is one of the wanted ids, however it is written."""

    def same(value: Any, wanted: Sequence[Any]) -> bool:
        return isinstance(value, str) and value.lower() in map(str, wanted)

    return Match(values, same)


def word_of(values: Values, names: type[NamedId]) -> Match:
    """The filter says the number, the message the word."""

    def named(value: Any, wanted: Sequence[int]) -> bool:
        return any(value == names(number).word for number in wanted)

    return Match(values, named)


def shares(values: Values) -> Match:
    """The value is a list that has one of the wanted values."""
    return Match(values, lambda value, wanted: any(one in wanted for one in items(value)))


def at_least(values: Values) -> Match:
    """The value is a number from the bound on."""
    return Match(values, lambda value, bound: is_number(value) and value >= bound)


def below(values: Values) -> Match:
    """The value is a number below the bound."""
    return Match(values, lambda value, bound: is_number(value) and value < bound)


def has_all(value: Any, wanted: Sequence[str]) -> bool:
    """The value is a list of all the wanted ones, and maybe others."""
    return isinstance(value, list) and all(tag in value for tag in wanted)


def contains(value: Any, wanted: str) -> bool:
    """The value is a text with the wanted one in it."""
    return isinstance(value, str) and wanted in value


def same_number(value: Any, wanted: int) -> bool:
    """The value is the wanted number."""
    return is_number(value) and bool(value == wanted)
