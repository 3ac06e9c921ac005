"""Where pixels lie: named byte strings in memory, in a local directory or in an S3 bucket."""

import asyncio
import os
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Protocol
from urllib.parse import urlsplit
from uuid import uuid4

import obstore
from obstore.exceptions import BaseError, NotFoundError
from obstore.store import LocalStore, MemoryStore, S3Store

from api.cannot_start import CannotStart
from api.settings import Settings

if TYPE_CHECKING:
    from obstore import GetResult
    from obstore.store import ClientConfig, ObjectStore, S3Config

_NAME = re.compile(r"(?:[A-Za-z0-9_-][A-Za-z0-9._-]*/)*[A-Za-z0-9_-][A-Za-z0-9._-]*")
_LONGEST_NAME = 512
_PIECE_BYTES = 1 << 20


class BlobNotFound(Exception):
    """There is no blob of this name."""


class BlobStoreFailed(Exception):
    """The store could not be reached, or refused."""


class Blobs(Protocol):
    """Byte strings by name: whole or absent, the last write wins, on disk when put returns.

    A name is path segments of letters, digits, `.`, `_` and `-`; no segment begins with a dot.
    No method belongs to one event loop: a worker thread may `asyncio.run` any of them.
    """

    async def put(self, name: str, data: bytes) -> None:
        """Store the bytes under this name."""
        ...

    async def put_file(self, name: str, path: Path) -> None:
        """Store a file of any size under this name."""
        ...

    async def get(self, name: str) -> bytes:
        """The bytes of this name; BlobNotFound when there are none."""
        ...

    async def open(self, name: str) -> AsyncIterator[bytes]:
        """The bytes of this name, piece by piece; BlobNotFound when there are none."""
        ...

    async def delete(self, name: str) -> None:
        """Forget this name, which may be absent already."""
        ...

    async def exists(self, name: str) -> bool:
        """Whether there are bytes under this name."""
        ...

    def list(self, prefix: str = "") -> AsyncIterator[str]:
        """Every name below a prefix of whole segments, in no order."""
        ...

    async def check(self) -> None:
        """Write, read and delete a probe; BlobStoreFailed says what does not work."""
        ...


def new_name(area: str) -> str:
    """A random name in an area (`samples/faces`): nothing of the content, spread over folders."""
    name = uuid4().hex
    return f"{area}/{name[:2]}/{name}"


def open_blobs(settings: Settings) -> Blobs:
    """The store that the settings name."""
    where = settings.blobs or str(settings.data_dir / "blobs")
    if where.startswith("s3://"):
        return _open_s3(where, settings)
    directory = Path(where).expanduser().absolute()
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CannotStart(f"the blob directory cannot be made: {error}") from None
    return LocalBlobs(directory)


def _open_s3(url: str, settings: Settings) -> "ObjectBlobs":
    parts = urlsplit(url)
    if not parts.netloc:
        raise CannotStart(f"SELENE_BLOBS is {url}, which names no bucket")
    config: S3Config = {"bucket": parts.netloc}
    if settings.s3.endpoint:
        config["endpoint"] = settings.s3.endpoint
    if settings.s3.region:
        config["region"] = settings.s3.region
    if settings.s3.access_key_id:
        config["access_key_id"] = settings.s3.access_key_id.get_secret_value()
    if settings.s3.secret_access_key:
        config["secret_access_key"] = settings.s3.secret_access_key.get_secret_value()
    if settings.s3.session_token:
        config["session_token"] = settings.s3.session_token.get_secret_value()
    plain = (settings.s3.endpoint or "").startswith("http://")
    client: ClientConfig = {"allow_http": plain, "timeout": "30s", "connect_timeout": "5s"}
    prefix = parts.path.strip("/") or None
    return ObjectBlobs(S3Store(prefix=prefix, config=config, client_options=client))


class ObjectBlobs:
    """Blobs in any obstore store: S3, or memory for tests."""

    def __init__(self, store: "ObjectStore") -> None:
        self._store = store

    async def put(self, name: str, data: bytes) -> None:
        """Store the bytes under this name."""
        with _translated(_checked(name)):
            await obstore.put_async(self._store, name, data)

    async def put_file(self, name: str, path: Path) -> None:
        """Store a file of any size under this name."""
        with _translated(_checked(name)):
            await obstore.put_async(self._store, name, path)

    async def get(self, name: str) -> bytes:
        """The bytes of this name; BlobNotFound when there are none."""
        with _translated(_checked(name)):
            answer = await obstore.get_async(self._store, name)
            return bytes(await answer.bytes_async())

    async def open(self, name: str) -> AsyncIterator[bytes]:
        """The bytes of this name, piece by piece; BlobNotFound when there are none."""
        with _translated(_checked(name)):
            answer = await obstore.get_async(self._store, name)
        return _pieces(answer, name)

    async def delete(self, name: str) -> None:
        """Forget this name, which may be absent already."""
        try:
            with _translated(_checked(name)):
                await obstore.delete_async(self._store, name)
        except BlobNotFound:
            pass

    async def exists(self, name: str) -> bool:
        """Whether there are bytes under this name."""
        try:
            with _translated(_checked(name)):
                await obstore.head_async(self._store, name)
        except BlobNotFound:
            return False
        return True

    async def list(self, prefix: str = "") -> AsyncIterator[str]:
        """Every name below a prefix of whole segments, in no order."""
        with _translated(_checked(prefix) if prefix else ""):
            async for page in obstore.list(self._store, prefix or None):
                for entry in page:
                    yield entry["path"]

    async def check(self) -> None:
        """Write, read and delete a probe; BlobStoreFailed says what does not work."""
        name = new_name("probes")
        await self.put(name, b"probe")
        if await self.get(name) != b"probe":
            raise BlobStoreFailed("the store does not give back what it was given")
        await self.delete(name)


class LocalBlobs(ObjectBlobs):
    """Blobs in a directory; written beside, renamed into place, and flushed to the disk."""

    def __init__(self, directory: Path) -> None:
        super().__init__(LocalStore(prefix=directory))
        self._directory = directory

    async def put(self, name: str, data: bytes) -> None:
        """Store the bytes under this name."""
        await super().put(name, data)
        # An event that names this blob is committed only after we return, so flushing
        # after the rename is early enough.
        await asyncio.to_thread(self._flush, self._directory / name)

    async def put_file(self, name: str, path: Path) -> None:
        """Store a file of any size under this name."""
        await super().put_file(name, path)
        await asyncio.to_thread(self._flush, self._directory / name)

    def _flush(self, path: Path) -> None:
        folders = [folder for folder in path.parents if folder.is_relative_to(self._directory)]
        for part in (path, *folders):
            descriptor = os.open(part, os.O_RDONLY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)


async def _pieces(answer: "GetResult", name: str) -> AsyncIterator[bytes]:
    with _translated(name):
        async for piece in answer.stream(min_chunk_size=_PIECE_BYTES):
            yield bytes(piece)


def memory_blobs() -> ObjectBlobs:
    """A store that ends with the process."""
    return ObjectBlobs(MemoryStore())


def _checked(name: str) -> str:
    if len(name) > _LONGEST_NAME or not _NAME.fullmatch(name):
        raise ValueError(f"{name!r} is no blob name")
    return name


@contextmanager
def _translated(name: str) -> Iterator[None]:
    try:
        yield
    except (NotFoundError, FileNotFoundError) as error:
        if "NoSuchBucket" in str(error):  # a store that is not there has lost nothing
            raise BlobStoreFailed(str(error)) from None
        raise BlobNotFound(name) from None
    except (BaseError, OSError) as error:
        raise BlobStoreFailed(str(error)) from error
