"""The rules of samples, images and objects."""

from typing import Any
from uuid import UUID, uuid4

import pytest

from commands.command import Command
from commands.images import DeleteImage, SaveImages
from commands.objects import DeleteObject, SaveObjects
from commands.samples import DeleteSample, SaveSamples
from commands.stored_files import NewFile
from domain.images import Image, ImageNotFound
from domain.objects import ObjectNotFound, StoredObject
from domain.samples import Sample, SampleNotFound
from domain.shared.enums import SamplesType
from domain.shared.refusal import Refusal
from domain.shared.stored_file import StoredFile
from tests.support.scenario import Scenario

ACCOUNT = uuid4()
FILES = tuple(NewFile(blob=f"a/{n}", size=n, content_type="image/png") for n in (1, 2))
Made = Command[list[UUID]]


def save(kind: type[StoredFile]) -> Made:
    """The command that keeps the files as this kind."""
    if kind is Sample:
        return SaveSamples(account_id=ACCOUNT, sample_type=SamplesType.FACES, files=FILES)
    if kind is Image:
        return SaveImages(account_id=ACCOUNT, files=FILES)
    return SaveObjects(account_id=ACCOUNT, files=FILES)


def delete(kind: type[StoredFile], file_id: UUID, account_id: UUID = ACCOUNT) -> Command[Any]:
    """The command that deletes one of this kind."""
    if kind is Sample:
        return DeleteSample(account_id=account_id, sample_type=SamplesType.FACES, sample_id=file_id)
    if kind is Image:
        return DeleteImage(account_id=account_id, image_id=file_id)
    return DeleteObject(account_id=account_id, object_id=file_id)


KINDS = pytest.mark.parametrize(
    ("kind", "missing"),
    [(Sample, SampleNotFound), (Image, ImageNotFound), (StoredObject, ObjectNotFound)],
)


@KINDS
def test_files_are_kept_in_the_order_given(kind: type[StoredFile], missing: type[Refusal]) -> None:
    Scenario().when(save(kind)).then(
        (kind.Created, {"account_id": ACCOUNT, "blob": "a/1", "size": 1}),
        (kind.Created, {"account_id": ACCOUNT, "blob": "a/2", "content_type": "image/png"}),
    ).then_answered([file.file_id for file in FILES])


@KINDS
def test_deleting_answers_which_blob_is_left_over(
    kind: type[StoredFile], missing: type[Refusal]
) -> None:
    story, wanted = Scenario().when(save(kind)), FILES[1].file_id

    story.when(delete(kind, wanted)).then((kind.Deleted, {})).then_answered("a/2")
    story.when(delete(kind, wanted)).then_refused(missing, wanted)


@KINDS
def test_nobody_deletes_the_files_of_others(kind: type[StoredFile], missing: type[Refusal]) -> None:
    story, wanted = Scenario().when(save(kind)), FILES[0].file_id

    story.when(delete(kind, wanted, uuid4())).then_refused(missing, wanted)


def test_a_face_sample_is_no_body_sample() -> None:
    story, wanted = Scenario().when(save(Sample)), FILES[0].file_id

    story.when(
        DeleteSample(account_id=ACCOUNT, sample_type=SamplesType.BODIES, sample_id=wanted)
    ).then_refused(SampleNotFound, wanted)


def test_an_image_is_no_object() -> None:
    story, wanted = Scenario().when(save(Image)), FILES[0].file_id

    story.when(delete(StoredObject, wanted)).then_refused(ObjectNotFound, wanted)
