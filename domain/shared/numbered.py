"""Ids of things that clients know by a number: the number itself, in the form of a UUID.

Who knows the number knows the id, and the log refuses a second thing of the same number.
"""

from enum import IntEnum
from typing import Final
from uuid import UUID

MOST: Final = 2**48 - 1
"""The largest number an id holds."""


class Numbered(IntEnum):
    """What is numbered; each kind has numbers of its own."""

    TASK = 0x7461736B
    SUBTASK = 0x70617274
    TASK_ERROR = 0x6572726F
    SCHEDULE = 0x73636865


def id_of(kind: Numbered, number: int) -> UUID:
    """The id of the thing with this number (1 to 2^48 - 1): a UUID of version 8."""
    if not 0 < number <= MOST:
        raise ValueError(f"{number} is no number of a thing")
    return UUID(int=(kind << 96) | (8 << 76) | (2 << 62) | number)


def number_of(thing_id: UUID) -> int:
    """The number in such an id."""
    return thing_id.int & MOST
