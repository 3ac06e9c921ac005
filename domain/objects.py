"""Objects: files of users, kept under an id."""

from uuid import UUID

from eventsourcing.domain import event

from domain.shared.refusal import Refusal
from domain.shared.stored_file import StoredFile


class ObjectNotFound(Refusal):
    """The object is unknown, foreign or deleted."""

    detail = "Object with id '{}' not found"


class StoredObject(StoredFile):
    """A JSON, PDF, ZIP or text file of one account."""

    TOPIC = "object"
    missing = ObjectNotFound

    class Created(StoredFile.Created):
        """An object was stored."""

        TOPIC = "object.created"

    class Deleted(StoredFile.Deleted):
        """The object is gone."""

        TOPIC = "object.deleted"

    @event(Created)
    def __init__(self, account_id: UUID, blob: str, size: int, content_type: str) -> None:
        super().__init__(account_id, blob, size, content_type)
