"""Bytes and facts of stored files agree, whatever fails in between."""

from collections.abc import Awaitable
from typing import Any
from uuid import uuid4

import pytest
from obstore.store import MemoryStore

from api.blobs import BlobNotFound, BlobStoreFailed, ObjectBlobs, memory_blobs
from api.http.refusals import ComponentDown
from api.pipelines.keep_files import keep_images, keep_samples, read_file
from commands.command import Command
from commands.refusals import Overloaded
from commands.samples import SaveSamples
from domain.log.port import OutcomeUnknown
from domain.samples import SampleNotFound
from domain.shared.enums import SamplesType
from domain.shared.refusal import Refusal
from projections.stored_files import FileRow

ACCOUNT = uuid4()


class LossyBlobs(ObjectBlobs):
    """A store in memory that takes only so many files, then breaks with this error."""

    def __init__(self, takes: int, error: Exception) -> None:
        super().__init__(MemoryStore())
        self._takes = takes
        self._error = error

    async def put(self, name: str, data: bytes) -> None:
        """Store the bytes, or break."""
        if self._takes == 0:
            raise self._error
        self._takes -= 1
        await super().put(name, data)


class Sent:
    """Takes commands like a writer, and answers or refuses them in one way."""

    def __init__(self, refusal: Refusal | None = None) -> None:
        self.commands: list[Command[Any]] = []
        self._refusal = refusal

    def __call__(self, command: Command[Any]) -> Awaitable[Any]:
        self.commands.append(command)
        return self._answer(command)

    async def _answer(self, command: Command[Any]) -> Any:
        if self._refusal is not None:
            raise self._refusal
        assert isinstance(command, SaveSamples)
        return [file.file_id for file in command.files]


async def names(blobs: ObjectBlobs) -> list[str]:
    """Everything in the store."""
    return [name async for name in blobs.list()]


async def test_the_fact_names_bytes_that_are_there() -> None:
    blobs, send = memory_blobs(), Sent()

    ids = await keep_samples(send, blobs, ACCOUNT, SamplesType.BODIES, [b"one", b"four"])

    (command,) = send.commands
    assert isinstance(command, SaveSamples)
    assert (command.sample_type, command.account_id) == (SamplesType.BODIES, ACCOUNT)
    assert [file.file_id for file in command.files] == ids
    assert [(file.size, file.content_type) for file in command.files] == [
        (3, "image/jpeg"),
        (4, "image/jpeg"),
    ]
    assert [await blobs.get(file.blob) for file in command.files] == [b"one", b"four"]


async def test_no_fact_is_made_when_the_store_fails() -> None:
    blobs, send = LossyBlobs(2, BlobStoreFailed("full")), Sent()

    with pytest.raises(ComponentDown):
        await keep_images(send, blobs, ACCOUNT, [b"a", b"b", b"c"], "image/png")

    assert send.commands == []
    assert await names(blobs) == []


async def test_an_unforeseen_error_of_the_store_is_not_hidden() -> None:
    blobs, send = LossyBlobs(1, ZeroDivisionError()), Sent()

    with pytest.raises(ZeroDivisionError):
        await keep_images(send, blobs, ACCOUNT, [b"a", b"b"], "image/png")

    assert await names(blobs) == []


async def test_a_refused_command_leaves_no_bytes() -> None:
    blobs = memory_blobs()

    with pytest.raises(Overloaded):
        await keep_images(Sent(Overloaded(9)), blobs, ACCOUNT, [b"a", b"b"], "image/png")

    assert await names(blobs) == []


async def test_bytes_stay_when_nobody_knows_whether_the_fact_is_there() -> None:
    blobs = memory_blobs()

    with pytest.raises(OutcomeUnknown):
        await keep_images(Sent(OutcomeUnknown()), blobs, ACCOUNT, [b"a"], "image/png")

    assert len(await names(blobs)) == 1


async def test_a_file_deleted_while_it_is_read_is_not_there() -> None:
    looks = iter([FileRow(blob="images/gone", size=1, content_type="image/png")])

    def read() -> FileRow:
        for row in looks:
            return row
        raise SampleNotFound("it")

    with pytest.raises(SampleNotFound):
        await read_file(memory_blobs(), read)
    with pytest.raises(BlobNotFound):
        await memory_blobs().get("images/gone")
