"""The base of what an account keeps as bytes: samples, images, objects."""

from uuid import UUID

from domain.shared.owned import Owned


class StoredFile(Owned):
    """A file of one account: the log knows it, its bytes lie in the blob store.

    `blob` is the random name there, which says nothing of the content; `size` is in bytes.
    A concrete class sets `TOPIC` and `missing`, and subclasses `Created` and `Deleted`.
    """

    class Created(Owned.Created):
        """The file was stored; its bytes were in the blob store before."""

        blob: str
        size: int
        content_type: str

    def __init__(self, account_id: UUID, blob: str, size: int, content_type: str) -> None:
        super().__init__(account_id)
        self.blob, self.size, self.content_type = blob, size, content_type
