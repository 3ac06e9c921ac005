"""What routes and workers work with: everything that `bootstrap` wires, in one place."""

from dataclasses import dataclass, field
from typing import Any

from api.blobs import Blobs
from api.settings import Settings
from commands.writer import GroupCommitWriter
from projections.database import Reader


@dataclass(slots=True)
class Services:
    """The running parts of one process."""

    settings: Settings
    dsn: str
    reader: Reader
    writer: GroupCommitWriter
    blobs: Blobs
    extra: dict[str, Any] = field(default_factory=dict)
