"""Images as they are read."""

from uuid import UUID

from domain.images import Image, ImageNotFound
from projections.database import Reader
from projections.stored_files import FileRow, files_table, find_file

IMAGES = files_table("images", "image_id", Image)


def get_image(db: Reader, account_id: UUID | None, image_id: UUID) -> FileRow:
    """One image; refuses an unknown or foreign one."""
    found = find_file(db, IMAGES, account_id, image_id)
    if found is None:
        raise ImageNotFound(image_id)
    return found
