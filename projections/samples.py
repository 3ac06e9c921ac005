"""Samples as they are read."""

from uuid import UUID

from domain.samples import Sample, SampleNotFound
from domain.shared.enums import SamplesType
from projections.database import Reader
from projections.stored_files import FileRow, files_table, find_file

SAMPLES = files_table("samples", "sample_id", Sample, {"sample_type": "text NOT NULL"})


def get_sample(
    db: Reader, account_id: UUID | None, sample_type: SamplesType, sample_id: UUID
) -> FileRow:
    """One sample of the type; refuses an unknown or foreign one."""
    found = find_file(db, SAMPLES, account_id, sample_id, sample_type=sample_type.value)
    if found is None:
        raise SampleNotFound(sample_id)
    return found
