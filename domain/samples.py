"""Samples: warps of faces and bodies, kept under an id."""

from uuid import UUID

from eventsourcing.domain import event

from domain.shared.enums import SamplesType
from domain.shared.refusal import Refusal
from domain.shared.stored_file import StoredFile


class SampleNotFound(Refusal):
    """The sample is unknown, foreign, deleted or of the other type."""

    detail = "Image with id '{}' not found"


class Sample(StoredFile):
    """A warp of one account: 250x250 pixels of a face, or 128x256 of a body."""

    TOPIC = "sample"
    missing = SampleNotFound

    class Created(StoredFile.Created):
        """A warp was stored."""

        TOPIC = "sample.created"
        sample_type: str

    class Deleted(StoredFile.Deleted):
        """The sample is gone."""

        TOPIC = "sample.deleted"

    @event(Created)
    def __init__(
        self, account_id: UUID, blob: str, size: int, content_type: str, sample_type: str
    ) -> None:
        super().__init__(account_id, blob, size, content_type)
        self.sample_type = SamplesType(sample_type)
