"""What may be asked of samples."""

from dataclasses import dataclass
from uuid import UUID

from commands.command import Command, CommandTable
from commands.store import Store
from commands.stored_files import NewFile, delete_file, save_files
from domain.samples import Sample, SampleNotFound
from domain.shared.enums import SamplesType


@dataclass(frozen=True, slots=True, kw_only=True)
class SaveSamples(Command[list[UUID]]):
    """Keep warps of one type under ids; answers the ids in the order given."""

    sample_type: SamplesType
    files: tuple[NewFile, ...]


def save_samples(cmd: SaveSamples, store: Store) -> list[UUID]:
    """Make the samples."""
    kind = cmd.sample_type.value
    return save_files(Sample, cmd.files, cmd.account_id, store, sample_type=kind)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteSample(Command[str]):
    """Delete a sample of a type; answers the name of its blob, which is to be deleted too."""

    sample_type: SamplesType
    sample_id: UUID


def delete_sample(cmd: DeleteSample, store: Store) -> str:
    """Delete the sample."""
    sample = store.get(Sample, cmd.sample_id, cmd.account_id)
    if sample.sample_type is not cmd.sample_type:
        raise SampleNotFound(cmd.sample_id)
    return delete_file(sample, store)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteSamples(Command[list[str]]):
    """Delete those of the samples that are there; answers the names of their blobs."""

    sample_ids: tuple[UUID, ...]


def delete_samples(cmd: DeleteSamples, store: Store) -> list[str]:
    """Delete the samples, of whatever type."""
    found = store.find_many(Sample, cmd.sample_ids, cmd.account_id)
    return [delete_file(sample, store) for sample in found]


COMMANDS: CommandTable = {
    SaveSamples: save_samples,
    DeleteSample: delete_sample,
    DeleteSamples: delete_samples,
}
