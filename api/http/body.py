"""Bodies as Python values: strict JSON and MessagePack, of bounded depth."""

import math
from datetime import datetime
from typing import Any, Final

import msgpack
import orjson

from api.http.refusals import BadBody

DEEPEST: Final = 100
"""How many arrays and objects may lie in one another."""

_Link = tuple[Any, Any] | None


def decoded_json(raw: bytes) -> Any:
    """The value of a JSON text in UTF-8; of equal keys in an object the last one counts.

    NaN and Infinity are no JSON, and no text may hold U+0000, which no database stores.
    """
    try:
        value = orjson.loads(raw)
    except orjson.JSONDecodeError as wrong:
        raise BadBody("", f"Invalid JSON: {wrong}") from None
    if raw.count(b"[") + raw.count(b"{") > DEEPEST or b"\\u0000" in raw:
        check_value(value)
    return value


def decoded_msgpack(raw: bytes) -> Any:
    """The value of one MessagePack document; timestamps become datetimes, no other extension."""
    try:
        value = msgpack.unpackb(raw, timestamp=3, ext_hook=_refuse_extension)
    except (ValueError, msgpack.UnpackException, OverflowError) as wrong:
        reason = str(wrong) or type(wrong).__name__
        raise BadBody("", f"Invalid MessagePack: {reason}") from None
    check_value(value)
    return value


def check_value(value: Any) -> None:
    """Refuse what is nested too deep, is no finite number or holds U+0000; say where."""
    left: list[tuple[Any, _Link, int]] = [(value, None, 0)]
    while left:
        item, path, depth = left.pop()
        if isinstance(item, str):
            if "\0" in item:
                raise BadBody(_dotted(path), "text may not hold U+0000")
        elif isinstance(item, float):
            if not math.isfinite(item):
                raise BadBody(_dotted(path), "number is not finite")
        elif isinstance(item, dict | list):
            if depth == DEEPEST:
                raise BadBody("", f"nested deeper than {DEEPEST} levels")
            pairs = item.items() if isinstance(item, dict) else enumerate(item)
            for key, inner in pairs:
                if not isinstance(key, str | int) or "\0" in str(key):
                    raise BadBody(_dotted(path), "names must be text without U+0000")
                if not isinstance(inner, int | datetime | None):
                    left.append((inner, (path, key), depth + 1))


def _refuse_extension(code: int, data: bytes) -> Any:
    raise ValueError(f"extension type {code} is not known")


def _dotted(path: _Link) -> str:
    parts: list[str] = []
    while path is not None:
        path, key = path
        parts.append(str(key))
    return ".".join(reversed(parts))
