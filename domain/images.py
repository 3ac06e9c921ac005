"""Images: what clients sent, kept under an id."""

from uuid import UUID

from eventsourcing.domain import event

from domain.shared.refusal import Refusal
from domain.shared.stored_file import StoredFile


class ImageNotFound(Refusal):
    """The image is unknown, foreign or deleted."""

    detail = "Image with id '{}' not found"


class Image(StoredFile):
    """A source image of one account, as it was sent."""

    TOPIC = "image"
    missing = ImageNotFound

    class Created(StoredFile.Created):
        """An image was stored."""

        TOPIC = "image.created"

    class Deleted(StoredFile.Deleted):
        """The image is gone."""

        TOPIC = "image.deleted"

    @event(Created)
    def __init__(self, account_id: UUID, blob: str, size: int, content_type: str) -> None:
        super().__init__(account_id, blob, size, content_type)
