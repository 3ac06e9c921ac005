"""What the catalogue says about one refusal."""

from collections.abc import Mapping
from typing import NamedTuple

from domain.shared.refusal import Refusal


class Entry(NamedTuple):
    """The numeric code, the HTTP status and the constant title of one refusal."""

    code: int
    status: int
    desc: str


Entries = Mapping[type[Refusal], Entry]
"""What a catalogue module exports as ENTRIES."""

BAD_INPUT = "Bad/incomplete input data"
NOT_FOUND = "Object not found"
FORBIDDEN = "Forbidden"
CONFLICT = "Unique constraint error"
