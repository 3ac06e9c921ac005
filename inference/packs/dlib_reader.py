"""The alphabet of dlib's serialisation: checked reads of numbers, names and tensors.

An integer is one byte (bit 7: sign, low 4 bits: how many bytes follow) and then that many bytes,
little endian. A number with a fraction is two integers, mantissa and binary exponent.
"""

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

# Not-a-number and the infinities have exponents from 32000 on: no model holds them.
_LARGEST_EXPONENT: Final = 120
_SMALLEST_EXPONENT: Final = -300
_LARGEST: Final = 3e38


class MalformedFile(ValueError):
    """The data are not a file of the kind that was asked for, or not all of it."""


class DlibReader:
    """A cursor over serialised data; every read is checked against what is left."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    @property
    def left(self) -> int:
        """How many bytes have not been read."""
        return len(self._data) - self._at

    def finish(self) -> None:
        """Refuse a rest."""
        if self.left:
            raise MalformedFile(f"{self.left} bytes are left over")

    def take(self, count: int) -> bytes:
        """The next bytes."""
        if count > self.left:
            raise MalformedFile(f"{count} bytes wanted at {self._at}, {self.left} are left")
        self._at += count
        return self._data[self._at - count : self._at]

    def integer(self) -> int:
        """A whole number."""
        at = self._at
        if at >= len(self._data):
            raise MalformedFile(f"an integer wanted at {at}, where the data end")
        head = self._data[at]
        end = at + 1 + (head & 0x0F)
        if head & 0x70 or not at + 1 < end <= min(at + 9, len(self._data)):
            raise MalformedFile(f"no integer begins with byte {head:#x} at {at}")
        self._at = end
        value = int.from_bytes(self._data[at + 1 : end], "little")
        return -value if head & 0x80 else value

    def integers(self, *names: str) -> dict[str, int]:
        """Whole numbers that are not negative, by name."""
        values = {name: self.integer() for name in names}
        if min(values.values()) < 0:
            raise MalformedFile(f"negative: {values}")
        return values

    def expect(self, what: str, *wanted: int) -> int:
        """A whole number that must be one of these."""
        value = self.integer()
        if value not in wanted:
            raise MalformedFile(f"{what} is {value}, not {' or '.join(map(str, wanted))}")
        return value

    def count(self, item_bytes: int) -> int:
        """How many items follow, each of at least so many bytes."""
        value = self.integer()
        if not 0 <= value * item_bytes <= self.left:
            raise MalformedFile(f"{value} items do not fit into {self.left} bytes")
        return value

    def number(self) -> float:
        """A number with a fraction."""
        mantissa, exponent = self.integer(), self.integer()
        if not _SMALLEST_EXPONENT <= exponent <= _LARGEST_EXPONENT or mantissa.bit_length() > 53:
            raise MalformedFile(f"{mantissa} * 2 ** {exponent} is not a finite number of a model")
        value = math.ldexp(mantissa, exponent)
        if abs(value) > _LARGEST:
            raise MalformedFile(f"{value} is no 32-bit number")
        return value

    def numbers(self, *names: str) -> dict[str, float]:
        """Numbers with a fraction, by name."""
        return {name: self.number() for name in names}

    def text(self) -> str:
        """A name."""
        raw = self.take(self.count(1))
        if not raw.isascii():
            raise MalformedFile("a name is not ASCII")
        return raw.decode("ascii")

    def flag(self) -> bool:
        """A truth value, written as a digit."""
        digit = self.take(1)
        if digit not in (b"0", b"1"):
            raise MalformedFile(f"{digit!r} is not a truth value")
        return digit == b"1"

    def shape(self) -> tuple[int, ...]:
        """Samples, channels, rows and columns."""
        sizes = tuple(self.integer() for _ in range(4))
        if min(sizes) < 0:
            raise MalformedFile(f"shape {sizes} is negative")
        return sizes

    def alias(self) -> tuple[int, ...]:
        """The shape of a view into another tensor."""
        self.expect("version of a view", 1)
        return self.shape()

    def tensor(self) -> Floats:
        """A tensor of four dimensions with finite values."""
        self.expect("version of a tensor", 2)
        sizes = self.shape()
        raw = self.take(4 * math.prod(sizes))
        values = np.frombuffer(raw, dtype="<f4").astype(np.float32).reshape(sizes)
        if not np.isfinite(values).all():
            raise MalformedFile("a tensor holds values that are not finite")
        return values

    def column(self) -> list[float]:
        """A matrix of one column; its sizes are written negated."""
        rows, columns = -self.integer(), -self.integer()
        if columns != 1 or not 0 <= 4 * rows <= self.left:
            raise MalformedFile(f"a matrix of {rows} x {columns} is not a column that fits")
        return [self.number() for _ in range(rows)]
