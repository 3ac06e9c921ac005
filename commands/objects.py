"""What may be asked of objects."""

from dataclasses import dataclass
from uuid import UUID

from commands.command import Command, CommandTable
from commands.store import Store
from commands.stored_files import NewFile, delete_file, save_files
from domain.objects import StoredObject


@dataclass(frozen=True, slots=True, kw_only=True)
class SaveObjects(Command[list[UUID]]):
    """Keep files of users under ids; answers the ids in the order given."""

    files: tuple[NewFile, ...]


def save_objects(cmd: SaveObjects, store: Store) -> list[UUID]:
    """Make the objects."""
    return save_files(StoredObject, cmd.files, cmd.account_id, store)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteObject(Command[str]):
    """Delete an object; answers the name of its blob, which is to be deleted too."""

    object_id: UUID


def delete_object(cmd: DeleteObject, store: Store) -> str:
    """Delete the object."""
    return delete_file(store.get(StoredObject, cmd.object_id, cmd.account_id), store)


COMMANDS: CommandTable = {SaveObjects: save_objects, DeleteObject: delete_object}
