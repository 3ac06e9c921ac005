"""New ids: random UUIDs, from random bytes fetched many at a time."""

import os
import threading
from typing import Final
from uuid import UUID, SafeUUID

_AT_ONCE: Final = 256
_RANDOM: Final = (1 << 128) - 1 & ~(0xF << 76) & ~(0x3 << 62)
_VERSION_4: Final = 4 << 76 | 2 << 62
_new_object, _set = object.__new__, object.__setattr__


class _Drawn(threading.local):
    """Random bytes that this thread has fetched and not used yet."""

    data = b""
    used = 0


_DRAWN = _Drawn()


def _drawn() -> bytes:
    """16 random bytes.

    Each read of the system's randomness lets other threads run first, which in a busy process
    takes a hundred times longer than the reading.
    """
    drawn = _DRAWN
    if drawn.used == len(drawn.data):
        drawn.data, drawn.used = os.urandom(16 * _AT_ONCE), 0
    start = drawn.used
    drawn.used = start + 16
    return drawn.data[start : start + 16]


def new_id() -> UUID:
    """A random UUID, as unpredictable as `uuid4`."""
    number = int.from_bytes(_drawn(), "big") & _RANDOM | _VERSION_4
    made = _new_object(UUID)  # `UUID()` takes four times as long, to check what is known
    _set(made, "int", number)
    _set(made, "is_safe", SafeUUID.unknown)
    return made


def new_id_text() -> str:
    """A random UUID as it is written, for those who need no more of it."""
    digits = f"{int.from_bytes(_drawn(), 'big') & _RANDOM | _VERSION_4:032x}"
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"
