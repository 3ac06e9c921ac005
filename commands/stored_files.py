"""What the commands of samples, images and objects have in common."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TypeVar
from uuid import UUID

from commands.store import Store
from domain.shared.ids import new_id
from domain.shared.stored_file import StoredFile

F = TypeVar("F", bound=StoredFile)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewFile:
    """A file whose bytes are in the blob store already: its name there, size and type."""

    file_id: UUID = field(default_factory=new_id)
    blob: str
    size: int
    content_type: str


def save_files(
    kind: type[F], files: Sequence[NewFile], account_id: UUID, store: Store, **fields: str
) -> list[UUID]:
    """Make the aggregates; their ids, in the order given."""
    made = [
        kind.with_id(
            file.file_id,
            account_id=account_id,
            blob=file.blob,
            size=file.size,
            content_type=file.content_type,
            **fields,
        )
        for file in files
    ]
    store.save(*made)
    return [file.id for file in made]


def delete_file(file: StoredFile, store: Store) -> str:
    """Delete the aggregate; the name of the blob that nothing refers to any more."""
    file.delete()
    store.save(file)
    return file.blob
