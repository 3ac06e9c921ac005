"""Domain events to bytes and back: JSON, with the personal part sealed under the subject's key.

The stored state is a JSON object: the event's fields, and beside them `_t` (the time), `_v` (the
class version when above 1), `_r` (the request that caused it) and `_p` (the sealed personal
fields, Base64).
"""

from __future__ import annotations

import types
from binascii import a2b_base64, b2a_base64
from collections.abc import Callable, Mapping
from datetime import datetime
from enum import Enum
from functools import cache
from typing import Any, Union, get_args, get_origin, get_type_hints
from uuid import UUID, SafeUUID

import orjson
from eventsourcing.domain import DomainEventProtocol
from eventsourcing.persistence import Mapper, StoredEvent, Transcoder
from eventsourcing.utils import get_topic, resolve_topic

from domain.log.sealing import Keyring, MemoryKeyring, seal, unseal
from domain.shared.owned import personal_fields

Convert = Callable[[Any], Any]
_KEYS = orjson.OPT_NON_STR_KEYS  # descriptor ids are kept by version, a number


class OrjsonTranscoder(Transcoder):
    """JSON through orjson, which writes UUIDs and times itself."""

    def encode(self, obj: Any) -> bytes:
        """JSON bytes of the object."""
        return orjson.dumps(obj, option=_KEYS)

    def decode(self, data: bytes) -> Any:
        """The object of the JSON bytes; UUIDs and times come back as text."""
        return orjson.loads(data)


class EventMapper(Mapper[UUID]):
    """Maps domain events; `keys` gives the subject keys for the library's own one-event calls."""

    def __init__(self, keys: Keyring | None = None) -> None:
        super().__init__(OrjsonTranscoder())
        self._keys: Keyring = keys if keys is not None else MemoryKeyring()

    def encode(
        self, event: DomainEventProtocol[UUID], key: bytes | None = None, request_id: str = ""
    ) -> StoredEvent:
        """The stored form; `key` is needed when the event's class has personal fields."""
        return StoredEvent(*self.written(event, key, request_id))

    def written(
        self, event: DomainEventProtocol[UUID], key: bytes | None, request_id: str
    ) -> tuple[UUID, int, str, bytes]:
        """The fields of the stored form: of whom, version, topic, state."""
        topic, class_version, personal = _how_to_store(type(event))
        state = vars(event).copy()
        originator_id: UUID = state.pop("originator_id")
        version: int = state.pop("originator_version")
        state["_t"] = state.pop("timestamp")
        if request_id:
            state["_r"] = request_id
        if class_version > 1:
            state["_v"] = class_version
        if not personal:
            return originator_id, version, topic, orjson.dumps(state, option=_KEYS)
        if key is None:
            raise ValueError(f"{type(event).__qualname__} has personal fields and no key")
        plain = {name: state.pop(name) for name in personal}
        sealed = seal(key, orjson.dumps(plain, option=_KEYS), _place(originator_id, version))
        # The text of the sealed part needs no escapes; before the comma there is always a time.
        seen, shut = orjson.dumps(state, option=_KEYS), b2a_base64(sealed, newline=False)
        return originator_id, version, topic, b'%b,"_p":"%b"}' % (seen[:-1], shut)

    def decode(self, stored: StoredEvent, key: bytes | None = None) -> tuple[Any, str]:
        """The domain event and the id of the request behind it.

        Personal fields are `None` when `key` is: it was destroyed, or nobody asked for it.
        """
        assert isinstance(stored.originator_id, UUID)
        return self.restore(
            stored.originator_id, stored.originator_version, stored.topic, stored.state, key
        )

    def restore(
        self, originator_id: UUID, version: int, topic: str, written: bytes, key: bytes | None
    ) -> tuple[Any, str]:
        """The same of the fields of a stored event."""
        event_class, class_version, personal, conversions = _how_to_restore(topic)
        state: dict[str, Any] = orjson.loads(written)
        request_id = state.pop("_r", "")
        state["timestamp"] = state.pop("_t")
        if sealed := state.pop("_p", None):
            if key is not None:
                plain = unseal(key, a2b_base64(sealed), _place(originator_id, version))
                state.update(orjson.loads(plain))
            else:
                state.update(dict.fromkeys(personal))
        if class_version > 1:
            upcast(event_class, state)
        for name, convert in conversions:
            if (value := state.get(name)) is not None:
                state[name] = convert(value)
        state["originator_id"] = originator_id
        state["originator_version"] = version
        event = object.__new__(event_class)
        object.__setattr__(event, "__dict__", state)
        return event, request_id

    def to_stored_event(self, domain_event: DomainEventProtocol[UUID]) -> StoredEvent:
        """The stored form, with the subject's key from the keyring."""
        key = None
        if personal_fields(type(domain_event)):
            key = self._key(domain_event.originator_id)
        return self.encode(domain_event, key)

    def to_domain_event(self, stored_event: StoredEvent) -> DomainEventProtocol[UUID]:
        """The domain event, opened with the subject's key while it exists."""
        assert isinstance(stored_event.originator_id, UUID)
        event, _ = self.decode(stored_event, self._key(stored_event.originator_id))
        return event  # type: ignore[no-any-return]

    def _key(self, subject_id: UUID) -> bytes | None:
        return self._keys.find([subject_id]).get(subject_id)


