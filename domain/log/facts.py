"""Facts: domain events at their place in the log."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Fact:
    """One committed domain event.

    `position` is its place in the one order over both logs (no gaps, commit order);
    `event` is the decoded domain event; sealed fields whose key is gone read `None`.
    """

    position: int
    event: Any
    request_id: str = ""

    @property
    def originator_id(self) -> UUID:
        """The aggregate (or single-event stream) the fact belongs to."""
        return self.event.originator_id  # type: ignore[no-any-return]

    @property
    def time(self) -> datetime:
        """When it happened (UTC)."""
        return self.event.timestamp  # type: ignore[no-any-return]


@dataclass(frozen=True, slots=True)
class DescriptorRow:
    """A vector kept outside the log, referenced from it by `descriptor_id`.

    `data` is the vector, float32 little endian; `owner_id` is the face or event it describes.
    """

    descriptor_id: UUID
    owner_id: UUID
    kind: str
    version: int
    data: bytes
