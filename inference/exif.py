"""EXIF tags of an image file: the orientation, and the fields that answers show."""

import struct
from collections.abc import Iterator
from fractions import Fraction
from typing import Any, Final

# Bytes per value of a TIFF field type, and how one value is read.
_TYPES: Final = {
    1: (1, "B"),
    2: (1, "s"),
    3: (2, "H"),
    4: (4, "I"),
    5: (8, "II"),
    7: (1, "B"),
    9: (4, "i"),
    10: (8, "ii"),
}
_MAX_ENTRIES: Final = 256
_MAX_VALUES: Final = 64
_MAX_TEXT: Final = 512

ORIENTATION: Final = 0x0112
_EXIF_IFD: Final = 0x8769
_GPS_IFD: Final = 0x8825
_NAMES: Final = {
    0x010E: "description",
    0x010F: "make",
    0x0110: "model",
    ORIENTATION: "orientation",
    0x0131: "software",
    0x0132: "date_time",
    0x013B: "artist",
    0x8298: "copyright",
}
_EXIF_NAMES: Final = {
    0x829A: "exposure_time",
    0x829D: "f_number",
    0x8827: "iso",
    0x9003: "date_time_original",
    0x9209: "flash",
    0x920A: "focal_length",
    0xA434: "lens_model",
}
_GPS_NAMES: Final = {
    1: "latitude_ref",
    2: "latitude",
    3: "longitude_ref",
    4: "longitude",
    5: "altitude_ref",
    6: "altitude",
}

Value = int | str | list[Any]


class TiffTags:
    """The tag directories of a TIFF structure, which is also what an EXIF block is.

    Everything is bounded and read by offset, so damaged or hostile blocks give fewer tags,
    never an error or much work.
    """

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._order = {b"II": "<", b"MM": ">"}.get(data[:2], "")

    def first(self) -> dict[int, Value]:
        """Tags of the first directory."""
        if not self._order or len(self._data) < 8:
            return {}
        magic, offset = struct.unpack_from(f"{self._order}HI", self._data, 2)
        return dict(self._directory(offset)) if magic == 42 else {}

    def directory(self, offset: Value | None) -> dict[int, Value]:
        """Tags of the directory that another one points to."""
        return dict(self._directory(offset)) if isinstance(offset, int) else {}

    def _directory(self, offset: int) -> Iterator[tuple[int, Value]]:
        if not 8 <= offset <= len(self._data) - 2:
            return
        (count,) = struct.unpack_from(f"{self._order}H", self._data, offset)
        for index in range(min(count, _MAX_ENTRIES)):
            place = offset + 2 + 12 * index
            if place + 12 > len(self._data):
                return
            tag, kind, length = struct.unpack_from(f"{self._order}HHI", self._data, place)
            value = self._value(kind, length, place + 8)
            if value is not None:
                yield tag, value

    def _value(self, kind: int, length: int, place: int) -> Value | None:
        if kind not in _TYPES or length == 0:
            return None
        size, layout = _TYPES[kind]
        if size * length > 4:
            (place,) = struct.unpack_from(f"{self._order}I", self._data, place)
        if place + size * length > len(self._data):
            return None
        if kind == 2:
            text = self._data[place : place + min(length, _MAX_TEXT)]
            return text.split(b"\0")[0].decode("utf-8", "replace").strip()
        kept = min(length, _MAX_VALUES)
        numbers = struct.unpack_from(f"{self._order}{layout * kept}", self._data, place)
        values: list[Any] = list(numbers)
        if size == 8:
            pairs = zip(numbers[::2], numbers[1::2], strict=True)
            values = [Fraction(top, bottom) if bottom else None for top, bottom in pairs]
        return values[0] if length == 1 else values


def orientation_of(tags: dict[int, Value]) -> int:
    """The EXIF orientation, 1 to 8; 1 (upright) when there is none or it is nonsense."""
    value = tags.get(ORIENTATION)
    return value if isinstance(value, int) and 1 <= value <= 8 else 1


def shown_fields(block: bytes) -> dict[str, Any]:
    """The contract's `exif` of a TIFF structure: texts, an integer orientation, a gps object."""
    tiff = TiffTags(block)
    first = tiff.first()
    fields = _named(first, _NAMES)
    fields |= _named(tiff.directory(first.get(_EXIF_IFD)), _EXIF_NAMES)
    if gps := _named(tiff.directory(first.get(_GPS_IFD)), _GPS_NAMES):
        fields["gps"] = gps
    if "orientation" in fields:
        fields["orientation"] = orientation_of(first)
    return fields


def _named(tags: dict[int, Value], names: dict[int, str]) -> dict[str, Any]:
    shown = {name: _text(tags[tag]) for tag, name in names.items() if tag in tags}
    return {name: value for name, value in shown.items() if value}


def _text(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(_text(item) for item in value)
    if isinstance(value, Fraction):
        return str(float(value))
    return "" if value is None else str(value).replace("\x00", "")