def _place(originator_id: UUID, version: int) -> bytes:
    return originator_id.int.to_bytes(16, "big") + version.to_bytes(8, "little")


@cache
def _how_to_store(event_class: type[Any]) -> tuple[str, int, tuple[str, ...]]:
    version = getattr(event_class, "class_version", 1)
    return get_topic(event_class), version, tuple(sorted(personal_fields(event_class)))


@cache
def _how_to_restore(
    topic: str,
) -> tuple[type[Any], int, frozenset[str], tuple[tuple[str, Convert], ...]]:
    event_class: type[Any] = resolve_topic(topic)
    version = getattr(event_class, "class_version", 1)
    conversions = converters(event_class)  # type: ignore[arg-type]
    return event_class, version, personal_fields(event_class), conversions


_new_object, _set = object.__new__, object.__setattr__
_UNKNOWN = SafeUUID.unknown  # looked up here once, since an enum's attributes are slow


def _uuid(text: str) -> UUID:
    """What `UUID(text)` makes, at half its price: the log holds no other spelling."""
    made = _new_object(UUID)
    _set(made, "int", int(text.replace("-", ""), 16))
    _set(made, "is_safe", _UNKNOWN)
    return made


def upcast(event_class: type[Any], state: dict[str, Any]) -> None:
    """Bring a state written by an older class version up to date, one step at a time."""
    wanted = getattr(event_class, "class_version", 1)
    written = state.pop("_v", 1)
    while written < wanted:
        getattr(event_class, f"upcast_v{written}_v{written + 1}")(state)
        written += 1


@cache
def converters(event_class: type[Any]) -> tuple[tuple[str, Convert], ...]:
    """What turns the JSON of each field back into its declared type, where JSON has none."""
    hints = get_type_hints(event_class)
    found = ((name, _converter(hint)) for name, hint in hints.items())
    skip = {"originator_id", "originator_version"}
    return tuple((name, convert) for name, convert in found if convert and name not in skip)


def _converter(hint: Any) -> Convert | None:
    if hint is UUID:
        return _uuid
    if hint is datetime:
        return datetime.fromisoformat
    if isinstance(hint, type) and issubclass(hint, Enum):
        return hint
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType):
        inner = [_converter(a) for a in arguments if a is not type(None)]
        return _unless_none(inner[0]) if len(inner) == 1 else None
    if origin is tuple and Ellipsis not in arguments:
        return _row_converter(arguments)
    if origin in (list, tuple, set, frozenset):
        return _items_converter(origin, arguments[0])
    if origin is dict:
        return _dict_converter(arguments)
    return None


def _unless_none(inner: Convert | None) -> Convert | None:
    if inner is None:
        return None
    return lambda value: None if value is None else inner(value)


def _items_converter(kind: Any, of_item: Any) -> Convert | None:
    item = _converter(of_item)
    if item is None:
        return None if kind is list else kind
    return lambda values: kind(map(item, values))


def _row_converter(arguments: tuple[Any, ...]) -> Convert:
    items = [_converter(a) or _same for a in arguments]
    return lambda values: tuple(of(v) for of, v in zip(items, values, strict=True))


def _dict_converter(arguments: tuple[Any, ...]) -> Convert | None:
    key: Convert | None = int if arguments[0] is int else _converter(arguments[0])
    value = _converter(arguments[1])
    if key is None and value is None:
        return None
    of_key, of_value = key or _same, value or _same

    def convert(items: Mapping[str, Any]) -> dict[Any, Any]:
        return {of_key(k): of_value(v) for k, v in items.items()}

    return convert


def _same(value: Any) -> Any:
    return value
