"""Objects as they are read."""

from uuid import UUID

from domain.objects import ObjectNotFound, StoredObject
from projections.database import Reader
from projections.stored_files import FileRow, files_table, find_file

OBJECTS = files_table("objects", "object_id", StoredObject)


def get_object(db: Reader, account_id: UUID | None, object_id: UUID) -> FileRow:
    """One object; refuses an unknown or foreign one."""
    found = find_file(db, OBJECTS, account_id, object_id)
    if found is None:
        raise ObjectNotFound(object_id)
    return found
