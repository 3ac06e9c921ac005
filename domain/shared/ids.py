"""New ids: random UUIDs."""

from typing import Final
from uuid import UUID, SafeUUID

from domain.shared.randomness import random_bytes

_RANDOM: Final = (1 << 128) - 1 & ~(0xF << 76) & ~(0x3 << 62)
_VERSION_4: Final = 4 << 76 | 2 << 62
_new_object, _set = object.__new__, object.__setattr__
_UNKNOWN: Final = SafeUUID.unknown  # looked up here once, since an enum's attributes are slow


def new_id() -> UUID:
    """A random UUID, as unpredictable as `uuid4`."""
    number = int.from_bytes(random_bytes(16), "big") & _RANDOM | _VERSION_4
    made = _new_object(UUID)  # `UUID()` takes four times as long, to check what is known
    _set(made, "int", number)
    _set(made, "is_safe", _UNKNOWN)
    return made


def new_id_text() -> str:
    """A random UUID as it is written, for those who need no more of it."""
    digits = f"{int.from_bytes(random_bytes(16), 'big') & _RANDOM | _VERSION_4:032x}"
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"
