"""What may be asked of images."""

from dataclasses import dataclass
from uuid import UUID

from commands.command import Command, CommandTable
from commands.store import Store
from commands.stored_files import NewFile, delete_file, save_files
from domain.images import Image


@dataclass(frozen=True, slots=True, kw_only=True)
class SaveImages(Command[list[UUID]]):
    """Keep source images under ids; answers the ids in the order given."""

    files: tuple[NewFile, ...]


def save_images(cmd: SaveImages, store: Store) -> list[UUID]:
    """Make the images."""
    return save_files(Image, cmd.files, cmd.account_id, store)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteImage(Command[str]):
    """Delete an image; answers the name of its blob, which is to be deleted too."""

    image_id: UUID


def delete_image(cmd: DeleteImage, store: Store) -> str:
    """Delete the image."""
    return delete_file(store.get(Image, cmd.image_id, cmd.account_id), store)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteImages(Command[list[str]]):
    """Delete those of the images that are there; answers the names of their blobs."""

    image_ids: tuple[UUID, ...]


def delete_images(cmd: DeleteImages, store: Store) -> list[str]:
    """Delete the images."""
    found = store.find_many(Image, cmd.image_ids, cmd.account_id)
    return [delete_file(image, store) for image in found]


COMMANDS: CommandTable = {
    SaveImages: save_images,
    DeleteImage: delete_image,
    DeleteImages: delete_images,
}
